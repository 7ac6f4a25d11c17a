"""Weights files: written, read, and refused when anything is wrong with them."""

import h5py
import keras
import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError, OutputError, WeightsError
from ctpn_crnn.weights import read_weights, save_weights, set_calibration, set_ranges

CHARSET = "一二三 a\"'\\😀"


def make_model(units: int = 5, name: str = "tiny") -> keras.Model:
    keras.utils.set_random_seed(7)
    inputs = keras.Input((None, 8), name="steps")
    x = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True, name="rnn"), name="both")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Dropout(0.5, name="drop")(x)
    return keras.Model(inputs, keras.layers.Dense(units, name="projection")(x), name=name)


@pytest.fixture
def model():
    return make_model()


@pytest.fixture
def path(model, tmp_path):
    path = tmp_path / "tiny.h5"
    save_weights(model, path, kind="crnn", config={"num_classes": 5}, charset=CHARSET, info={"steps": 10})
    return path


def test_everything_comes_back(model, path):
    file = read_weights(path, "crnn")
    assert (file.kind, file.config, file.charset, file.info) == ("crnn", {"num_classes": 5}, CHARSET, {"steps": 10})
    assert file.arrays.keys() == {variable.path for variable in model.weights}
    for variable in model.weights:
        array = file.arrays[variable.path]
        value = keras.ops.convert_to_numpy(variable)
        assert array.dtype == np.float32
        # Matrices were rounded to float16, vectors not at all.
        np.testing.assert_array_equal(array, value.astype(np.float16) if value.ndim > 1 else value)


def test_another_model_gets_the_same_outputs(model, path):
    other = make_model()
    for variable in other.weights:
        variable.assign(variable + 1)
    read_weights(path).apply_to(other)
    steps = np.random.default_rng(0).normal(size=(2, 4, 8)).astype(np.float32)
    np.testing.assert_allclose(other(steps), model(steps), atol=2e-3)


def test_extremes_survive(tmp_path):
    model = make_model()
    kernel = model.get_layer("projection").kernel
    kernel.assign(kernel * 0 + 1e6)  # beyond float16
    variance = model.get_layer("norm").moving_variance
    variance.assign(variance * 0 + 1e-9)  # below it
    save_weights(model, tmp_path / "a.h5", kind="crnn", config={}, charset="", info={})
    arrays = read_weights(tmp_path / "a.h5").arrays
    assert (arrays[kernel.path] == 1e6).all()
    assert (arrays[variance.path] == np.float32(1e-9)).all()


def test_no_charset_and_an_empty_one(model, tmp_path):
    for charset in (None, ""):
        save_weights(model, tmp_path / "a.h5", kind="ctpn", config={}, charset=charset, info={})
        assert read_weights(tmp_path / "a.h5").charset == charset


def test_a_charset_beyond_the_limit_of_hdf5_attributes(model, tmp_path):
    charset = "".join(map(chr, range(0x4E00, 0x4E00 + 25_000)))
    save_weights(model, tmp_path / "a.h5", kind="crnn", config={}, charset=charset, info={})
    assert read_weights(tmp_path / "a.h5").charset == charset


