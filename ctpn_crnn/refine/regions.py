"""Regions: what CTPN found, fitted to its ink, and one of several that lie on each other."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.geometry import Quad, box_to_quad, clip_quad, intersection_area, quad_area, quad_size
from ctpn_crnn.page import Region
from ctpn_crnn.refine.ink import fit_to_ink, rest_of_rows, trim_to_ink
from ctpn_crnn.refine.ruled_lines import without_rules

INSIDE = 0.5
"""Text of which more than this share lies in a formula is part of the formula; a weak line, part of the sure ones."""

PAGE_LINES = 8
"""Weak lines are looked for on a page of which at least so many sure ones, and half of all, were fitted to ink."""

ROW_SCORE = 0.4
"""Score of text that CTPN did not see, but that stands in one row with lines of a page."""

TALL = 2 * STRIDE
"""Lines higher than this, in pixels of the view, CTPN places well: its strips are coarse for small print only."""

SAME_INK = 0.6
"""A tall line is fitted to ink only if line and ink agree so far, as IoU: on a photograph other ink is no letters."""

IN_ROW = 0.5
"""A formula that shares more than this part of its rows, or of a line's, with the line stands in it, ..."""

LEAST_PIECE = 0.4
"""... and what it leaves of the line must be as long as this, in heights of the line."""

ROOM = (0.1, 0.05)
"""What is added at each end, and above and below, of a line on a photograph, in heights of the line: strips end within
strokes. Chosen on rendered scenes, by DetEval and IoU, and on readings of photographs of the training set."""

SAME_LINE = 0.5
"""Of two fitted lines that share more than this part of the smaller one, the weaker is dropped."""


def without_text_in_formulas(regions: list[Region]) -> list[Region]:
    """Drop text that lies inside a formula, so that nothing is reported twice."""
    formulas = [r for r in regions if r.kind == "formula"]
    others = [r for r in regions if r.kind not in ("text", "formula")]
    return outside([r for r in regions if r.kind == "text"], formulas) + formulas + others


def outside(regions: list[Region], others: list[Region]) -> list[Region]:
    """Return the regions of which no more than `INSIDE` lies in the other ones."""
    if not others:
        return regions
    corners = np.stack([r.quad for r in others])
    low, high = corners.min(axis=1), corners.max(axis=1)

    def covered(region: Region) -> bool:
        near = ((region.quad.min(axis=0) < high) & (region.quad.max(axis=0) > low)).all(axis=1)
        common = sum(intersection_area(region.quad, others[i].quad) for i in np.flatnonzero(near))
        return common > INSIDE * quad_area(region.quad)

    return [r for r in regions if not covered(r)]


def fitted(
    grey: np.ndarray, sure: list[Region], weak: list[Region], strips: np.ndarray, tall: float, page: bool
) -> list[Region]:
    """Fit text and formulas to their ink.

    Of a page's weak lines those stay that ink confirms and that are not yet there, and ink in one row with lines is
    text too. On a photograph either would be leaves and tiles, and a line that went on along its ink would follow the
    edge of the sign: there the lines stay where they are, with some room around them.

    Args:
        grey: uint8 (H, W), the source image.
        sure: Regions found, in its pixels.
        weak: Lines of less sure strips.
        strips: Boxes (S, 4) of the surest strips of text, which tell a gap between words from one between cells.
        tall: Height from which lines are placed well by themselves, in its pixels.
        page: Whether it is a page, see `views.is_page`.
    """
    formulas = [replace(r, quad=clip_quad(trim_to_ink(grey, r.quad), grey.shape)) for r in sure if r.kind == "formula"]
    text = [r for r in sure if r.kind == "text"]
    if page:
        kept = _lines_of_page(_blanked(grey, [r.quad for r in formulas]), text, weak, strips, tall)
    else:
        kept = _with_quads(text, [[_with_room(r.quad)] for r in text], grey.shape)
    lines = _cut_by(_distinct(kept), [r.quad for r in formulas])
    return lines + formulas + [r for r in sure if r.kind not in ("text", "formula")]


def _lines_of_page(
    grey: np.ndarray, text: list[Region], weak: list[Region], strips: np.ndarray, tall: float
) -> list[Region]:
    """Return the lines of a page fitted to their ink, with weak ones and the rest of their rows where many were."""
    if text:
        grey = without_rules(grey, float(np.median([quad_size(r.quad)[1] for r in text])))
    fits = _fits(grey, text, strips, tall)
    kept = _with_quads(text, [[r.quad] if quads is None else quads for r, quads in zip(text, fits)], grey.shape)
    if sum(map(bool, fits)) >= max(PAGE_LINES, len(fits) / 2):
        weak = outside(weak, kept)
        kept += _with_quads(weak, [quads or [] for quads in _fits(grey, weak, strips, tall)], grey.shape)
        kept = _distinct(kept)
        pieces = rest_of_rows(grey, [r.quad for r in kept])
        kept += [Region(clip_quad(quad, grey.shape), ROW_SCORE, "text") for quad in pieces]
    return kept


