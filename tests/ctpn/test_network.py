from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn.network import CTPN, BatchToRows, ImageNetPreprocessing, RowsToBatch, SplitAnchors
from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.errors import ConfigError


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return CTPN().build_model()


def test_stages_have_the_documented_shapes(model: keras.Model) -> None:
    stages = {
        "block1_conv2": 64, "block2_conv2": 128, "block3_conv3": 256, "block4_conv3": 512, "block5_conv3": 512,
        "window": 512,
    }  # fmt: skip
    assert {name: model.get_layer(name).output.shape[-1] for name in stages} == stages
    assert model.get_layer("bilstm").output.shape == (None, None, 256)
    assert model.get_layer("fc").output.shape == (None, None, 512)
    assert model.name == "ctpn"
    assert sum(layer.name.startswith("block") and "_conv" in layer.name for layer in model.layers) == 13


def test_outputs(model: keras.Model) -> None:
    outputs = model(np.zeros((2, 48, 80, 3), "float32"))
    assert [tuple(o.shape) for o in outputs] == [(2, 3, 5, 10, 3), (2, 3, 5, 10, 2), (2, 3, 5, 10, 1)]
    # Heads begin small: even scores, boxes equal to the anchors.
    assert all(float(np.abs(o).max()) < 0.2 for o in outputs)


def test_preprocessing_is_torchvisions() -> None:
    pixel = np.float32([[[[255, 0, 127.5]]]])
    wanted = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.5 - 0.406) / 0.225]
    np.testing.assert_allclose(np.ravel(ImageNetPreprocessing()(pixel)), wanted, rtol=1e-5)


def test_rows_are_read_one_by_one() -> None:
    features = np.random.default_rng(0).standard_normal((2, 3, 5, 8)).astype("float32")
    lstm = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True))
    out = np.asarray(BatchToRows()([lstm(RowsToBatch()(features)), features]))
    for n in range(2):
        for row in range(3):
            np.testing.assert_allclose(out[n, row], np.asarray(lstm(features[n, row : row + 1]))[0], atol=1e-6)


def test_anchors_are_split_from_channels() -> None:
    flat = np.arange(2 * 2 * 6, dtype="float32").reshape(1, 2, 2, 6)
    out = np.asarray(SplitAnchors(3)(flat))
    assert out.shape == (1, 2, 2, 3, 2)
    np.testing.assert_array_equal(out[0, 1, 0, 2], flat[0, 1, 0, 4:])


def test_scopes(small_spec: CTPNSpec) -> None:
    net = CTPN(replace(small_spec, classes=("background", "text"), heights=(11.0, 20.0)))
    image = keras.Input((32, 32, 3))
    first = keras.Model(image, net.inference(image, "ctpn"))
    again = keras.Model(image, net.inference(image, "ctpn", reuse=True))
    other = keras.Model(image, net.inference(image, "second"))
    assert first.outputs[0].shape == (None, 2, 2, 2, 2)
    assert {id(v) for v in first.weights} == {id(v) for v in again.weights}
    assert not {id(v) for v in first.weights} & {id(v) for v in other.weights}
    assert other.get_layer("second_window")
    with pytest.raises(ConfigError, match="reuse=True"):
        net.inference(image, "ctpn")
    with pytest.raises(ConfigError, match="not been built"):
        net.inference(image, "third", reuse=True)


def test_keras_saves_and_loads_the_model(small_spec: CTPNSpec, tmp_path: Path) -> None:
    model = CTPN(small_spec).build_model()
    model.save(tmp_path / "ctpn.keras")
    again = keras.saving.load_model(tmp_path / "ctpn.keras")
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 64, 3)).astype("float32")
    for a, b in zip(model(image), again(image)):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_heads_stay_float32_in_mixed_precision(small_spec: CTPNSpec) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = CTPN(small_spec).build_model()
    finally:
        keras.config.set_dtype_policy(before)
    outputs = model(np.full((1, 32, 32, 3), 200.0, "float32"))
    assert {keras.backend.standardize_dtype(o.dtype) for o in outputs} == {"float32"}
    assert model.get_layer("window").compute_dtype == "bfloat16"
    assert model.get_layer("preprocessing").compute_dtype == "float32"
