"""Layers of a network as nodes of an ONNX graph, from arrays in the layout in which Keras keeps them.

Maps are (N, C, H, W): the convolutions of ONNX Runtime are made for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ctpn_crnn.runtime.onnx_graph import Graph, ints

Arrays = Mapping[str, np.ndarray]


class FloatLayers:
    """Layers of a network in float32."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def start(self, x: str, factors: np.ndarray, offsets: np.ndarray) -> str:
        """Normalise the network's input to x * factors - offsets.

        Args:
            x: (N, C, H, W), 0..255.
            factors: (C,).
            offsets: (C,).
        """
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
        strides: tuple[int, int] = (1, 1),
    ) -> str:
        """Add a convolution, padded as Keras' "same" does, then ReLU.

        Args:
            x: (N, C, H, W); H and W are multiples of the strides.
            name: Of the layer.
            kernel: (height, width, C, F).
            bias: (F,).
            strides: Down, across.
        """
        weights = kernel.transpose(3, 2, 0, 1).astype(np.float32)
        return self.graph.add("Relu", self.graph.add("Conv", x, weights, bias, **geometry(kernel, strides)))

    def max_pool(self, x: str, size: tuple[int, int]) -> str:
        """Add max-pooling over windows of (height, width) without gaps or overlap."""
        return self.graph.add("MaxPool", x, kernel_shape=size, strides=size)

    def finish(self, x: str) -> str:
        """Return the maps of the last convolution in float32."""
        return x

    def bidirectional_lstm(self, x: str, arrays: Arrays, name: str, units: int) -> str:
        """Add a Keras `Bidirectional(LSTM(units, return_sequences=True))`: (T, N, F) -> (N, T, 2 * units)."""
        kernels, recurrent, biases = lstm_arrays(arrays, name, units)
        y = self.graph.add("LSTM", x, kernels, recurrent, biases, direction="bidirectional", hidden_size=units)
        return batch_first(self.graph, y, units)

    def projection(self, x: str, arrays: Arrays, name: str) -> str:
        """Add a Keras `Dense` on outputs of an LSTM, which lie between -1 and 1: (..., C) -> (..., F)."""
        return dense(self.graph, x, arrays, name)


def _by_channel(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).reshape(1, -1, 1, 1)


def geometry(kernel: np.ndarray, strides: tuple[int, int]) -> dict[str, tuple[int, ...]]:
    """Return attributes of an ONNX convolution padded as Keras' "same"; map sides are multiples of the strides."""
    rows, columns = (max(size - stride, 0) for size, stride in zip(kernel.shape[:2], strides))
    pads = rows // 2, columns // 2, rows - rows // 2, columns - columns // 2  # top, left, bottom, right
    return {"kernel_shape": kernel.shape[:2], "pads": pads, "strides": strides}


def lstm_arrays(arrays: Arrays, name: str, units: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the arrays of a Keras `Bidirectional(LSTM)`, forward and backward, in the layout of ONNX.

    Returns:
        Kernels (2, 4 * units, F), recurrent kernels (2, 4 * units, units), biases (2, 8 * units).
    """
    cells = [f"{name}/{way}_lstm/lstm_cell" for way in ("forward", "backward")]
    shapes = {"kernel": (None, 4 * units), "recurrent_kernel": (units, 4 * units), "bias": (4 * units,)}
    kernels, recurrent, biases = (
        np.stack([_gates(array_of_shape(arrays, f"{cell}/{part}", *shape)) for cell in cells])
        for part, shape in shapes.items()
    )
    return kernels, recurrent, np.concatenate([biases, np.zeros_like(biases)], 1)  # Keras adds one bias, ONNX two


def _gates(array: np.ndarray) -> np.ndarray:
    """Reorder gates: Keras' (F, 4 * units) or (4 * units,), i, f, c, o -> ONNX' (4 * units, ...), i, o, f, c."""
    i, f, c, o = np.split(array.T, 4)
    return np.concatenate([i, o, f, c]).astype(np.float32)


def batch_first(graph: Graph, y: str, units: int) -> str:
    """Rearrange outputs of an ONNX LSTM, (T, 2, N, units), to those of Keras: (N, T, 2 * units)."""
    return graph.add("Reshape", graph.add("Transpose", y, perm=(2, 0, 1, 3)), ints(0, 0, 2 * units))


def array_of_shape(arrays: Arrays, name: str, *shape: int | None) -> np.ndarray:
    """Return the array of this name.

    Raises:
        KeyError: There is none.
        ValueError: Its shape is another one; None stands for any size.
    """
    array = arrays[name]
    if len(array.shape) != len(shape) or any(s is not None and s != a for s, a in zip(shape, array.shape)):
        raise ValueError(f"{name} has the shape {array.shape}, not {shape}")
    return array


def dense(graph: Graph, x: str, arrays: Arrays, name: str) -> str:
    """Add a Keras `Dense` without activation, over the last axis."""
    return graph.add("Add", graph.add("MatMul", x, arrays[f"{name}/kernel"]), arrays[f"{name}/bias"])
