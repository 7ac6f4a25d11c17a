"""Winograd's convolution against Keras' own: outputs, gradients, weights, configuration."""

import keras
import numpy as np
import pytest
from keras import layers

from ctpn_crnn.runtime import winograd_matrices as winograd
from ctpn_crnn.runtime.keras_layers.winograd import WinogradConv2D


@pytest.fixture
def pair(same_weights):
    """A plain layer and ours with the same weights (bias too), and an input."""

    def make(shape: tuple[int, ...], filters: int = 512, **arguments):
        plain, fast = (kind(filters, 3, padding="same", **arguments) for kind in (layers.Conv2D, WinogradConv2D))
        same_weights((plain, fast), shape, 1.0, sum(shape))
        return plain, fast, np.random.default_rng(0).normal(size=shape).astype(np.float32)

    return make


@pytest.mark.parametrize("shape", [(2, 4, 8, 3), (1, 1, 1, 2), (2, 5, 11, 7), (3, 7, 2, 1)])
def test_equals_the_plain_convolution(pair, shape: tuple[int, ...]) -> None:
    plain, fast, images = pair(shape)
    assert fast._applies()
    np.testing.assert_allclose(fast(images), plain(images), atol=2e-4)


def test_gradients_equal_those_of_the_plain_convolution(pair, gradients) -> None:
    plain, fast, images = pair((2, 4, 6, 5))
    for expected, found in zip(gradients(plain, images, 0.1), gradients(fast, images, 0.1), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_activation_and_missing_bias_are_kept(pair) -> None:
    plain, fast, images = pair((1, 4, 5, 3), use_bias=False, activation="relu")
    np.testing.assert_allclose(fast(images), plain(images), atol=2e-4)
    assert float(keras.ops.min(fast(images))) == 0.0


@pytest.mark.parametrize(
    "arguments",
    [{"filters": 8}, {"kernel_size": (2, 2)}, {"strides": 2}, {"padding": "valid"}, {"dilation_rate": 2}],
)
def test_other_convolutions_are_computed_as_keras_does(arguments: dict) -> None:
    settings = {"filters": 512, "kernel_size": 3, "padding": "same", **arguments}
    fast, plain = WinogradConv2D(**settings), layers.Conv2D(**settings)
    images = np.random.default_rng(0).normal(size=(1, 6, 6, 2)).astype(np.float32)
    fast(images), plain(images)
    plain.set_weights(fast.get_weights())
    assert not fast._applies()
    np.testing.assert_allclose(fast(images), plain(images), atol=1e-6)


def test_transforms_compute_a_correlation_of_length_three() -> None:
    # In one dimension F(4, 3): A^T [(G g) * (B^T d)] is the correlation of d with g, for integers exactly so.
    signal, kernel = np.array([3, -1, 4, 1, -5, 9], np.float64), np.array([2, 7, -1], np.float64)
    products = (winograd.KERNEL_TRANSFORM @ kernel) * (winograd.INPUT_TRANSFORM @ signal)
    by_hand = [3 * 2 - 7 - 4, -2 + 28 - 1, 8 + 7 + 5, 2 - 35 - 9]
    np.testing.assert_allclose(winograd.OUTPUT_TRANSFORM @ products, by_hand, atol=1e-5)


def test_configuration_round_trips() -> None:
    layer = WinogradConv2D(512, 3, padding="same", name="conv")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert isinstance(again, WinogradConv2D) and again.get_config() == layer.get_config()
