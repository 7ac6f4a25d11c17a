"""How well the left and right ends of found lines agree with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.evaluation.detection import Match
from ctpn_crnn.evaluation.overlaps import HasQuad
from ctpn_crnn.geometry import quad_size


class LineEndScore:
    """Distances between found and true ends of matched lines, along the true line, in pixels.

    Args:
        cut_height: A line counts as cut when an end of it lies further inside the truth than this share of the line's
            height. A Chinese character is about as wide as a line is high, a digit half of that.
    """

    def __init__(self, cut_height: float = 0.25) -> None:
        self._cut_height = cut_height
        self._inward: list[tuple[float, float]] = []
        self._cut = 0

    def update(self, truth: Sequence[TruthRegion], found: Sequence[HasQuad], pairs: Sequence[Match]) -> None:
        """Add the matched lines of a page; `pairs` as `IouScore.update` gives them for the same lists."""
        for pair in pairs:
            quad = truth[pair.truth].quad
            inward = end_distances(quad, found[pair.found].quad)
            self._inward.append(inward)
            self._cut += max(inward) > self._cut_height * quad_size(quad)[1]

    def summary(self) -> dict[str, Any]:
        """Return the scores, None without matched lines.

        Returns:
            lines; median_px and p90_px: of the distances of all ends; bias_px: median of the signed distances,
            positive where lines are found too short; cut: share of the lines that are cut.
        """
        if not self._inward:
            return {"lines": 0, "median_px": None, "p90_px": None, "bias_px": None, "cut": None}
        inward = np.array(self._inward)
        return {
            "lines": len(inward),
            "median_px": float(np.median(np.abs(inward))),
            "p90_px": float(np.percentile(np.abs(inward), 90)),
            "bias_px": float(np.median(inward)),
            "cut": self._cut / len(inward),
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


def _ends(quad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles of the left and of the right edge."""
    corners = np.asarray(quad, float)
    return (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
