"""Layers of our networks as nodes of an ONNX graph, from arrays in the layout in which Keras keeps them.

Maps are (N, C, H, W): the convolutions of ONNX Runtime are made for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ctpn_crnn.runtime.onnx_graph import Graph, ints
from ctpn_crnn.runtime.winograd import MIN_FILTERS, winograd_convolution

Arrays = Mapping[str, np.ndarray]


def convolution(graph: Graph, x: str, kernel: np.ndarray, bias: np.ndarray, multiple: int = 1) -> str:
    """A 3x3 convolution of stride 1 and the same size, then ReLU; by whichever way is the faster one.

    Args:
        graph: Where to.
        x: (N, C, H, W).
        kernel: (3, 3, C, F).
        bias: (F,).
        multiple: What H and W are known to be multiples of.
    """
    if kernel.shape[3] >= MIN_FILTERS:
        y = winograd_convolution(graph, x, kernel, bias, multiple)
    else:
        y = plain_convolution(graph, x, kernel, bias, pads=(1, 1, 1, 1))
    return graph.add("Relu", y)


def plain_convolution(
    graph: Graph,
    x: str,
    kernel: np.ndarray,
    bias: np.ndarray,
    pads: tuple[int, int, int, int],
    strides: tuple[int, int] = (1, 1),
) -> str:
    """A convolution as ONNX Runtime does it; `kernel` is (height, width, C, F), `pads` top, left, bottom, right."""
    weights = kernel.transpose(3, 2, 0, 1).astype(np.float32)
    return graph.add("Conv", x, weights, bias, kernel_shape=kernel.shape[:2], pads=pads, strides=strides)


def max_pool(graph: Graph, x: str, size: tuple[int, int]) -> str:
    """Max-pooling over windows of (height, width) that touch each other."""
    return graph.add("MaxPool", x, kernel_shape=size, strides=size)


def bidirectional_lstm(graph: Graph, x: str, arrays: Arrays, name: str) -> str:
    """A Keras `Bidirectional(LSTM(return_sequences=True))`: (T, N, F) -> (N, T, 2 * units)."""
    cells = [f"{name}/{way}_lstm/lstm_cell" for way in ("forward", "backward")]
    kernels, recurrent, biases = (
        [_gates(arrays[f"{cell}/{part}"]) for cell in cells] for part in ("kernel", "recurrent_kernel", "bias")
    )
    units = recurrent[0].shape[1]
    y = graph.add(
        "LSTM",
        x,
        np.stack(kernels),
        np.stack(recurrent),
        np.stack([np.concatenate([bias, np.zeros_like(bias)]) for bias in biases]),  # Keras adds one bias, ONNX two
        direction="bidirectional",
        hidden_size=units,
    )
    # (T, 2, N, units) -> (N, T, 2, units) -> (N, T, 2 * units)
    return graph.add("Reshape", graph.add("Transpose", y, perm=(2, 0, 1, 3)), ints(0, 0, 2 * units))


def _gates(array: np.ndarray) -> np.ndarray:
    """Keras' (F, 4 * units) or (4 * units,), gates i, f, c, o -> ONNX' (4 * units, ...), gates i, o, f, c."""
    i, f, c, o = np.split(array.T, 4)
    return np.concatenate([i, o, f, c]).astype(np.float32)


def dense(graph: Graph, x: str, arrays: Arrays, name: str) -> str:
    """A Keras `Dense` without activation, over the last axis."""
    return graph.add("Add", graph.add("MatMul", x, arrays[f"{name}/kernel"]), arrays[f"{name}/bias"])
