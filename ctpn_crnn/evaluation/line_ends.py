"""How well the left and right ends of found lines agree with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.evaluation.detection import Match
from ctpn_crnn.evaluation.overlaps import HasQuad
from ctpn_crnn.geometry import crop_quad, quad_size

INK_LEVEL = 0.5
"""Ink is what lies further from a line's ground than this share of the line's contrast."""

LOST_INK = 0.01
"""Ink that counts as something lost, in squares as high as the line: a full stop has this much."""


class LineEndScore:
    """Distances between found and true ends of matched lines, along the true line, in pixels.

    Args:
        short_height: A line counts as short when an end of it lies further inside the truth than this share of the
            line's height. A Chinese character is about as wide as a line is high, a digit half of that.

    A short line need not lack anything: the true box of a line of Chinese often ends with the blank half of a full
    stop. It counts as cut where there is ink, in no line found, beyond its end.
    """

    def __init__(self, short_height: float = 0.25) -> None:
        self._short_height = short_height
        self._inward: list[tuple[float, float]] = []
        self._short = 0
        self._cut: int | None = 0

    def update(
        self,
        truth: Sequence[TruthRegion],
        found: Sequence[HasQuad],
        pairs: Sequence[Match],
        image: np.ndarray | None = None,
    ) -> None:
        """Add the matched lines of a page.

        Args:
            truth: The true lines.
            found: Those found.
            pairs: As `IouScore.update` gives them for the same lists.
            image: The page, uint8 (H, W) or (H, W, 3) BGR; without it nobody knows which lines are cut.
        """
        short: list[tuple[np.ndarray, tuple[float, float]]] = []
        for pair in pairs:
            quad = truth[pair.truth].quad
            inward = end_distances(quad, found[pair.found].quad)
            self._inward.append(inward)
            if max(inward) > self._short_height * quad_size(quad)[1]:
                short.append((quad, inward))
        self._short += len(short)
        if image is None:
            self._cut = None
        elif short and self._cut is not None:
            rest = _without([region.quad for region in found], image)
            self._cut += sum(_is_cut(rest, *line) for line in short)

    def summary(self) -> dict[str, Any]:
        """Return the scores, None without matched lines.

        Returns:
            lines; median_px and p90_px: of the distances of all ends; bias_px: median of the signed distances,
            positive where lines are found too short; short, cut: shares of the lines that are.
        """
        if not self._inward:
            return {"lines": 0, "median_px": None, "p90_px": None, "bias_px": None, "short": None, "cut": None}
        inward = np.array(self._inward)
        return {
            "lines": len(inward),
            "median_px": float(np.median(np.abs(inward))),
            "p90_px": float(np.percentile(np.abs(inward), 90)),
            "bias_px": float(np.median(inward)),
            "short": self._short / len(inward),
            "cut": None if self._cut is None else self._cut / len(inward),
        }


def end_distances(truth: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Return how far inside the true line the found left and right end lie, in pixels along the true line.

    Args:
        truth: Quad (4, 2).
        found: Quad (4, 2); may run the other way round.

    Returns:
        (left, right); negative where the found line reaches beyond the true one.
    """
    left, right = _ends(truth)
    length = float(np.hypot(*(right - left)))
    along = (right - left) / max(length, 1e-9)
    places = sorted(float((end - left) @ along) for end in _ends(found))
    return places[0], length - places[1]


def _without(quads: Sequence[np.ndarray], image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the grey image, and uint8 (H, W): 255 where no quad is."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    free = np.full(grey.shape, 255, np.uint8)
    for quad in quads:
        cv2.fillPoly(free, [np.round(quad).astype(np.int32)], 0)
    return grey, free


def _is_cut(rest: tuple[np.ndarray, np.ndarray], quad: np.ndarray, inward: tuple[float, float]) -> bool:
    """Whether there is ink in the true line's ends, so long in pixels, that lies in no line found."""
    line, free = (crop_quad(picture, quad) for picture in rest)
    height, width = line.shape
    away = np.abs(line.astype(np.int16) - int(np.median(line)))
    ink = (away > INK_LEVEL * np.percentile(away, 99)) & (free > 127)
    columns = np.arange(width)
    beyond = (columns < inward[0] - 1) | (columns >= width - inward[1] + 1)
    return bool(np.count_nonzero(ink[:, beyond]) > LOST_INK * height**2)


def _ends(quad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles of the left and of the right edge."""
    corners = np.asarray(quad, float)
    return (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
