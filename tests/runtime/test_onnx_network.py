"""The graphs that ONNX Runtime runs compute what Keras computes."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime import load_network
from ctpn_crnn.runtime.keras_network import KerasNetwork
from ctpn_crnn.runtime.onnx_network import OnnxNetwork, build_graph
from ctpn_crnn.weights import read_weights, save_weights

CHARSET = "abc甲"


def random_batch(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_reader_equals_keras(reader):
    model, path = reader
    network = load_network(CRNN_DEFINITION, path, "onnx")
    assert isinstance(network, OnnxNetwork)
    assert (network.charset, network.config["num_classes"], network.precision) == (CHARSET, 5, "float32")
    for shape in ((1, 32, 16, 1), (3, 32, 52, 1), (2, 32, 128, 1)):
        batch = random_batch(*shape)
        (logits,) = network.predict(batch)
        assert (logits.shape, logits.dtype) == ((shape[0], shape[2] // 4, 5), np.float32)
        assert logits == pytest.approx(np.asarray(model.predict_on_batch(batch.astype(np.float32))), abs=1e-4)


def test_detector_equals_keras(detector):
    model, path = detector
    network = load_network(CTPN_DEFINITION, path, "onnx")
    assert network.charset is None
    for shape in ((1, 16, 16, 3), (2, 48, 80, 3)):
        batch = random_batch(*shape)
        heads = network.predict(batch)
        grid = (shape[0], shape[1] // 16, shape[2] // 16, 3)
        assert [head.shape for head in heads] == [(*grid, 2), (*grid, 2), (*grid, 1)]
        for head, expected in zip(heads, model.predict_on_batch(batch.astype(np.float32)), strict=True):
            assert head == pytest.approx(np.asarray(expected), abs=1e-4)


@pytest.mark.parametrize(
    ("definition", "shape"), [(CRNN_DEFINITION, (2, 32, 64, 1)), (CTPN_DEFINITION, (1, 64, 96, 3))]
)
def test_shipped_weights_equal_keras(definition, shape):
    batch = random_batch(*shape)
    expected = KerasNetwork(definition, precision="float32").predict(batch)
    for ours, theirs in zip(OnnxNetwork(definition, precision="float32").predict(batch), expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-3, rel=1e-3)


def test_another_charset_and_other_units_need_no_other_graph(tmp_path):
    keras.utils.set_random_seed(1)
    model = CRNN(CRNNSpec(num_classes=9, lstm_units=12)).build_model()
    config = {"num_classes": 9, "lstm_units": 12}
    save_weights(model, tmp_path / "own.h5", kind="crnn", config=config, charset="abcdefgh", info={})
    batch = random_batch(1, 32, 32, 1)
    (logits,) = OnnxNetwork(CRNN_DEFINITION, tmp_path / "own.h5").predict(batch)
    expected = KerasNetwork(CRNN_DEFINITION, tmp_path / "own.h5", "float32").predict(batch)[0]
    assert logits == pytest.approx(expected, abs=1e-4)


def test_reading_is_the_same(reader):
    crops = [random_batch(30, width) for width in (20, 100, 333)]
    readings = [LineReader(reader[1], runtime, "float32").read(crops) for runtime in ("onnx", "keras")]
    assert [r.text for r in readings[0]] == [r.text for r in readings[1]]


def test_bad_files_are_named(reader, tmp_path):
    with pytest.raises(WeightsError, match="not of ctpn"):
        OnnxNetwork(CTPN_DEFINITION, reader[1])
    for name in ("missing.h5", "missing.onnx"):
        with pytest.raises(WeightsError, match="does not exist"):
            OnnxNetwork(CRNN_DEFINITION, tmp_path / name)
    (tmp_path / "damaged.onnx").write_bytes(b"no model")
    with pytest.raises(WeightsError, match="damaged"):
        OnnxNetwork(CRNN_DEFINITION, tmp_path / "damaged.onnx")


def test_arrays_of_another_architecture_are_refused(reader):
    file = read_weights(reader[1])
    lacking = {name: array for name, array in file.arrays.items() if name != "conv3/kernel"}
    extra = {**file.arrays, "attention/kernel": np.zeros((2, 2), np.float32)}
    for arrays, named in ((lacking, "conv3/kernel"), (extra, "attention/kernel")):
        changed = type(file)(file.kind, file.config, file.charset, file.info, arrays, file.path)
        with pytest.raises(WeightsError, match=named):
            build_graph(CRNN_DEFINITION, changed)


def test_weights_files_are_plain_hdf5(reader):
    with h5py.File(Path(reader[1]), "r") as file:
        assert "arrays/bilstm1/forward_lstm/lstm_cell/kernel" in file
