"""The CTPN as an ONNX graph, for machines without Keras. `network.CTPN` builds the same from the same specification."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.ctpn.spec import IMAGE_MEAN, IMAGE_STD, CTPNSpec
from ctpn_crnn.runtime.onnx_graph import Graph, ints
from ctpn_crnn.runtime.onnx_layers import Arrays, FloatLayers, array_of_shape, dense


def add_ctpn(spec: CTPNSpec, arrays: Arrays, layers: FloatLayers) -> None:
    """Add the network to the graph of `layers`.

    Its input is "image", (batch, height, width, 3), RGB from 0 to 255, both sides multiples of the stride. Its outputs
    are "scores", "vertical" and "side", each (batch, rows, columns, anchors, values).

    Args:
        spec: Architecture.
        arrays: Weights, by the names of Keras' variables.
        layers: Adds single layers, in float32 or in 8-bit integers.

    Raises:
        KeyError, ValueError: An array is missing or has another shape than the specification asks for.
    """
    window = _window(spec, arrays, layers)
    sequence = _row_sequence(spec, window, arrays, layers)
    anchors = len(spec.heights)
    for name, values in (("scores", len(spec.classes)), ("vertical", 2), ("side", 1)):
        array_of_shape(arrays, f"{name}_head/bias", anchors * values)
        head = dense(layers.graph, sequence, arrays, f"{name}_head")
        head = layers.graph.add("Reshape", head, ints(0, 0, 0, anchors, values))
        layers.graph.output(name, head, ("batch", "rows", "columns", anchors, values))


def _window(spec: CTPNSpec, arrays: Arrays, layers: FloatLayers) -> str:
    """Add input, blocks and window: maps (batch, filters, rows, columns)."""
    image = layers.graph.input("image", ("batch", "height", "width", 3))
    x = layers.graph.add("Transpose", image, perm=(0, 3, 1, 2))
    x = layers.start(x, 1.0 / (255.0 * np.array(IMAGE_STD)), np.array(IMAGE_MEAN) / np.array(IMAGE_STD))
    for number, block in enumerate(spec.blocks, start=1):
        for index in range(1, block.convolutions + 1):
            x = _convolution(spec, x, f"block{number}_conv{index}", block.filters, arrays, layers)
        if block.pool > 1:
            x = layers.max_pool(x, (block.pool, block.pool))
    return layers.finish(_convolution(spec, x, "window", spec.window_filters, arrays, layers))


def _convolution(spec: CTPNSpec, x: str, name: str, filters: int, arrays: Arrays, layers: FloatLayers) -> str:
    kernel = array_of_shape(arrays, f"{name}/kernel", spec.kernel, spec.kernel, None, filters)
    return layers.convolution(x, name, kernel, arrays[f"{name}/bias"])


def _row_sequence(spec: CTPNSpec, x: str, arrays: Arrays, layers: FloatLayers) -> str:
    """Add the BiLSTM along the rows and the FC layer: (N, C, rows, columns) -> (N, rows, columns, F)."""
    graph: Graph = layers.graph
    size = graph.add("Shape", x)
    columns = graph.add("Gather", size, ints(3))
    by_column = graph.add("Transpose", x, perm=(3, 0, 2, 1))
    shape = graph.add("Concat", columns, ints(-1, spec.window_filters), axis=0)
    sequences = layers.bidirectional_lstm(graph.add("Reshape", by_column, shape), arrays, "bilstm", spec.lstm_units)
    array_of_shape(arrays, "fc/bias", spec.fc_units)
    y = graph.add("Relu", dense(graph, sequences, arrays, "fc"))
    rows = graph.add("Gather", size, ints(0, 2, 3))
    return graph.add("Reshape", y, graph.add("Concat", rows, ints(-1), axis=0))