class TestRefusals:
    def test_another_kind_of_file(self, model, tmp_path):
        model.save(tmp_path / "x.keras")
        wanted = r"give an \.h5 file that training wrote, or an \.onnx file"
        with pytest.raises(WeightsError, match=rf"x\.keras is .*not an HDF5 file.*{wanted}"):
            read_weights(tmp_path / "x.keras")
        with pytest.raises(WeightsError, match=f"is a folder, not a weights file; {wanted}"):
            read_weights(tmp_path)

    def test_missing(self, tmp_path):
        with pytest.raises(WeightsError, match="does not exist"):
            read_weights(tmp_path / "none.h5")

    @pytest.mark.parametrize("content", [b"", b"no weights", b"\x89HDF\r\n\x1a\n"])
    def test_no_hdf5(self, content, tmp_path):
        (tmp_path / "a.h5").write_bytes(content)
        with pytest.raises(WeightsError, match="damaged, truncated, or not an HDF5"):
            read_weights(tmp_path / "a.h5")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    def test_truncated(self, share, path):
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(WeightsError, match=r"tiny\.h5"):
            read_weights(path)

    def test_flipped_bits(self, model, path):
        kernel = keras.ops.convert_to_numpy(model.get_layer("projection").kernel).astype(np.float16)
        data = path.read_bytes()
        place = data.index(kernel.tobytes())
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(WeightsError, match="checksum"):
            read_weights(path)

    def test_random_damage_is_never_silent(self, path):
        data, before = path.read_bytes(), read_weights(path)
        rng = np.random.default_rng(0)
        for place in rng.integers(0, len(data), 60):
            path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
            try:
                after = read_weights(path)
            except WeightsError:
                continue
            assert all(np.array_equal(after.arrays[name], array) for name, array in before.arrays.items())
            assert after.charset == before.charset

    def test_changed_charset(self, path):
        with h5py.File(path, "r+") as file:
            del file["charset"]
            file["charset"] = "二一三".encode()
        with pytest.raises(WeightsError, match="checksum"):
            read_weights(path)

    def test_a_file_of_keras(self, model, tmp_path):
        model.save_weights(tmp_path / "a.weights.h5")
        with pytest.raises(WeightsError, match="not a weights file of ctpn_crnn"):
            read_weights(tmp_path / "a.weights.h5")

    def test_later_release(self, path):
        with h5py.File(path, "r+") as file:
            file.attrs["version"] = 2
        with pytest.raises(WeightsError, match="later release"):
            read_weights(path)

    def test_other_network(self, path):
        with pytest.raises(WeightsError, match="holds weights of crnn, not of ctpn"):
            read_weights(path, "ctpn")

    def test_other_number_of_classes(self, path):
        other = make_model(units=6)
        before = [keras.ops.convert_to_numpy(variable) for variable in other.weights]
        with pytest.raises(WeightsError, match=r"projection/kernel is \(6, 5\), the model needs \(6, 6\)"):
            read_weights(path).apply_to(other)
        for variable, value in zip(other.weights, before):
            np.testing.assert_array_equal(variable, value)

    def test_missing_and_unknown_arrays(self, path):
        inputs = keras.Input((8,))
        other = keras.Model(inputs, keras.layers.Dense(5, name="other")(inputs))
        with pytest.raises(WeightsError, match=r"other/kernel is missing.* and \d+ more"):
            read_weights(path).apply_to(other)

    def test_other_charset(self, path):
        file = read_weights(path)
        file.expect_charset(CHARSET)
        with pytest.raises(WeightsError, match="first difference is at 1"):
            file.expect_charset("一三二")
        with pytest.raises(WeightsError, match="first difference is at 3"):
            file.expect_charset("一二三")

    def test_diverged(self, model, path):
        kernel = model.get_layer("projection").kernel
        kernel.assign(kernel * np.nan)
        before = path.read_bytes()
        with pytest.raises(WeightsError, match="diverged"):
            save_weights(model, path, kind="crnn", config={}, charset=None, info={})
        assert path.read_bytes() == before

    @pytest.mark.parametrize("info", [{"a": object()}, {"a": float("nan")}])
    def test_info_that_is_no_json(self, info, model, tmp_path):
        with pytest.raises(ConfigError, match="info"):
            save_weights(model, tmp_path / "a.h5", kind="crnn", config={}, charset=None, info=info)

    def test_unwritable(self, model, tmp_path):
        with pytest.raises(OutputError, match="does not exist"):
            save_weights(model, tmp_path / "none" / "a.h5", kind="crnn", config={}, charset=None, info={})


def test_a_failed_write_leaves_the_old_file_and_no_rest(model, path, monkeypatch):
    before = path.read_bytes()

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Group, "create_dataset", full)
    with pytest.raises(OutputError, match="No space left"):
        save_weights(model, path, kind="crnn", config={}, charset=None, info={})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_calibration_is_stored_and_nothing_else_changes(path):
    before = read_weights(path)
    set_calibration(path, 0.5)
    set_calibration(path, 0.25)
    after = read_weights(path, "crnn")
    assert after.config == {"num_classes": 5, "calibration": 0.25}
    assert (after.charset, after.info) == (before.charset, before.info)
    assert after.arrays.keys() == before.arrays.keys()
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(after.arrays[name], array)


def test_ranges_are_stored_beside_the_calibration(path):
    set_calibration(path, 0.5)
    set_ranges(path, {"conv1": np.float64(2.5)})
    assert read_weights(path).config == {"num_classes": 5, "calibration": 0.5, "ranges": {"conv1": 2.5}}
    for value in (0.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="range of conv1"):
            set_ranges(path, {"conv1": value})


def test_a_calibration_is_a_number_above_0_and_of_a_reader(model, path, tmp_path):
    for value in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="calibration"):
            set_calibration(path, value)
    detector = tmp_path / "detector.h5"
    save_weights(model, detector, kind="ctpn", config={}, charset=None, info={})
    with pytest.raises(WeightsError, match="holds weights of ctpn"):
        set_calibration(detector, 0.5)
