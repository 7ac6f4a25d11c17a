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


class LineEndScore:
    """Measures how far the found ends of matched lines lie from the true ends, along the true line, in pixels.

    A short line need not lack any text: the true box of a Chinese line often ends with the blank half of a full stop.
    A short line counts as cut only if there is ink beyond its end that lies in no found line.

    Args:
        short_height: A line is short when one of its ends lies further inside the true line than this share of the
            line's height. A Chinese character is about as wide as a line is high, a digit half as wide.
        ink_level: A pixel is ink when it differs from the line's ground by more than this share of its contrast.
        lost_ink: Least ink beyond the end of a cut line, in squares of the line's height. A full stop has about this
            much.
    """

    def __init__(self, short_height: float = 0.25, ink_level: float = 0.5, lost_ink: float = 0.01) -> None:
        self._short_height, self._ink_level, self._lost_ink = short_height, ink_level, lost_ink
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
            found: The lines found.
            pairs: The pairs that `IouScore.update` returns for these two lists.
            image: The page, uint8 (H, W) or (H, W, 3) BGR. If a page is added without it, `cut` stays unknown.
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
            grey, free = _outside([region.quad for region in found], image)
            self._cut += sum(self._is_cut(grey, free, *line) for line in short)

    def summary(self) -> dict[str, Any]:
        """Return the scores of all pages together; None without matched lines.

        Returns:
            lines: Number of matched lines.
            median_px, p90_px: Median and 90th percentile of the distances of all ends.
            bias_px: Median of the signed distances; positive where lines are found too short.
            short, cut: Shares of the lines that are short, and that are cut; cut is None if a page had no image.
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

    def _is_cut(self, grey: np.ndarray, free: np.ndarray, quad: np.ndarray, inward: tuple[float, float]) -> bool:
        """Return whether there is ink beyond the found ends of a true line that lies in no found line.

        Args:
            grey: uint8 (H, W), the page.
            free: uint8 (H, W), 255 where no found line is.
            quad: The true line.
            inward: Pixels by which the left and the right end were found too short.
        """
        line, uncovered = crop_quad(grey, quad), crop_quad(free, quad)
        height, width = line.shape
        contrast = np.abs(line.astype(np.int16) - int(np.median(line)))
        ink = (contrast > self._ink_level * np.percentile(contrast, 99)) & (uncovered > 127)
        columns = np.arange(width)
        beyond = (columns < inward[0] - 1) | (columns >= width - inward[1] + 1)
        return bool(np.count_nonzero(ink[:, beyond]) > self._lost_ink * height**2)


def end_distances(truth: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Return how far inside the true line the found left and right ends lie, in pixels along the true line.

    Args:
        truth: Quad (4, 2).
        found: Quad (4, 2); its direction does not matter.

    Returns:
        (left, right); negative where the found line reaches beyond the true one.
    """
    left, right = _ends(truth)
    length = float(np.hypot(*(right - left)))
    along = (right - left) / max(length, 1e-9)
    places = sorted(float((end - left) @ along) for end in _ends(found))
    return places[0], length - places[1]


def _outside(quads: Sequence[np.ndarray], image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the grey image, and a mask uint8 (H, W) that is 255 outside of all quads."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    free = np.full(grey.shape, 255, np.uint8)
    for quad in quads:
        cv2.fillPoly(free, [np.round(quad).astype(np.int32)], 0)
    return grey, free


def _ends(quad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the midpoints of a quad's left and right edges."""
    corners = np.asarray(quad, float)
    return (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
