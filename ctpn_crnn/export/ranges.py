"""Ranges of the values of a network's convolutions: measured once, for its maps in 8-bit integers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.export.definitions import DEFINITIONS
from ctpn_crnn.export.inputs import image_batches
from ctpn_crnn.runtime.int8 import LEVELS
from ctpn_crnn.runtime.onnx_graph import Graph
from ctpn_crnn.runtime.onnx_layers import FloatLayers
from ctpn_crnn.runtime.onnx_network import GraphRun, build_graph
from ctpn_crnn.weights import WeightsFile, read_weights

BINS = 4096
"""Number of bins of the histogram of a layer's values."""

_LEAST = 0.2
"""Smallest share of the greatest value that is tried as the end of the range."""


def fit_ranges(
    weights: str | os.PathLike[str], images: Iterable[Any], advance: Callable[[], object] = lambda: None
) -> dict[str, float]:
    """Measure the greatest value that each convolution's output is to have in 8-bit integers.

    With the greatest value measured, a few outliers would make the steps coarse for all other values. So a range ends
    where the mean squared error is least: that of rounding the values below the end, and of clipping those above.

    Args:
        weights: A weights file.
        images: A few dozen of the kind to be read, pages for a detector, lines for a reader; neither trained on nor
            scored.
        advance: Called after each image; every image is used twice.

    Returns:
        Name of the layer -> end of its range, for `set_ranges`.

    Raises:
        ConfigError: There are no images.
        ImageError: One cannot be read.
        WeightsError: The file is missing, damaged, or not of our architecture.
    """
    file = read_weights(weights)
    batches = image_batches(file.kind, images)
    if not batches:
        raise ConfigError("ranges are measured on images: give some of the kind to be read.")
    return ranges_on(file, batches, advance)


def ranges_on(
    file: WeightsFile, batches: Sequence[np.ndarray], advance: Callable[[], object] = lambda: None
) -> dict[str, float]:
    """Fit the ranges, as `fit_ranges` describes, of weights already read, on batches that `image_batches` made."""
    names: list[str] = []
    run = GraphRun(build_graph(DEFINITIONS[file.kind], file, partial(_WatchedLayers, names=names)))

    def watched(batch: np.ndarray) -> dict[str, np.ndarray]:
        values = dict(zip(names, run(batch)))
        advance()
        return values

    greatest = dict.fromkeys(names, 1e-6)
    for batch in batches:
        for name, values in watched(batch).items():
            greatest[name] = max(greatest[name], float(values.max()))
    histograms = {name: np.zeros(BINS) for name in names}
    for batch in batches:
        for name, values in watched(batch).items():
            histograms[name] += np.histogram(values, BINS, (0.0, greatest[name]))[0]
    return {name: best_end(histograms[name], greatest[name]) for name in names}


def best_end(histogram: np.ndarray, greatest: float) -> float:
    """Return the end of the range with the least mean squared error.

    Args:
        histogram: Number of values in each of equal bins from 0 to `greatest`. Rounding costs the first bin nothing:
            it holds the zeros of the ReLU.
        greatest: The greatest value.
    """
    centres = (np.arange(len(histogram)) + 0.5) / len(histogram)

    def error(end: float) -> float:
        inside = centres <= end
        rounding = (end / LEVELS) ** 2 / 12 * histogram[1:][inside[1:]].sum()
        return float(rounding + (histogram * np.square(np.maximum(centres - end, 0.0))).sum())

    return greatest * float(min(np.linspace(_LEAST, 1.0, 81), key=error))


class _WatchedLayers(FloatLayers):
    """Layers in float32 whose maps are also outputs of the graph, ahead of the network's own."""

    def __init__(self, graph: Graph, names: list[str]) -> None:
        super().__init__(graph)
        self._names = names

    def convolution(self, x: str, name: str, *arrays: np.ndarray, **how: Any) -> str:
        y = super().convolution(x, name, *arrays, **how)
        self._names.append(name)
        self.graph.output(f"watched_{name}", y, (f"{name}_n", f"{name}_c", f"{name}_h", f"{name}_w"))
        return y
