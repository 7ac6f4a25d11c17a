import json

import numpy as np
import pytest

from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, IMAGE_MEAN
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.jobs.windows import networks
from ctpn_crnn.jobs.windows.networks import PreprocessedNetwork, Preprocessing, parse_channel_swap, read_mean


class FakeNetwork:
    config = {"classes": ["background", "text", "formula"], "heights": list(ANCHOR_HEIGHTS)}
    charset = None


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(networks, "load_network", lambda kind, weights, runtime: FakeNetwork())


def definition(folder, content):
    path = folder / "model.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_definition_names_the_classes(fake, tmp_path):
    path = definition(
        tmp_path, {"classes": ["ground", "text", "stamp"], "heights": [round(h, 4) for h in ANCHOR_HEIGHTS]}
    )
    network = networks.load_ctpn(path, None, Preprocessing())
    assert network.config["classes"] == ["ground", "text", "stamp"]
    assert networks.load_ctpn(None, None, Preprocessing()).config == FakeNetwork.config


@pytest.mark.parametrize(
    "content, message",
    [
        ({"classes": ["background", "text"]}, "names 2 classes, but those of the shipped weights are 3"),
        ({"heights": [11, 22]}, "anchor heights"),
        ({"heights": [h + 1 for h in ANCHOR_HEIGHTS]}, "anchor heights"),
    ],
)
def test_a_definition_of_other_weights(fake, tmp_path, content, message):
    with pytest.raises(WeightsError, match=message):
        networks.load_ctpn(definition(tmp_path, content), None, Preprocessing())


@pytest.mark.parametrize(
    "content, message",
    [
        ("layer {", "is not JSON"),
        ([1], "not list"),
        ({"layers": 3}, "not layers"),
        ({"classes": ["text"]}, "classes must be"),
        ({"classes": ["a", "a"]}, "classes must be"),
        ({"heights": []}, "heights a list"),
        ({"heights": [11, -1]}, "heights a list"),
        ({"heights": "11"}, "heights a list"),
    ],
)
def test_malformed_definitions(tmp_path, content, message):
    with pytest.raises(ConfigError, match=message):
        networks.read_definition(definition(tmp_path, content))


def test_missing_definition(tmp_path):
    with pytest.raises(ConfigError, match="model_def .* cannot be read"):
        networks.read_definition(tmp_path / "none.json")


def test_reader_of_another_charset(monkeypatch):
    class Reader:
        config = {"num_classes": 38}
        charset = "abc"

    monkeypatch.setattr(networks, "load_network", lambda kind, weights, runtime: Reader())
    with pytest.raises(WeightsError, match="37 characters apart, but its charset has 3"):
        networks.load_reader(None)
    Reader.config = {"num_classes": 4}
    assert networks.load_reader(None).charset.decode([1, 3]) == "ac"


RED, GREEN, BLUE = 200, 100, 50
RGB = np.array([[[RED, GREEN, BLUE]]], np.uint8)


def test_defaults_change_nothing():
    assert Preprocessing()(RGB) is RGB


def test_the_preprocessing_of_caffe_step_by_step():
    # Image B, G, R in 0..1 -> order -> raw_scale -> mean -> input_scale.
    bgr = np.array([BLUE, GREEN, RED]) / 255
    expected = (bgr[[1, 2, 0]] * 10 - [1, 2, 3]) * 0.5
    actual = Preprocessing((1, 2, 0), 10.0, (1.0, 2.0, 3.0), 0.5)(RGB)
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual[0, 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"channel_swap": (0, 1, 2)}, [BLUE, GREEN, RED]),
        ({"raw_scale": 1.0}, [RED / 255, GREEN / 255, BLUE / 255]),
        ({"mean": (1.0, 2.0, 3.0)}, [RED - 1, GREEN - 2, BLUE - 3]),
        ({"input_scale": 2.0}, [RED * 2, GREEN * 2, BLUE * 2]),
    ],
)
def test_each_acts_by_itself(change, expected):
    np.testing.assert_allclose(Preprocessing(**change)(RGB)[0, 0], expected, rtol=1e-6)


