"""Layers of an ONNX graph, against Keras' own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from ctpn_crnn.runtime.onnx_graph import Graph
from ctpn_crnn.runtime.onnx_layers import FloatLayers, array_of_shape
from ctpn_crnn.runtime.onnx_network import GraphRun


@pytest.mark.parametrize(
    ("kernel", "strides", "filters"),
    [((3, 3), (1, 1), 5), ((3, 3), (1, 1), 256), ((2, 2), (2, 1), 5), ((5, 4), (1, 2), 5), ((2, 3), (4, 2), 5)],
)
def test_convolutions_are_padded_as_those_of_keras(kernel, strides, filters):
    random = np.random.default_rng(0)
    image = random.normal(size=(2, 8, 12, 3)).astype(np.float32)
    layer = keras.layers.Conv2D(filters, kernel, strides, padding="same", activation="relu")
    layer.build(image.shape)
    layer.bias.assign(random.normal(size=filters))
    expected = np.asarray(layer(image))
    graph = Graph("test")
    x = graph.input("image", ("n", 3, "h", "w"))
    weights = [np.asarray(w) for w in layer.get_weights()]
    y = FloatLayers(graph).convolution(x, "only", *weights, strides=strides)
    graph.output("y", y, ("n", filters, "rows", "columns"))
    (found,) = GraphRun(graph, 1)(np.ascontiguousarray(image.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1), expected, atol=1e-4)


def test_arrays_of_another_shape_are_named():
    arrays = {"a/kernel": np.zeros((2, 3))}
    assert array_of_shape(arrays, "a/kernel", None, 3) is arrays["a/kernel"]
    for shape in ((2, 4), (2,), (2, 3, 1)):
        with pytest.raises(ValueError, match="a/kernel"):
            array_of_shape(arrays, "a/kernel", *shape)