def _blanked(grey: np.ndarray, formulas: list[Quad]) -> np.ndarray:
    """Return the image with bare ground where formulas are: no line runs through one into the line beyond."""
    if not formulas:
        return grey
    grey = grey.copy()
    for quad in formulas:
        (left, top), (right, bottom) = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
        inside = grey[max(0, top) : bottom, max(0, left) : right]
        if inside.size:
            cv2.fillConvexPoly(grey, np.round(quad).astype(np.int32), float(np.median(inside)))
    return grey


def _cut_by(lines: list[Region], formulas: list[Quad]) -> list[Region]:
    """Take the formulas out of the lines in which they stand: the ink of a line runs on over them."""
    if not formulas:
        return lines
    return [replace(line, quad=piece) for line in lines for piece in _pieces_beside(line.quad, formulas)]


def _pieces_beside(quad: Quad, others: list[Quad]) -> list[Quad]:
    """Return what is left of a line beside other regions in its row, as pieces no shorter than `LEAST_PIECE`."""
    width, height = quad_size(quad)
    middle, along, down = _frame(quad)
    whole = [(-width / 2, width / 2)]
    spans = whole
    for other in others:
        across, rows = (other - middle) @ along, (other - middle) @ down
        common = min(rows.max(), height / 2) - max(rows.min(), -height / 2)
        if common > IN_ROW * min(height, np.ptp(rows)):
            low, high = across.min(), across.max()
            spans = [s for left, right in spans for s in ((left, min(right, low)), (max(left, high), right))]
    spans = [(left, right) for left, right in spans if right - left >= min(LEAST_PIECE * height, width)]
    if spans == whole:
        return [quad]
    boxes = [box_to_quad(left, -height / 2, right, height / 2) for left, right in spans]
    return [middle + box[:, :1] * along + box[:, 1:] * down for box in boxes]


def _frame(quad: Quad) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a line's middle and the unit vectors along and across it, each (2,)."""
    along = (quad[1] + quad[2] - quad[0] - quad[3]) / (2 * max(quad_size(quad)[0], 1e-6))
    return quad.mean(axis=0), along, np.array([-along[1], along[0]])


def _with_room(quad: Quad) -> Quad:
    """Return a line with `ROOM` around it."""
    _, along, down = _frame(quad)
    (ends, sides), height = ROOM, quad_size(quad)[1]
    outward = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * height
    return quad + outward[:, :1] * ends * along + outward[:, 1:] * sides * down


def _fits(grey: np.ndarray, regions: list[Region], strips: np.ndarray, tall: float) -> list[list[Quad] | None]:
    """Return what `fit_to_ink` makes of each region; None also for one higher than `tall` that it would change much."""

    def agree(quad: Quad, fit: list[Quad]) -> bool:
        common = sum(intersection_area(quad, piece) for piece in fit)
        return common > SAME_INK * (quad_area(quad) + sum(map(quad_area, fit)) - common)

    quads = [region.quad for region in regions]
    return [
        None if fit and quad_size(quad)[1] > tall and not agree(quad, fit) else fit
        for quad, fit in zip(quads, fit_to_ink(grey, quads, strips), strict=True)
    ]


def _with_quads(regions: list[Region], quads: list[list[Quad]], shape: tuple[int, ...]) -> list[Region]:
    """Return each region once for each of its quads, which are kept inside the image."""
    return [
        replace(region, quad=clip_quad(quad, shape))
        for region, several in zip(regions, quads, strict=True)
        for quad in several
    ]


def _distinct(regions: list[Region]) -> list[Region]:
    """Make one of lines that mostly lie in one another: the stronger one, as long as both where they share a row."""
    kept: list[Region] = []
    boxes = np.empty((len(regions), 4), np.float32)  # of `kept`
    for region in regions:
        low, high = region.quad.min(axis=0), region.quad.max(axis=0)
        so_far = boxes[: len(kept)]
        near = np.flatnonzero(((so_far[:, :2] < high) & (so_far[:, 2:] > low)).all(axis=1))
        area = quad_area(region.quad)
        same = [
            i
            for i in near
            if intersection_area(region.quad, kept[i].quad) > SAME_LINE * min(area, quad_area(kept[i].quad))
        ]
        if not same:
            place = len(kept)
            kept.append(region)
        else:
            place = same[0]
            kept[place] = replace(kept[place], quad=_as_long_as_both(kept[place].quad, region.quad))
        quad = kept[place].quad
        boxes[place] = *quad.min(axis=0), *quad.max(axis=0)
    return kept


def _as_long_as_both(line: Quad, other: Quad) -> Quad:
    """Return a line lengthened by another one in its row, of which it lacks one end."""
    height = quad_size(line)[1]
    middle, along, down = _frame(line)
    offset = (other.mean(axis=0) - middle) @ down
    if abs(offset) > 0.3 * height or not 0.6 < quad_size(other)[1] / max(height, 1e-6) < 1.6:
        return line
    reach = (other - middle) @ along
    left, right = (line[[0, 3]] - middle) @ along, (line[[1, 2]] - middle) @ along
    before, behind = left.mean() - reach.min(), reach.max() - right.mean()
    if (before > 0) == (behind > 0):  # One of the two holds the other: the stronger one knows best.
        return line
    longer = line.copy()
    longer[[0, 3]] -= np.outer(np.maximum(0, left - reach.min()), along)
    longer[[1, 2]] += np.outer(np.maximum(0, reach.max() - right), along)
    return longer
