"""Winograd's convolution against one written down plainly."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.runtime.onnx_graph import Graph
from ctpn_crnn.runtime.onnx_network import _make_session, _options
from ctpn_crnn.runtime.winograd import winograd_convolution


def plain(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(N, C, H, W) by (3, 3, C, F), zero-padded, in float64."""
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    height, width = x.shape[2:]
    result = np.zeros((len(x), kernel.shape[3], height, width)) + bias[:, None, None]
    for i in range(3):
        for j in range(3):
            result += np.einsum("nchw,cf->nfhw", padded[:, :, i : i + height, j : j + width], kernel[i, j])
    return result


@pytest.mark.parametrize("multiple", [1, 4])
def test_it_convolves(multiple):
    random = np.random.default_rng(0)
    kernel, bias = random.normal(size=(3, 3, 5, 7)).astype(np.float32), random.normal(size=7).astype(np.float32)
    graph = Graph("winograd")
    x = graph.input("image", ("n", 5, "h", "w"))
    graph.output("y", winograd_convolution(graph, x, kernel, bias, multiple), ("n", 7, "h", "w"))
    session = _make_session(graph, _options(1))
    parameters = {name: compute() for name, compute in graph.parameters.items()}
    sizes = [(1, 4, 4), (2, 8, 12), (3, 16, 4)]
    sizes += [(1, 1, 1), (2, 3, 5), (1, 6, 9), (2, 2, 16)] if multiple == 1 else []
    for count, height, width in sizes:
        image = random.normal(size=(count, 5, height, width)).astype(np.float32)
        (y,) = session.run(None, {"image": image, **parameters})
        assert y == pytest.approx(plain(image, kernel, bias), abs=1e-4)
