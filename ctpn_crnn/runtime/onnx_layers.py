"""Layers of our networks as nodes of an ONNX graph, from arrays in the layout in which Keras keeps them.

Maps are (N, C, H, W): the convolutions of ONNX Runtime are made for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ctpn_crnn.runtime.onnx_graph import Graph, ints
from ctpn_crnn.runtime.winograd import MIN_FILTERS, winograd_convolution

Arrays = Mapping[str, np.ndarray]
Pads = tuple[int, int, int, int]

SAME: Pads = (1, 1, 1, 1)
"""Padding (top, left, bottom, right) of a 3x3 convolution that keeps the size."""


class FloatLayers:
    """Layers of a network in float32."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def start(self, x: str, factors: np.ndarray, offsets: np.ndarray) -> str:
        """Take up the network's input, (N, C, H, W) with values from 0 to 255, as x * factors - offsets, (C,) each."""
        if (factors == 1).all() and not offsets.any():
            return x
        scaled = self.graph.add("Mul", x, _by_channel(factors))
        return self.graph.add("Sub", scaled, _by_channel(offsets))

    def convolution(
        self,
        x: str,
        name: str,
        kernel: np.ndarray,
        bias: np.ndarray,
        *,
        pads: Pads = SAME,
        strides: tuple[int, int] = (1, 1),
        multiple: int = 1,
    ) -> str:
        """A convolution, then ReLU; by whichever way is the faster one.

        Args:
            x: (N, C, H, W).
            name: Of the layer.
            kernel: (height, width, C, F).
            bias: (F,).
            pads: Rows and columns of zeros: top, left, bottom, right.
            strides: Down, across.
            multiple: What H and W are known to be multiples of.
        """
        if kernel.shape[:2] == (3, 3) and kernel.shape[3] >= MIN_FILTERS and (pads, strides) == (SAME, (1, 1)):
            y = winograd_convolution(self.graph, x, kernel, bias, multiple)
        else:
            y = plain_convolution(self.graph, x, kernel, bias, pads, strides)
        return self.graph.add("Relu", y)

    def max_pool(self, x: str, size: tuple[int, int]) -> str:
        """Max-pooling over windows of (height, width) that touch each other."""
        return self.graph.add("MaxPool", x, kernel_shape=size, strides=size)

    def finish(self, x: str) -> str:
        """The maps of the last convolution, for the layers that follow."""
        return x

    def bidirectional_lstm(self, x: str, arrays: Arrays, name: str) -> str:
        """A Keras `Bidirectional(LSTM(return_sequences=True))`: (T, N, F) -> (N, T, 2 * units)."""
        kernels, recurrent, biases = lstm_arrays(arrays, name)
        units = recurrent.shape[2]
        y = self.graph.add("LSTM", x, kernels, recurrent, biases, direction="bidirectional", hidden_size=units)
        return batch_first(self.graph, y, units)

    def projection(self, x: str, arrays: Arrays, name: str) -> str:
        """A Keras `Dense` over what an LSTM gives (values from -1 to 1): (..., C) -> (..., F)."""
        return dense(self.graph, x, arrays, name)


def _by_channel(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).reshape(1, -1, 1, 1)


def plain_convolution(
    graph: Graph,
    x: str,
    kernel: np.ndarray,
    bias: np.ndarray,
    pads: Pads,
    strides: tuple[int, int],
) -> str:
    """A convolution as ONNX Runtime does it; `kernel` is (height, width, C, F), `pads` top, left, bottom, right."""
    weights = kernel.transpose(3, 2, 0, 1).astype(np.float32)
    return graph.add("Conv", x, weights, bias, kernel_shape=kernel.shape[:2], pads=pads, strides=strides)


def lstm_arrays(arrays: Arrays, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernels (2, 4 * units, F), recurrent kernels (2, 4 * units, units) and biases (2, 8 * units) of a Keras
    `Bidirectional(LSTM)`, forward and backward, as ONNX has them."""
    cells = [f"{name}/{way}_lstm/lstm_cell" for way in ("forward", "backward")]
    kernels, recurrent, biases = (
        np.stack([_gates(arrays[f"{cell}/{part}"]) for cell in cells])
        for part in ("kernel", "recurrent_kernel", "bias")
    )
    return kernels, recurrent, np.concatenate([biases, np.zeros_like(biases)], 1)  # Keras adds one bias, ONNX two


def _gates(array: np.ndarray) -> np.ndarray:
    """Keras' (F, 4 * units) or (4 * units,), gates i, f, c, o -> ONNX' (4 * units, ...), gates i, o, f, c."""
    i, f, c, o = np.split(array.T, 4)
    return np.concatenate([i, o, f, c]).astype(np.float32)


def batch_first(graph: Graph, y: str, units: int) -> str:
    """What an ONNX LSTM gives, (T, 2, N, units), as Keras has it: (N, T, 2 * units)."""
    return graph.add("Reshape", graph.add("Transpose", y, perm=(2, 0, 1, 3)), ints(0, 0, 2 * units))


def dense(graph: Graph, x: str, arrays: Arrays, name: str) -> str:
    """A Keras `Dense` without activation, over the last axis."""
    return graph.add("Add", graph.add("MatMul", x, arrays[f"{name}/kernel"]), arrays[f"{name}/bias"])
