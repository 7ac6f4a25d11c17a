from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn import network
from ctpn_crnn.ctpn.network import (
    CTPN,
    BatchToRows,
    ImageNetPreprocessing,
    RowsToBatch,
    SplitAnchors,
    even_out_vgg16,
    load_vgg16,
    vgg16_layer_names,
)
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.runtime.keras_layers import FastBidirectional, WinogradConv2D


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
    assert sum(layer.startswith("block") for layer in vgg16_layer_names()) == 13


def test_outputs(model: keras.Model) -> None:
    outputs = model(np.zeros((2, 48, 80, 3), "float32"))
    assert [tuple(o.shape) for o in outputs] == [(2, 3, 5, 10, 3), (2, 3, 5, 10, 2), (2, 3, 5, 10, 1)]
    # Heads begin small: even scores, boxes equal to the anchors.
    assert all(float(np.abs(o).max()) < 0.2 for o in outputs)


def test_fast_layers_have_the_plain_ones_weights_and_results(model: keras.Model) -> None:
    fast = CTPN(convolution=WinogradConv2D, bidirectional=FastBidirectional).build_model()
    assert [w.path for w in fast.weights] == [w.path for w in model.weights]
    fast.set_weights(model.get_weights())
    image = np.random.default_rng(4).uniform(0, 255, (1, 64, 48, 3)).astype("float32")
    for found, wanted in zip(fast(image), model(image), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-3 * float(np.abs(wanted).max()))


def test_preprocessing_is_torchvisions() -> None:
    pixel = np.float32([[[[255, 0, 127.5]]]])
    wanted = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.5 - 0.406) / 0.225]
    np.testing.assert_allclose(np.ravel(ImageNetPreprocessing()(pixel)), wanted, rtol=1e-5)


def test_rows_are_read_one_by_one(small_vgg) -> None:
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


def test_scopes(small_vgg) -> None:
    net = CTPN(classes=("background", "text"), heights=(11.0, 20.0))
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


def test_config_builds_the_same_network(small_vgg) -> None:
    net = CTPN(("background", "word"), (8.0, 16.0))
    again = CTPN(**net.get_config())
    assert (again.classes, again.heights) == (net.classes, net.heights)


@pytest.mark.parametrize("arguments", [{"classes": ("background",)}, {"heights": ()}, {"heights": (11.0, 0.0)}])
def test_senseless_arguments(arguments: dict) -> None:
    with pytest.raises(ConfigError):
        CTPN(**arguments)


def test_keras_saves_and_loads_the_model(small_vgg, tmp_path: Path) -> None:
    model = CTPN().build_model()
    model.save(tmp_path / "ctpn.keras")
    again = keras.saving.load_model(tmp_path / "ctpn.keras")
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 64, 3)).astype("float32")
    for a, b in zip(model(image), again(image)):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_heads_stay_float32_in_mixed_precision(small_vgg) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = CTPN().build_model()
    finally:
        keras.config.set_dtype_policy(before)
    outputs = model(np.full((1, 32, 32, 3), 200.0, "float32"))
    assert {keras.backend.standardize_dtype(o.dtype) for o in outputs} == {"float32"}
    assert model.get_layer("window").compute_dtype == "bfloat16"
    assert model.get_layer("preprocessing").compute_dtype == "float32"


def vgg_arrays(model: keras.Model) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    parts = ("kernel", "bias")
    named = [(f"{n}/{p}", v) for n in vgg16_layer_names() for p, v in zip(parts, model.get_layer(n).weights)]
    return {name: rng.standard_normal(v.shape).astype("float16") for name, v in named}


def test_vgg16_from_a_file(small_vgg, tmp_path: Path) -> None:
    model = CTPN().build_model()
    arrays = vgg_arrays(model)
    np.savez(tmp_path / "vgg.npz", **arrays)
    load_vgg16(model, tmp_path / "vgg.npz")
    for name in vgg16_layer_names():
        kernel, bias = model.get_layer(name).get_weights()
        np.testing.assert_array_equal(kernel, arrays[f"{name}/kernel"])
        np.testing.assert_array_equal(bias, arrays[f"{name}/bias"])


def test_vgg16_file_that_does_not_fit(small_vgg, tmp_path: Path) -> None:
    model = CTPN().build_model()
    with pytest.raises(WeightsError, match="no such file"):
        load_vgg16(model, tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no zip")
    with pytest.raises(WeightsError, match="not a readable"):
        load_vgg16(model, tmp_path / "text.npz")
    arrays = vgg_arrays(model)
    np.savez(tmp_path / "shape.npz", **{**arrays, "block2_conv1/kernel": np.zeros((3, 3, 1, 1))})
    with pytest.raises(WeightsError, match=r"block2_conv1 .*\(3, 3, 1, 1\)"):
        load_vgg16(model, tmp_path / "shape.npz")
    arrays.pop("block4_conv1/bias")
    np.savez(tmp_path / "less.npz", **arrays)
    with pytest.raises(WeightsError, match="block4_conv1/bias"):
        load_vgg16(model, tmp_path / "less.npz")


def test_vgg16_of_keras_gets_our_preprocessing(monkeypatch) -> None:
    """Keras feeds BGR minus the caffe means; the folded first convolution must see the same numbers through ours."""
    source = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    monkeypatch.setattr(network.keras.applications, "VGG16", lambda **_: source)
    arrays = network._keras_vgg16()
    image = np.random.default_rng(0).uniform(0, 255, (1, 12, 12, 3)).astype("float32")
    caffe = keras.applications.vgg16.preprocess_input(image.copy())
    wanted = np.asarray(source.get_layer("block1_conv1")(caffe))
    ours = keras.layers.Conv2D(64, 3, padding="same", activation="relu")
    ours.build((None, None, None, 3))
    ours.set_weights([arrays["block1_conv1/kernel"], arrays["block1_conv1/bias"]])
    found = np.asarray(ours(ImageNetPreprocessing()(image)))
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], wanted[:, 1:-1, 1:-1], atol=2e-2, rtol=1e-3)


def test_evened_out_vgg16_has_the_same_features_but_for_one_factor():
    keras.utils.set_random_seed(3)
    model = CTPN().build_model()
    first = model.get_layer("block1_conv1")
    first.set_weights([first.get_weights()[0] * 300, first.get_weights()[1] + 5])
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype("float32")
    vgg16 = keras.Model(model.inputs[0], model.get_layer("block5_conv3").output)
    before = np.asarray(vgg16(images))
    even_out_vgg16(model, images)
    after = np.asarray(vgg16(images))
    assert np.sqrt(np.mean(after**2)) == pytest.approx(1, rel=1e-3)
    np.testing.assert_allclose(after * np.sqrt(np.mean(before**2)), before, rtol=1e-3, atol=1e-4 * before.max())
