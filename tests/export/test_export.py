"""Exported networks compute what Keras computes, carry what is needed to read with them, and say when they do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.ctpn.decode import decode_heads
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.errors import ConfigError, OutputError, WeightsError
from ctpn_crnn.weights import save_weights, set_calibration, set_ranges

pytest.importorskip("tf2onnx")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports with TensorFlow")

from ctpn_crnn.export import check_parity, export_int8, export_onnx, export_saved_model, fit_ranges  # noqa: E402
from ctpn_crnn.export.inputs import made_batches  # noqa: E402
from ctpn_crnn.export.parity import Parity, ParityError, _gaps, compare_proposals  # noqa: E402
from ctpn_crnn.runtime.onnx_network import OnnxNetwork  # noqa: E402
from ctpn_crnn.weights import read_weights  # noqa: E402

CHARSET = "abc甲"


def save_reader(path: Path, seed: int) -> Path:
    keras.utils.set_random_seed(seed)
    model = CRNN(CRNNSpec(num_classes=5, lstm_units=4)).build_model()
    save_weights(
        model, path, kind="crnn", config={"num_classes": 5, "lstm_units": 4}, charset=CHARSET, info={"steps": 3}
    )
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def reader(folder: Path) -> Path:
    return save_reader(folder / "reader.h5", seed=0)


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[str]:
    random = np.random.default_rng(0)
    paths = [str(folder / f"line{number}.png") for number in range(2)]
    for path in paths:
        cv2.imwrite(path, random.integers(0, 256, (30, 90), np.uint8))
    return paths


@pytest.fixture(scope="module")
def exported(folder: Path, reader: Path) -> Path:
    return export_onnx(reader, folder / "reader.onnx")


def test_a_reader(exported, reader, lines):
    onnx = pytest.importorskip("onnx")
    parity = check_parity(reader, exported, lines)
    assert parity.passed and parity.batches == 4 and parity.total == 6 and parity.max_difference < 1e-4
    model = onnx.load(exported)
    onnx.checker.check_model(model)
    assert model.opset_import[0].version == 17
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["charset"] == CHARSET and json.loads(metadata["config"])["num_classes"] == 5
    sizes = [size.dim_param or size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim]
    assert sizes == ["batch", 32, "width", 1]


def test_reading_with_an_exported_reader(exported, reader):
    crops = [np.random.default_rng(1).integers(0, 256, (30, width), np.uint8) for width in (40, 200)]
    found = LineReader(exported)
    assert found.charset.characters == tuple(CHARSET)
    assert [r.text for r in found.read(crops)] == [r.text for r in LineReader(reader, "keras", "float32").read(crops)]
    with pytest.raises(WeightsError, match="swapped"):
        OnnxNetwork(CTPN_DEFINITION, exported)


def test_calibration_is_the_same_in_every_runtime(folder):
    weights = save_reader(folder / "calibrated.h5", 3)
    crops = [np.random.default_rng(2).integers(0, 256, (30, 200), np.uint8)]
    (plain,) = LineReader(weights, "keras", "float32").read(crops)
    set_calibration(weights, 0.125)
    exported = export_onnx(weights, folder / "calibrated.onnx")
    for reader in (LineReader(weights, "keras", "float32"), LineReader(weights, "onnx"), LineReader(exported)):
        (reading,) = reader.read(crops)
        assert reading.text == plain.text != ""
        assert reading.confidence == pytest.approx(plain.confidence**0.125, rel=1e-3)


def test_foreign_models_are_refused(exported, folder):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(exported)
    del model.metadata_props[:]
    onnx.save(model, folder / "foreign.onnx")
    with pytest.raises(WeightsError, match="not one of ctpn_crnn"):
        OnnxNetwork(CRNN_DEFINITION, folder / "foreign.onnx")


def test_other_weights_are_noticed(exported, folder):
    with pytest.raises(ParityError, match="does not compute"):
        check_parity(save_reader(folder / "other.h5", seed=1), exported)


def test_int8(reader, folder, lines):
    report = export_int8(reader, folder / "int8.onnx", lines)
    assert report.megabytes < 0.6 * reader.stat().st_size / 1e6
    assert 0 <= report.agreement <= 1 and "int8" in str(report)
    batch = np.random.default_rng(0).integers(0, 256, (1, 32, 64, 1), np.uint8)
    exported = OnnxNetwork(CRNN_DEFINITION, folder / "int8.onnx")
    assert exported.charset == CHARSET
    expected, found = (network.predict(batch)[0] for network in (OnnxNetwork(CRNN_DEFINITION, reader), exported))
    assert 0 < np.abs(found - expected).max() < 0.3 * np.abs(expected).max()


def test_int8_without_images_takes_the_ranges_of_the_file(reader, folder, lines):
    with pytest.raises(WeightsError, match="give images"):
        export_int8(reader, folder / "no.onnx")
    ranged = folder / "ranged.h5"
    shutil.copy(reader, ranged)
    set_ranges(ranged, fit_ranges(ranged, lines))
    export_int8(ranged, folder / "ranged.onnx")
    batch = np.random.default_rng(0).integers(0, 256, (1, 32, 64, 1), np.uint8)
    networks = OnnxNetwork(CRNN_DEFINITION, ranged, "int8"), OnnxNetwork(CRNN_DEFINITION, folder / "ranged.onnx")
    np.testing.assert_allclose(*(network.predict(batch)[0] for network in networks), atol=1e-6)


def test_saved_model(reader, folder):
    path = export_saved_model(reader, folder / "saved")
    assert check_parity(reader, path).passed
    assert json.loads((path / "ctpn_crnn.json").read_text(encoding="utf-8"))["charset"] == CHARSET
    with pytest.raises(OutputError, match="no empty folder"):
        export_saved_model(reader, path)


@pytest.mark.slow
def test_a_detector_with_and_without_proposals(folder):
    keras.utils.set_random_seed(0)
    network = CTPN(CTPNSpec(classes=("background", "text"), heights=(11.0, 32.0)))
    model = network.build_model()
    random = np.random.default_rng(0)
    for name, size in (("scores", 50_000), ("vertical", 1), ("side", 1)):  # sure of itself, to have something to decode
        kernel, bias = model.get_layer(f"{name}_head").get_weights()
        # TensorFlow drops a bias of zeros from the graph, and tf2onnx then merges the two reshapes around it wrongly.
        model.get_layer(f"{name}_head").set_weights([kernel * size, random.normal(0, 0.1, bias.shape)])
    weights = folder / "detector.h5"
    save_weights(model, weights, kind="ctpn", config=network.spec.to_config(), charset=None, info={})
    heads = check_parity(weights, export_onnx(weights, folder / "heads.onnx"))
    assert heads.passed and heads.batches == 3
    scores, _, _ = OnnxNetwork(CTPN_DEFINITION, folder / "heads.onnx").predict(np.zeros((1, 16, 32, 3), np.uint8))
    assert scores.shape == (1, 1, 2, 2, 2)
    decoded = check_parity(weights, export_onnx(weights, folder / "proposals.onnx", "proposals"))
    assert decoded.passed and decoded.total > 10
    with pytest.raises(WeightsError, match="proposals decoded"):
        OnnxNetwork(CTPN_DEFINITION, folder / "proposals.onnx")


def test_proposals_are_compared_whatever_their_order(reader):
    file = read_weights(reader)
    heads = [np.zeros((1, 1, 2, 1, values), np.float32) for values in (2, 2, 1)]
    heads[0][..., 1] = 5  # two sure strips of the one anchor, in both columns
    file.config["heights"] = [16.0]
    strips = np.float32([[[16, 0, 32, 16, 0.9933072, 1], [0, 0, 16, 16, 0.9933072, 1], [0] * 6]])
    assert compare_proposals(file, lambda _: heads, lambda _: (strips, strips[..., 5] * 0), [strips]).passed
    strips[0, 0, 1] -= 2
    assert compare_proposals(file, lambda _: heads, lambda _: (strips, strips[..., 5] * 0), [strips]).differing == 1
    assert _gaps(np.zeros((2, 7)), np.zeros((0, 7))).tolist() == [np.inf, np.inf]


def test_nothing_to_compare_is_an_error(reader):
    file = read_weights(reader)
    file.config["heights"] = [16.0]
    heads = [np.zeros((1, 1, 2, 1, values), np.float32) for values in (2, 2, 1)]
    heads[0][..., 0] = 9
    none = np.zeros((1, 3, 6), np.float32)
    with pytest.raises(ParityError, match="no strip could be compared"):
        compare_proposals(file, lambda _: heads, lambda _: (none, none[..., 5]), [none])


def test_the_shipped_detector_finds_what_is_drawn_for_it():
    network = OnnxNetwork(CTPN_DEFINITION, None, "float32")
    (found,) = decode_heads(*network.predict(made_batches("ctpn")[-1]), heights=network.config["heights"])
    assert len(found.boxes) > 5


def test_a_model_that_does_not_run_is_an_error(reader, folder):
    (folder / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ParityError, match="cannot run"):
        check_parity(reader, folder / "broken.onnx")


def test_parity_is_strict_about_text():
    assert Parity(1, 1e-6, 0, 5).passed
    assert not Parity(1, 1e-6, 1, 5).passed and "NOT" in str(Parity(1, 1e-6, 1, 5))
    assert not Parity(1, 2e-3, 0, 5).passed


def test_a_reader_has_no_proposals(reader, folder):
    with pytest.raises(ConfigError, match="proposals"):
        export_onnx(reader, folder / "none.onnx", "proposals")
    assert not (folder / "none.onnx").exists()
