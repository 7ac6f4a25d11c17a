"""Windows of an image through CTPN: how likely each is a line of text, a formula, or neither.

A window is scaled so that it is `WINDOW_HEIGHT` pixels high (see `WindowScorer`), given `context_pad` pixels of its
surroundings on every side, and put on the anchor grid so that an anchor fits it: its top and bottom lie evenly around
the middle of a row of cells, its left edge on the edge of a column. The probabilities of a window are those of the
anchors of that row whose height is nearest to the window's, averaged over the columns, each weighted by how much of it
the window covers. That is what the network was trained to tell: an anchor is a positive example exactly when it fits
a strip of a line (section 3.2 of the CTPN paper). So a window that cuts a line, or holds two, scores low, as it
should.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.ctpn.detector import MAX_BATCH_PIXELS
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.refine.views import MAX_ENLARGEMENT
from ctpn_crnn.runtime import Network

WINDOW_HEIGHT = 48
"""Height of a window in the network's input, pixels."""

MAX_WINDOW_WIDTH = 1792
"""Widest window in the network's input; a wider one is shrunk further."""

MAX_CONTEXT_PAD = 256
_WIDTH_STEP = 64
"""Inputs are as wide as a multiple of this, so that many share a batch."""


class WindowScorer:
    """Scores windows with the class probabilities of CTPN.

    Args:
        network: A CTPN; `runtime.Network`.
        context_pad: Pixels of the network's input that show what surrounds a window, on each side.
        fill: (3,), R, G, B in 0..255, what stands for the outside of the image.

    Raises:
        ConfigError: `context_pad` is negative or more than 256.
    """

    def __init__(self, network: Network, context_pad: int, fill: np.ndarray) -> None:
        check_context_pad(context_pad)
        self._network = network
        self._pad = context_pad
        self._fill = np.asarray(fill, np.float32)
        self._heights = np.asarray(network.config.get("heights", ANCHOR_HEIGHTS), np.float64)

    def score(self, image: np.ndarray, windows: np.ndarray) -> np.ndarray:
        """Class probabilities of windows.

        Args:
            image: uint8 (H, W, 3), BGR.
            windows: (W, 4): ymin, xmin, ymax, xmax in pixels (edges), inside the image.

        Returns:
            float64 (W, classes); each row sums to 1.
        """
        places = [place_window(window, self._pad) for window in windows]
        rows: dict[int, np.ndarray] = {}
        for batch in _batches(places):
            crops = np.stack([cut(image, windows[i], places[i], self._pad, self._fill) for i in batch])
            logits = self._network.predict(crops)[0]
            rows.update((i, self._probabilities(heads, places[i])) for i, heads in zip(batch, logits))
        classes = len(next(iter(rows.values()))) if rows else 0
        return np.array([rows[i] for i in range(len(places))]).reshape(len(places), classes)

    def _probabilities(self, logits: np.ndarray, place: Place) -> np.ndarray:
        """Logits (rows, columns, k, classes) of one input -> (classes,)."""
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
        ConfigError: It is negative or more than 256.
    """
    if not 0 <= pixels <= MAX_CONTEXT_PAD:
        raise ConfigError(f"context_pad is {pixels}: give 0 to {MAX_CONTEXT_PAD} pixels")


@dataclass(frozen=True)
class Place:
    """Where a window lies in the network's input: `top`, `left`, `height`, `width` in pixels, inside an input of
    `size` (height, width), whose sides are multiples of 16."""

    top: int
    left: int
    height: int
    width: int
    size: tuple[int, int]


def place_window(window: Sequence[float] | np.ndarray, pad: int) -> Place:
    """Lay a window (ymin, xmin, ymax, xmax) out in the network's input."""
    ymin, xmin, ymax, xmax = (float(edge) for edge in window)
    scale = min(WINDOW_HEIGHT / (ymax - ymin), MAX_ENLARGEMENT, MAX_WINDOW_WIDTH / (xmax - xmin))
    height, width = max(1, round((ymax - ymin) * scale)), max(1, round((xmax - xmin) * scale))
    top = pad + (STRIDE // 2 - pad - height // 2) % STRIDE
    left = pad + -pad % STRIDE
    size = _up(top + height + pad, STRIDE), _up(left + width + pad, _WIDTH_STEP)
    return Place(top, left, height, width, size)


def cut(
    image: np.ndarray, window: Sequence[float] | np.ndarray, place: Place, pad: int, fill: np.ndarray
) -> np.ndarray:
    """The network's input for a window: the window with its context, the rest filled.

    Args:
        image: uint8 (H, W, 3), BGR.
        window: ymin, xmin, ymax, xmax, inside the image.
        place: Where it goes.
        pad: Pixels of context around it, in the input.
        fill: (3,), R, G, B: what stands around the context, and for the outside of the image.

    Returns:
        float32 (*place.size, 3), R, G, B, 0..255.
    """
    ymin, xmin, ymax, xmax = (float(edge) for edge in window)
    across = _Axis(xmin, xmax, place.left, place.width, pad, image.shape[1])
    down = _Axis(ymin, ymax, place.top, place.height, pad, image.shape[0])
    part = image[down.source, across.source]
    if min(across.scale, down.scale) < 1:  # a mere warp would skip pixels
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
        scale: Pixels of the input for one of the image.
        shown: The part of the input that shows the image.
        source: The pixels of the image that it takes, one more on each side for interpolation.
    """

    def __init__(self, low: float, high: float, start: int, length: int, pad: int, limit: int) -> None:
        self.scale = length / (high - low)
        self._origin = low - start / self.scale  # of the input, in pixels of the image
        first, last = max(0.0, self.at(start - pad)), min(float(limit), self.at(start + length + pad))
        self.shown = slice(round((first - self._origin) * self.scale), round((last - self._origin) * self.scale))
        self.source = slice(max(0, int(first) - 1), min(limit, int(np.ceil(last)) + 1))

    def at(self, place: float) -> float:
        """Place in the input -> place in the image, pixel edges."""
        return self._origin + place / self.scale

    def map(self, shrunk: int, part: int, column: int) -> list[float]:
        """A row of the matrix from the centres of the input's pixels to those of the shrunk part."""
        ratio = shrunk / part
        row = [0.0, 0.0, (self.at(0.5) - self.source.start) * ratio - 0.5]
        row[column] = ratio / self.scale
        return row


def _batches(places: Sequence[Place]) -> Iterator[list[int]]:
    """Indices of inputs of one size, as many at once as memory allows."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for i, place in enumerate(places):
        by_size.setdefault(place.size, []).append(i)
    for (height, width), members in by_size.items():
        most = max(1, MAX_BATCH_PIXELS // (height * width))
        for start in range(0, len(members), most):
            yield members[start : start + most]


def _up(value: int, step: int) -> int:
    return -(-value // step) * step
