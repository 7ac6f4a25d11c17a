"""Score windows of an image by CTPN: how likely each is a line of text, a formula, or neither.

A window is scaled to a height of `WindowLayout.height` pixels, gets `context_pad` pixels of its surroundings on every
side, and is placed on the anchor grid so that an anchor fits it: vertically it is centred on a row of cells, and its
left edge lies on the edge of a column. Its probabilities are those of the anchors in that row whose height is nearest
to the window's, averaged over the columns, each weighted by how much of it the window covers.

In training an anchor is positive exactly when it fits a strip of a line (section 3.2 of the CTPN paper). A window that
cuts a line, or holds two lines, therefore scores low.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.ctpn.detector import MAX_BATCH_PIXELS
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import Network

MAX_CONTEXT_PAD = 256
"""Largest context of a window, in pixels of the network's input."""


@dataclass(frozen=True)
class WindowLayout:
    """How windows are placed in the network's input. All lengths are in pixels of that input.

    Attributes:
        height: Height of a window.
        max_width: Widest window; a wider one is scaled down further. The largest side that the detector uses too.
        max_enlargement: Largest factor by which a window is enlarged; that of the detector for small photographs.
        width_step: Inputs are as wide as a multiple of this, so that many of them share a batch.
    """

    height: int = 48
    max_width: int = 1792
    max_enlargement: float = 3.0
    width_step: int = 64


class WindowScorer:
    """Scores windows by the class probabilities of CTPN.

    Args:
        network: A CTPN.
        context_pad: Pixels of the network's input, on each side of a window, that show its surroundings.
        fill: (3,), R, G, B in 0..255, the colour outside of the image.
        layout: How windows are placed in the network's input.

    Raises:
        ConfigError: `context_pad` is negative or more than 256.
    """

    def __init__(
        self, network: Network, context_pad: int, fill: np.ndarray, layout: WindowLayout = WindowLayout()
    ) -> None:
        check_context_pad(context_pad)
        self._network = network
        self._pad = context_pad
        self._layout = layout
        self._fill = np.asarray(fill, np.float32)
        self._heights = np.asarray(network.config.get("heights", ANCHOR_HEIGHTS), np.float64)

    def score(self, image: np.ndarray, windows: np.ndarray) -> np.ndarray:
        """Score windows.

        Args:
            image: uint8 (H, W, 3), BGR.
            windows: (W, 4): ymin, xmin, ymax, xmax in pixels (edges), inside the image.

        Returns:
            float64 (W, classes); each row sums to 1.
        """
        places = [place_window(window, self._pad, self._layout) for window in windows]
        rows: dict[int, np.ndarray] = {}
        for batch in _batches(places):
            crops = np.stack([cut(image, windows[i], places[i], self._pad, self._fill) for i in batch])
            logits = self._network.predict(crops)[0]
            rows.update((i, self._probabilities(heads, places[i])) for i, heads in zip(batch, logits))
        classes = len(next(iter(rows.values()))) if rows else 0
        return np.array([rows[i] for i in range(len(places))]).reshape(len(places), classes)

    def _probabilities(self, logits: np.ndarray, place: Place) -> np.ndarray:
        """Class probabilities (classes,) of one window, from the logits (rows, columns, k, classes) of its input."""
        row = (2 * place.top + place.height) // (2 * STRIDE)
        k = int(np.argmin(np.abs(np.log(self._heights / place.height))))
        scores = logits[row, :, k].astype(np.float64)
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        start = np.arange(len(scores)) * STRIDE
        covered = np.minimum(start + STRIDE, place.left + place.width) - np.maximum(start, place.left)
        weights = np.maximum(covered, 0)
        return weights @ scores / weights.sum()


def check_context_pad(pixels: int) -> None:
    """Check the context of a window.

    Raises:
        ConfigError: It is negative or more than `MAX_CONTEXT_PAD`.
    """
    if not 0 <= pixels <= MAX_CONTEXT_PAD:
        raise ConfigError(f"context_pad is {pixels}: give 0 to {MAX_CONTEXT_PAD} pixels")


