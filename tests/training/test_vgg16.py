"""A CTPN that starts from ImageNet's weights."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn.network import CTPN, ImageNetPreprocessing
from ctpn_crnn.ctpn.spec import Block, CTPNSpec
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.training import vgg16
from ctpn_crnn.training.vgg16 import convolution_names, load_vgg16, normalise_activations

SMALL = CTPNSpec(blocks=(Block(1, 4), Block(1, 4), Block(1, 4), Block(1, 8), Block(1, 8, pool=1)))


def vgg_arrays(model: keras.Model) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    parts = ("kernel", "bias")
    named = [(f"{n}/{p}", v) for n in convolution_names(model) for p, v in zip(parts, model.get_layer(n).weights)]
    return {name: rng.standard_normal(v.shape).astype("float16") for name, v in named}


def test_vgg16_from_a_file(tmp_path: Path) -> None:
    model = CTPN(SMALL).build_model()
    arrays = vgg_arrays(model)
    np.savez(tmp_path / "vgg.npz", **arrays)
    load_vgg16(model, tmp_path / "vgg.npz")
    for name in convolution_names(model):
        kernel, bias = model.get_layer(name).get_weights()
        np.testing.assert_array_equal(kernel, arrays[f"{name}/kernel"])
        np.testing.assert_array_equal(bias, arrays[f"{name}/bias"])


def test_vgg16_file_that_does_not_fit(tmp_path: Path) -> None:
    model = CTPN(SMALL).build_model()
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
    monkeypatch.setattr(vgg16.keras.applications, "VGG16", lambda **_: source)
    arrays = vgg16._keras_vgg16()
    image = np.random.default_rng(0).uniform(0, 255, (1, 12, 12, 3)).astype("float32")
    caffe = keras.applications.vgg16.preprocess_input(image.copy())
    wanted = np.asarray(source.get_layer("block1_conv1")(caffe))
    ours = keras.layers.Conv2D(64, 3, padding="same", activation="relu")
    ours.build((None, None, None, 3))
    ours.set_weights([arrays["block1_conv1/kernel"], arrays["block1_conv1/bias"]])
    found = np.asarray(ours(ImageNetPreprocessing()(image)))
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], wanted[:, 1:-1, 1:-1], atol=2e-2, rtol=1e-3)


def test_normalised_activations_are_the_same_features_but_for_one_factor() -> None:
    keras.utils.set_random_seed(3)
    model = CTPN(SMALL).build_model()
    first = model.get_layer("block1_conv1")
    first.set_weights([first.get_weights()[0] * 300, first.get_weights()[1] + 5])
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype("float32")
    features = keras.Model(model.inputs[0], model.get_layer("block5_conv1").output)
    before = np.asarray(features(images))
    normalise_activations(model, images)
    after = np.asarray(features(images))
    assert np.sqrt(np.mean(after**2)) == pytest.approx(1, rel=1e-3)
    np.testing.assert_allclose(after * np.sqrt(np.mean(before**2)), before, rtol=1e-3, atol=1e-4 * before.max())
