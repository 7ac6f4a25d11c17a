"""Text and formulas that lie on each other: nothing is reported twice, and nothing beside a formula is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ctpn_crnn.geometry import Quad, box_to_quad, intersection_area, quad_area, quad_axes, quad_size
from ctpn_crnn.page import Region


@dataclass(frozen=True)
class OverlapParams:
    """When text belongs to a formula.

    Chosen on: 20 rendered pages with formulas.

    Attributes:
        max_inside: Share of a text region from which it is part of the formulas that it lies in.
        same_row: Share of the rows of a formula, or of a line if these are fewer, from which the formula stands in it.
    """

    max_inside: float = 0.5
    same_row: float = 0.5


DEFAULTS = OverlapParams()


def drop_text_in_formulas(regions: Sequence[Region], params: OverlapParams = DEFAULTS) -> list[Region]:
    """Return the regions, text first, then formulas, without the text that lies inside a formula."""
    formulas = [r for r in regions if r.kind == "formula"]
    others = [r for r in regions if r.kind not in ("text", "formula")]
    return drop_covered([r for r in regions if r.kind == "text"], formulas, params.max_inside) + formulas + others


def drop_covered(regions: Sequence[Region], others: Sequence[Region], max_inside: float) -> list[Region]:
    """Return the regions of which no more than the share `max_inside` lies in the other ones."""
    if not others:
        return list(regions)
    corners = np.stack([r.quad for r in others])
    low, high = corners.min(axis=1), corners.max(axis=1)

    def is_covered(region: Region) -> bool:
        near = ((region.quad.min(axis=0) < high) & (region.quad.max(axis=0) > low)).all(axis=1)
        common = sum(intersection_area(region.quad, others[i].quad) for i in np.flatnonzero(near))
        return common > max_inside * quad_area(region.quad)

    return [r for r in regions if not is_covered(r)]


def blank_formulas(grey: np.ndarray, formulas: Sequence[Quad]) -> np.ndarray:
    """Return the image, uint8 (H, W), with bare ground where formulas are.

    No line then runs on along its ink through a formula into the line beyond.
    """
    if not formulas:
        return grey
    grey = grey.copy()
    for quad in formulas:
        (left, top), (right, bottom) = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
        inside = grey[max(0, top) : bottom, max(0, left) : right]
        if inside.size:
            cv2.fillConvexPoly(grey, np.round(quad).astype(np.int32), float(np.median(inside)))
    return grey


def cut_by_formulas(
    lines: Sequence[Region], formulas: Sequence[Quad], params: OverlapParams = DEFAULTS
) -> list[Region]:
    """Return the lines, each as the pieces that the formulas which stand in it leave over."""
    if not formulas:
        return list(lines)
    return [replace(line, quad=piece) for line in lines for piece in _pieces_beside(line.quad, formulas, params)]


def _pieces_beside(quad: Quad, others: Sequence[Quad], params: OverlapParams) -> list[Quad]:
    """Return what is left of a line beside other regions in its row."""
    width, height = quad_size(quad)
    middle, along, down = quad_axes(quad)
    whole = [(-width / 2, width / 2)]
    spans = whole
    for other in others:
        across, rows = (other - middle) @ along, (other - middle) @ down
        common = min(rows.max(), height / 2) - max(rows.min(), -height / 2)
        if common > params.same_row * min(height, np.ptp(rows)):
            low, high = across.min(), across.max()
            spans = [s for left, right in spans for s in ((left, min(right, low)), (max(left, high), right))]
    spans = [(left, right) for left, right in spans if right - left >= min(1.0, width)]
    if spans == whole:
        return [quad]
    boxes = [box_to_quad(left, -height / 2, right, height / 2) for left, right in spans]
    return [middle + box[:, :1] * along + box[:, 1:] * down for box in boxes]
