"""The one-loop bidirectional LSTM against Keras' own."""

import keras
import numpy as np
import pytest
from keras import layers

from ctpn_crnn.runtime.keras_layers import FastBidirectional, WinogradConv2D, training_layers


@pytest.fixture
def pair(same_weights):
    """A plain layer and ours with the same weights, and an input."""

    def make(units: int, shape: tuple[int, int, int]):
        plain, fast = (
            kind(layers.LSTM(units, return_sequences=True, name="lstm"), name="bilstm")
            for kind in (layers.Bidirectional, FastBidirectional)
        )
        same_weights((plain, fast), shape, 0.5, units)
        return plain, fast, np.random.default_rng(0).normal(size=shape).astype(np.float32)

    return make


@pytest.mark.parametrize("shape", [(3, 9, 5), (1, 1, 2), (2, 30, 4)])
def test_equals_the_plain_layer(pair, shape: tuple[int, int, int]) -> None:
    plain, fast, sequences = pair(6, shape)
    np.testing.assert_allclose(fast(sequences), plain(sequences), atol=1e-5)


def test_gradients_equal_those_of_the_plain_layer(pair, gradients) -> None:
    plain, fast, sequences = pair(4, (3, 7, 5))
    for expected, found in zip(gradients(plain, sequences, 3.0), gradients(fast, sequences, 3.0), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_weights_have_the_same_paths(pair) -> None:
    plain, fast, _ = pair(4, (1, 3, 2))
    assert [w.path for w in fast.weights] == [w.path for w in plain.weights]


def test_works_inside_fit_with_any_length() -> None:
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, FastBidirectional(layers.LSTM(4, return_sequences=True))(inputs))
    model.compile("sgd", "mse")
    for steps in (5, 8):
        x, y = np.ones((2, steps, 3), np.float32), np.zeros((2, steps, 8), np.float32)
        assert np.isfinite(model.train_on_batch(x, y))


@pytest.mark.skipif(bool(keras.distribution.list_devices("gpu")), reason="a GPU trains with the plain layers")
def test_training_takes_winograd_in_float32_only() -> None:
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        assert training_layers() == {"bidirectional": FastBidirectional}
        keras.config.set_dtype_policy("float32")
        assert training_layers() == {"bidirectional": FastBidirectional, "convolution": WinogradConv2D}
    finally:
        keras.config.set_dtype_policy(policy)
