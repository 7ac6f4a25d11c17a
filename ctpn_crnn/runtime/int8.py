"""Convolutions in 8-bit integers, as nodes of an ONNX graph.

Maps are uint8, x = scale * (q - zero); behind a ReLU zero is 0, so that clipping at 0 is the ReLU itself. Kernels are
int8 with a scale for each output channel, sums and biases int32 (Jacob et al., "Quantization and Training of Neural
Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, arXiv 1712.05877, section 2). What a layer's
values reach is measured once (`ctpn_crnn.export.fit_ranges`) and kept in the weights file; kernels are rounded when it
is loaded. The layers behind the convolutions stay in float32: they take little time and lose most.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime.machine import has_int8_sums
from ctpn_crnn.runtime.onnx_graph import Graph
from ctpn_crnn.runtime.onnx_layers import SAME, FloatMaps, Pads
from ctpn_crnn.runtime.onnx_networks import build_graph
from ctpn_crnn.weights import RANGES, WeightsFile

LEVELS = 255
"""Steps of a uint8 map."""


def build_int8_graph(file: WeightsFile) -> Graph:
    """`onnx_networks.build_graph` with its convolutions in 8-bit integers.

    Raises:
        WeightsError: As there; or the file does not say what the values of the layers reach.
    """
    ranges = file.config.get(RANGES)
    if not isinstance(ranges, dict):
        raise WeightsError(
            f"{file.path} does not say what the values of its layers reach, which precision='int8' needs: run "
            "tools/fit_int8.py on it once, or give precision='float32'"
        )
    return build_graph(file, partial(Int8Maps, ranges=ranges))


class Int8Maps(FloatMaps):
    """See `FloatMaps`; between `start` and `finish` the values are uint8.

    Without an instruction that sums products of 8 bits in 32 (VNNI), pairs of them are added in 16 bits, which 8-bit
    kernels overflow: they get 7 bits then.

    Args:
        graph: Where to.
        ranges: The greatest value that each layer is to have, behind its ReLU.
    """

    def __init__(self, graph: Graph, ranges: Mapping[str, float]) -> None:
        super().__init__(graph)
        self._ranges = ranges
        self._limit = 127 if has_int8_sums() else 63
        self._steps: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # scale and zero of each map

    def start(self, x: str, least: float, greatest: float) -> str:
        scale = (greatest - least) / LEVELS
        step = _scalar(scale), np.array(round(-least / scale), np.uint8)
        return self._as(step, self.graph.add("QuantizeLinear", x, *step))

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
        given, made = self._steps[x], (_scalar(float(self._ranges[name]) / LEVELS), np.array(0, np.uint8))
        weights, scales = quantized(kernel, self._limit)
        y = self.graph.add(
            "QLinearConv",
            x,
            *given,
            weights,
            scales,
            np.zeros(len(scales), np.int8),
            *made,
            np.rint(bias / (scales * given[0])).astype(np.int32),
            kernel_shape=kernel.shape[:2],
            pads=pads,
            strides=strides,
        )
        return self._as(made, y)

    def max_pool(self, x: str, size: tuple[int, int]) -> str:
        return self._as(self._steps[x], super().max_pool(x, size))

    def finish(self, x: str) -> str:
        return self.graph.add("DequantizeLinear", x, *self._steps[x])

    def projection(self, x: str, kernel: np.ndarray, bias: np.ndarray) -> str:
        step = _scalar(1 / (LEVELS // 2)), np.array(LEVELS // 2 + 1, np.uint8)
        weights, scales = quantized(kernel[None, None], self._limit)
        columns = np.ascontiguousarray(weights[:, :, 0, 0].T)
        product = ("com.microsoft::MatMulIntegerToFloat", self.graph.add("QuantizeLinear", x, *step), columns)
        return self.graph.add(*product, step[0], scales, step[1], np.zeros(len(scales), np.int8), bias)

    def _as(self, step: tuple[np.ndarray, np.ndarray], x: str) -> str:
        self._steps[x] = step
        return x


def quantized(kernel: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """A kernel in integers from -limit to limit: (height, width, C, F) -> int8 (F, C, height, width), float32 (F,)."""
    weights = kernel.transpose(3, 2, 0, 1)
    scales = np.abs(weights).max((1, 2, 3)) / limit
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.rint(weights / scales[:, None, None, None]).astype(np.int8), scales


def _scalar(value: float) -> np.ndarray:
    return np.array(value, np.float32)
