"""Exported .onnx files carry what is needed to read with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.weights import save_weights, set_calibration

pytest.importorskip("tf2onnx")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports with TensorFlow")

from ctpn_crnn.export import check_parity, export_onnx  # noqa: E402
from ctpn_crnn.runtime.onnx_network import OnnxNetwork  # noqa: E402

CHARSET = "abc甲"


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


def test_calibration_is_the_same_in_every_runtime(reader, folder):
    weights = Path(shutil.copy(reader, folder / "calibrated.h5"))
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


def test_a_reader_has_no_proposals(reader, folder):
    with pytest.raises(ConfigError, match="proposals"):
        export_onnx(reader, folder / "none.onnx", "proposals")
    assert not (folder / "none.onnx").exists()
