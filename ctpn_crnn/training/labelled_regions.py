"""Labelled regions of a training page, and the ink of a page on which only some text is labelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ctpn_crnn.ctpn.anchors import IGNORE, not_class

KIND_CLASSES: Mapping[str, int] = {"text": 1, "formula": 2}
"""Class of the network for each kind of region; 0 is the background."""


class LabelledRegion(NamedTuple):
    """A region of a training page.

    Attributes:
        quad: (4, 2), pixels.
        kind: "text" or "formula".
        ignore: The region is neither text nor background: anchors on it have no loss.
        other: The region is known only not to be of its kind.
    """

    quad: np.ndarray
    kind: str = "text"
    ignore: bool = False
    other: bool = False

    @property
    def strip_kind(self) -> int:
        """Kind of the strips of the region, as `ctpn.anchors.strips_of_quads` takes it."""
        if self.ignore:
            return IGNORE
        return not_class(KIND_CLASSES[self.kind]) if self.other else KIND_CLASSES[self.kind]


@dataclass(frozen=True)
class InkRule:
    """What counts as ink, and as standing beside a region. Set by hand.

    Attributes:
        window: Side of the median window that finds the paper, as a share of the page's shorter side; at least
            `min_window` pixels to each side.
        min_window: Pixels.
        contrast: Grey levels, of 255, by which ink differs from the paper.
        gap: (height, width) in pixels of gaps that are closed between pieces of ink.
        min_area: Pixels of ink below which a piece is taken for noise.
        margin: Pixels added around a piece.
        beside: Distance from a region, in its heights, up to which ink that is level with it is of the same line.
        level: Share of a piece's height that must lie between top and bottom of the region.
        overlap: Share of a piece's width that may lie within the region.
    """

    window: float = 1 / 12
    min_window: int = 15
    contrast: int = 22
    gap: tuple[int, int] = (5, 15)
    min_area: int = 12
    margin: float = 2.0
    beside: float = 2.0
    level: float = 0.5
    overlap: float = 0.25


def unlabelled_ink(
    image: np.ndarray, regions: Sequence[LabelledRegion], rule: InkRule = InkRule()
) -> list[LabelledRegion]:
    """Find what is written on a page outside of the regions that are labelled.

    Ink beside a labelled region, on the same line, was left out of it on purpose: it is not of its kind (words that
    lead to a handwritten formula, say). All other ink is ignored.

    Args:
        image: BGR uint8 (H, W, 3).
        regions: What is labelled.
        rule: What counts as ink.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    # The median of a window much larger than a stroke is the paper, dark or light.
    paper = cv2.medianBlur(grey, 2 * max(rule.min_window, int(min(grey.shape) * rule.window)) + 1)
    ink = (cv2.absdiff(grey, paper) > rule.contrast).astype(np.uint8)
    for region in regions:
        cv2.fillPoly(ink, [np.round(region.quad).astype(np.int32)], 0)
    ink = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones(rule.gap, np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(ink)
    found = []
    for x, y, width, height, area in boxes[1:]:
        if area < rule.min_area:
            continue
        box = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)
        box += rule.margin * np.float32([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        beside = next((r for r in regions if not r.ignore and _is_beside(box, r.quad, rule)), None)
        if beside is None:
            found.append(LabelledRegion(box, "text", ignore=True))
        else:
            found.append(LabelledRegion(box, beside.kind, other=True))
    return found


def _is_beside(box: np.ndarray, quad: np.ndarray, rule: InkRule) -> bool:
    """Return whether a box lies left or right of a quad, close to it and level with it."""
    (x1, y1), (x2, y2) = box.min(axis=0), box.max(axis=0)
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    level = min(y2, bottom) - max(y1, top) >= rule.level * (y2 - y1)
    distance = max(left - x2, x1 - right)
    return bool(level and -rule.overlap * (x2 - x1) <= distance <= rule.beside * (bottom - top))