@dataclass(frozen=True)
class Place:
    """Where a window lies in the network's input, in pixels.

    Attributes:
        top: Top edge of the window.
        left: Left edge of the window.
        height: Height of the window.
        width: Width of the window.
        size: (height, width) of the input, multiples of 16.
    """

    top: int
    left: int
    height: int
    width: int
    size: tuple[int, int]


def place_window(window: Sequence[float] | np.ndarray, pad: int, layout: WindowLayout = WindowLayout()) -> Place:
    """Place a window (ymin, xmin, ymax, xmax) with `pad` pixels of context in the network's input."""
    ymin, xmin, ymax, xmax = (float(edge) for edge in window)
    scale = min(layout.height / (ymax - ymin), layout.max_enlargement, layout.max_width / (xmax - xmin))
    height, width = max(1, round((ymax - ymin) * scale)), max(1, round((xmax - xmin) * scale))
    top = pad + (STRIDE // 2 - pad - height // 2) % STRIDE
    left = pad + -pad % STRIDE
    size = _up(top + height + pad, STRIDE), _up(left + width + pad, layout.width_step)
    return Place(top, left, height, width, size)


def cut(
    image: np.ndarray, window: Sequence[float] | np.ndarray, place: Place, pad: int, fill: np.ndarray
) -> np.ndarray:
    """Make the network's input for a window: the window with its context, the rest filled.

    Args:
        image: uint8 (H, W, 3), BGR.
        window: ymin, xmin, ymax, xmax, inside the image.
        place: Where it lies in the input.
        pad: Pixels of context around it, in the input.
        fill: (3,), R, G, B: the colour around the context and outside of the image.

    Returns:
        float32 (*place.size, 3), R, G, B, 0..255.
    """
    ymin, xmin, ymax, xmax = (float(edge) for edge in window)
    across = _Axis(xmin, xmax, place.left, place.width, pad, image.shape[1])
    down = _Axis(ymin, ymax, place.top, place.height, pad, image.shape[0])
    part = image[down.source, across.source]
    if min(across.scale, down.scale) < 1:  # a warp alone would skip pixels
        size = max(1, round(part.shape[1] * across.scale)), max(1, round(part.shape[0] * down.scale))
        shrunk = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    else:
        shrunk = part
    matrix = np.array([across.map(shrunk.shape[1], part.shape[1], 0), down.map(shrunk.shape[0], part.shape[0], 1)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(shrunk, matrix, place.size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    crop = np.empty((*place.size, 3), np.float32)
    crop[:] = fill
    crop[down.shown, across.shown] = warped[down.shown, across.shown, ::-1]
    return crop


class _Axis:
    """One axis of a crop.

    Attributes:
        scale: Pixels of the input for one pixel of the image.
        shown: The part of the input that shows the image.
        source: The pixels of the image that it shows, with one more on each side for interpolation.
    """

    def __init__(self, low: float, high: float, start: int, length: int, pad: int, limit: int) -> None:
        self.scale = length / (high - low)
        self._origin = low - start / self.scale  # of the input, in pixels of the image
        first, last = max(0.0, self.at(start - pad)), min(float(limit), self.at(start + length + pad))
        self.shown = slice(round((first - self._origin) * self.scale), round((last - self._origin) * self.scale))
        self.source = slice(max(0, int(first) - 1), min(limit, int(np.ceil(last)) + 1))

    def at(self, place: float) -> float:
        """Map a place in the input to the image, both in pixel edges."""
        return self._origin + place / self.scale

    def map(self, shrunk: int, part: int, column: int) -> list[float]:
        """A row of the affine matrix from the centres of the input's pixels to those of the shrunk part."""
        ratio = shrunk / part
        row = [0.0, 0.0, (self.at(0.5) - self.source.start) * ratio - 0.5]
        row[column] = ratio / self.scale
        return row


def _batches(places: Sequence[Place]) -> Iterator[list[int]]:
    """Group the indices of inputs of one size, as many as memory allows."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for i, place in enumerate(places):
        by_size.setdefault(place.size, []).append(i)
    for (height, width), members in by_size.items():
        most = max(1, MAX_BATCH_PIXELS // (height * width))
        for start in range(0, len(members), most):
            yield members[start : start + most]


def _up(value: int, step: int) -> int:
    return -(-value // step) * step