def test_fill_becomes_zero():
    given = Preprocessing((1, 2, 0), 10.0, (1.0, 2.0, 3.0), 0.5)
    np.testing.assert_allclose(given(given.fill()), 0, atol=1e-6)
    np.testing.assert_allclose(Preprocessing().fill() / 255, IMAGE_MEAN, rtol=1e-6)


def test_network_sees_what_was_preprocessed():
    class Echo:
        config = {"classes": ["a", "b"], "heights": [11]}
        charset = None

        def predict(self, batch):
            return (batch,)

    network = PreprocessedNetwork(Echo(), Preprocessing(input_scale=3.0), {"classes": ["ground", "print"]})
    assert network.predict(RGB[None])[0].tolist() == [[[[600, 300, 150]]]]
    assert network.config == {"classes": ["ground", "print"], "heights": [11]} and network.charset is None


@pytest.mark.parametrize("text, order", [("2,1,0", (2, 1, 0)), (" 0, 2 ,1", (0, 2, 1)), ("", (0, 1, 2))])
def test_channel_orders(text, order):
    assert parse_channel_swap(text) == order


@pytest.mark.parametrize("text", ["2,1", "2,1,1", "2,1,3", "b,g,r", "210", "2,1,0,", "2;1;0"])
def test_wrong_channel_orders(text):
    with pytest.raises(ConfigError, match="channel_swap"):
        parse_channel_swap(text)


@pytest.mark.parametrize(
    "options",
    [{"raw_scale": 0.0}, {"raw_scale": float("nan")}, {"input_scale": float("inf")}, {"channel_swap": (0, 0, 1)}],
)
def test_wrong_values(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        Preprocessing(**options)


@pytest.mark.parametrize(
    "options", [{"input_scale": 1e38}, {"input_scale": 1e300}, {"raw_scale": -1e9}, {"mean": (0.0, 1e39, 0.0)}]
)
def test_values_beyond_all_bounds(options):
    with pytest.raises(ConfigError, match=rf"{next(iter(options))} .*beyond 1e\+06"):
        Preprocessing(**options)


def test_mean_files_of_every_form(tmp_path):
    mean = np.zeros((3, 4, 5))
    mean[0, :, :2], mean[1], mean[2] = 10, 2, 3  # 10 in two columns of five
    for number, array in enumerate(
        [mean, mean.transpose(1, 2, 0), mean.mean((1, 2)), mean.mean((1, 2))[:, None, None]]
    ):
        np.save(tmp_path / f"{number}.npy", array.astype(np.float32))
        assert read_mean(tmp_path / f"{number}.npy") == pytest.approx((4, 2, 3))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 3, 4)),
        np.zeros((3, 0, 4)),
        np.zeros(4),
        np.float64(1),
        np.full(3, np.nan),
        np.array(["a", "b", "c"]),
        np.array([1, "a", None], object),
    ],
)
def test_unusable_mean_arrays(tmp_path, array):
    np.save(tmp_path / "mean.npy", array)
    with pytest.raises(ConfigError, match="mean_file .*mean.npy"):
        read_mean(tmp_path / "mean.npy")


def test_unreadable_mean_files(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.zeros(3))
    (tmp_path / "text.npy").write_text("mean")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.save(tmp_path / "objects.npy", np.array([1, None], object))
    for name in ("two.npz", "text.npy", "empty.npy", "objects.npy"):
        with pytest.raises(ConfigError, match=f"mean_file .*{name} is no .npy file of one array of finite numbers"):
            read_mean(tmp_path / name)
    for path in (tmp_path / "none.npy", tmp_path):
        with pytest.raises(ConfigError, match="mean_file .* cannot be read"):
            read_mean(path)
