"""Layers in 8-bit integers, as nodes of an ONNX graph.

Maps are uint8, x = scale * q; behind a ReLU no value is below 0, so that clipping at 0 is the ReLU itself. Kernels are
int8 with a scale for each output channel, sums and biases int32 (Jacob et al., "Quantization and Training of Neural
Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, arXiv 1712.05877, section 2). The range of each
convolution's values is measured once (`ctpn_crnn.export.fit_ranges`) and kept in the weights file; kernels are rounded
when the file is loaded. LSTMs round their inputs at each step, by an operator of ONNX Runtime. The projection of a
reader rounds the LSTM's outputs, which lie between -1 and 1. All other layers stay in float32: they take little time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime.machine import has_int8_sums
from ctpn_crnn.runtime.onnx_graph import Graph, ints
from ctpn_crnn.runtime.onnx_layers import Arrays, FloatLayers, batch_first, geometry, lstm_arrays
from ctpn_crnn.weights import RANGES, WeightsFile

LEVELS = 255
"""Steps of a uint8 map."""

_CHANNELS = 4
"""ONNX Runtime copies every patch of a map whose number of channels is no multiple of it."""


def int8_layers(file: WeightsFile) -> Callable[[Graph], FloatLayers]:
    """Return a function from a graph to `Int8Layers` with the ranges of a weights file.

    Raises:
        WeightsError: The file holds no ranges.
    """
    ranges = file.config.get(RANGES)
    if not isinstance(ranges, dict):
        raise WeightsError(
            f"{file.path} holds no ranges of its layers' values, which precision='int8' needs: run tools/fit_int8.py "
            "on it once, or give precision='float32'"
        )
    return partial(Int8Layers, ranges=ranges)


class Int8Layers(FloatLayers):
    """Layers of a network in 8-bit integers; between `start` and `finish` the maps are uint8.

    A processor without an instruction that sums products of 8 bits in 32 (VNNI, ARM64's dot products) adds pairs of
    them in 16 bits. Kernels of 8 bits would overflow there, so they get 7 bits.

    Args:
        graph: The graph to add to.
        ranges: The greatest value of each convolution behind its ReLU, by the layer's name; greater ones are clipped.
    """

    def __init__(self, graph: Graph, ranges: Mapping[str, float]) -> None:
        super().__init__(graph)
        self._ranges = ranges
        self._limit = 127 if has_int8_sums() else 63
        self._steps: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # scale and zero of each map
        self._input: tuple[str, Callable[[np.ndarray], np.ndarray]]  # the map of `start`, and what fits kernels to it

    def start(self, x: str, factors: np.ndarray, offsets: np.ndarray) -> str:
        # The pixels stay as they are. An added channel of 255 carries the offsets: like them it is 0 in the padding.
        added = 1 + -(len(factors) + 1) % _CHANNELS
        step = _scalar(1), np.array(0, np.uint8)
        pixels = self.graph.add("QuantizeLinear", x, *step)
        x = self.graph.add("Pad", pixels, ints(0, 0, 0, 0, 0, added, 0, 0), np.array(LEVELS, np.uint8))
        self._input = x, lambda kernel: _on_pixels(kernel, factors, offsets, added)
        return self._with_step(step, x)

    def convolution(
        self,
        x: str,
        name: str,
        kernel: np.ndarray,
        bias: np.ndarray,
        *,
        strides: tuple[int, int] = (1, 1),
    ) -> str:
        if name not in self._ranges:
            raise WeightsError(f"the weights have no range for {name}, which int8 needs: run tools/fit_int8.py again")
        given, made = self._steps[x], (_scalar(float(self._ranges[name]) / LEVELS), np.array(0, np.uint8))
        if x == self._input[0]:
            kernel = self._input[1](kernel)
        weights, scales = quantize(kernel, self._limit)
        y = self.graph.add(
            "QLinearConv",
            x,
            *given,
            weights,
            scales,
            np.zeros(len(scales), np.int8),
            *made,
            np.rint(bias / (scales * given[0])).astype(np.int32),
            **geometry(kernel, strides),
        )
        return self._with_step(made, y)

    def max_pool(self, x: str, size: tuple[int, int]) -> str:
        return self._with_step(self._steps[x], super().max_pool(x, size))

    def finish(self, x: str) -> str:
        return self.graph.add("DequantizeLinear", x, *self._steps[x])

    def bidirectional_lstm(self, x: str, arrays: Arrays, name: str, units: int) -> str:
        kernels, recurrent, biases = lstm_arrays(arrays, name, units)
        (kernels, steps), (recurrent, recurrent_steps) = (_quantize_gates(a, self._limit) for a in (kernels, recurrent))
        zeros = np.zeros(steps.shape, np.int8)
        y = self.graph.add(
            "com.microsoft::DynamicQuantizeLSTM",
            *(x, kernels, recurrent, biases, "", "", "", "", steps, zeros, recurrent_steps, zeros),
            direction="bidirectional",
            hidden_size=units,
        )
        return batch_first(self.graph, y, units)

    def projection(self, x: str, arrays: Arrays, name: str) -> str:
        step = _scalar(1 / (LEVELS // 2)), np.array(LEVELS // 2 + 1, np.uint8)
        weights, scales = _quantize_matrix(arrays[f"{name}/kernel"], self._limit)
        product = ("com.microsoft::MatMulIntegerToFloat", self.graph.add("QuantizeLinear", x, *step), weights)
        zeros = np.zeros(len(scales), np.int8)
        return self.graph.add(*product, step[0], scales, step[1], zeros, arrays[f"{name}/bias"])

    def _with_step(self, step: tuple[np.ndarray, np.ndarray], x: str) -> str:
        self._steps[x] = step
        return x


def quantize(kernel: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Round a kernel to -limit..limit: (height, width, C, F) -> int8 (F, C, height, width), scales float32 (F,)."""
    weights = kernel.transpose(3, 2, 0, 1)
    scales = np.abs(weights).max((1, 2, 3)) / limit
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.rint(weights / scales[:, None, None, None]).astype(np.int8), scales


def _quantize_matrix(matrix: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Round a matrix to -limit..limit: (C, F) -> int8 (C, F), scales float32 (F,)."""
    weights, scales = quantize(matrix[None, None], limit)
    return np.ascontiguousarray(weights[:, :, 0, 0].T), scales


def _quantize_gates(arrays: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Round kernels of an LSTM: (2, 4 * units, F) -> int8 (2, F, 4 * units), scales float32 (2, 4 * units)."""
    weights, scales = zip(*(_quantize_matrix(array.T, limit) for array in arrays))
    return np.stack(weights), np.stack(scales)


def _on_pixels(kernel: np.ndarray, factors: np.ndarray, offsets: np.ndarray, added: int) -> np.ndarray:
    """Turn a kernel for pixels * factors - offsets into one for pixels and `added` channels of 255."""
    constant = -(kernel * offsets[:, None]).sum(2, keepdims=True) / LEVELS
    unused = np.zeros((*kernel.shape[:2], added - 1, kernel.shape[3]))
    return np.concatenate([kernel * factors[:, None], constant, unused], axis=2)


def _scalar(value: float) -> np.ndarray:
    return np.array(value, np.float32)
