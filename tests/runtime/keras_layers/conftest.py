"""What the tests of all fast layers do: compare a layer with Keras' own of the same weights."""

from collections.abc import Callable

import numpy as np
import pytest
from keras import layers


@pytest.fixture
def same_weights() -> Callable[..., None]:
    """(layers, shape, scale): build the layers and give them all the same random weights, biases too."""

    def give(pair: tuple[layers.Layer, layers.Layer], shape: tuple[int, ...], scale: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        for layer in pair:
            layer.build(shape)
        weights = [rng.normal(scale=scale, size=w.shape).astype(np.float32) for w in pair[0].weights]
        for layer in pair:
            layer.set_weights(weights)

    return give


@pytest.fixture
def gradients() -> Callable[..., list]:
    """(layer, input, factor): of the sum of sin(factor * output), by the input and by each weight."""
    tf = pytest.importorskip("tensorflow")

    def of(layer: layers.Layer, inputs: np.ndarray, factor: float) -> list:
        with tf.GradientTape() as tape:
            x = tf.constant(inputs)
            tape.watch(x)
            loss = tf.reduce_sum(tf.sin(factor * layer(x)))
        return tape.gradient(loss, [x, *layer.trainable_variables])

    return of
