"""Lines that CTPN found, improved by what the image itself shows.

On a page, lines are fitted to their ink, weak lines stay if ink confirms them, and ink in one row with lines is text
too. On a photograph either would be leaves and tiles, and a line that went on along its ink would follow the edge of
the sign: there the lines stay where they are, with some room around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ctpn_crnn.geometry import Quad, clip_quad, intersection_area, quad_area, quad_axes, quad_size
from ctpn_crnn.page import Region
from ctpn_crnn.refine.duplicates import DuplicateParams, drop_covered, merge_duplicates
from ctpn_crnn.refine.ink import InkParams, fit_to_ink, rest_of_rows, trim_to_ink
from ctpn_crnn.refine.ruled_lines import RuledLineParams, erase_ruled_lines


@dataclass(frozen=True)
class PageLineParams:
    """How the lines of an image are improved.

    Attributes:
        tall: Strides of the network, in its view; it places lines that are higher well: its strips are coarse for small
            print only.
        tall_agreement: IoU of a tall line and its ink from which it is fitted: on a photograph other ink is no letters.
            Chosen on: 40 pictures of the training part of MSRA-TD500, 30 rendered scenes, 24 rendered pages.
        min_fitted: Weak lines and further pieces of rows are looked for if so many lines were fitted to ink.
        sure_text: Least probability of the strips that hold a line together across a gap. Chosen on: rendered pages and
            the 30 receipts of sroie_dev that its score is not given for.
        row_score: Score of text that CTPN did not see, but that stands in one row with lines of a page.
        room: What is added at each end, and above and below, of a line on a photograph, in heights of the line: strips
            end within strokes. Chosen on: rendered scenes by DetEval and IoU, and readings of 100 pictures of the
            training part of MSRA-TD500.
        ink: How lines are fitted to ink.
        ruled_lines: Which rules are taken out before.
        duplicates: When two lines are one.
    """

    tall: float = 2.0
    tall_agreement: float = 0.6
    min_fitted: int = 8
    sure_text: float = 0.95
    row_score: float = 0.4
    room: tuple[float, float] = (0.1, 0.05)
    ink: InkParams = field(default_factory=InkParams)
    ruled_lines: RuledLineParams = field(default_factory=RuledLineParams)
    duplicates: DuplicateParams = field(default_factory=DuplicateParams)


DEFAULTS = PageLineParams()


@dataclass(frozen=True, eq=False)
class Source:
    """The image that lines were found in.

    Attributes:
        grey: uint8 (H, W).
        is_page: Whether it is a page, see `paper.Paper.is_page`; otherwise a photograph.
        stride: Of the network that found the lines, in pixels of this image.
        sure_text: Boxes (S, 4) of the surest strips of text, which tell a gap between words from one between cells.
    """

    grey: np.ndarray
    is_page: bool
    stride: float
    sure_text: np.ndarray


def improve_lines(
    source: Source, sure: Sequence[Region], weak: Sequence[Region], params: PageLineParams = DEFAULTS
) -> list[Region]:
    """Fit text and formulas to their ink on a page; give lines of a photograph some room.

    Args:
        source: The image.
        sure: Regions found, in its pixels.
        weak: Lines of less sure strips; those that ink confirms are added on pages.
        params: Thresholds.

    Returns:
        Text, then formulas, then regions of other kinds.
    """
    grey = source.grey
    text = [r for r in sure if r.kind == "text"]
    if source.is_page:
        lines = _lines_of_page(source, text, weak, params)
    else:
        lines = _with_quads(text, [[_with_room(r.quad, params.room)] for r in text], grey.shape)
    formulas = [r for r in sure if r.kind == "formula"]
    trimmed = _with_quads(formulas, [[trim_to_ink(grey, r.quad, params.ink)] for r in formulas], grey.shape)
    others = [r for r in sure if r.kind not in ("text", "formula")]
    return merge_duplicates(lines, params.duplicates) + trimmed + others


def _lines_of_page(
    source: Source, text: Sequence[Region], weak: Sequence[Region], params: PageLineParams
) -> list[Region]:
    """Return the lines of a page fitted to their ink, with weak ones and the rest of their rows where many were."""
    if text:
        height = float(np.median([quad_size(r.quad)[1] for r in text]))
        source = replace(source, grey=erase_ruled_lines(source.grey, height, params.ruled_lines))
    grey = source.grey
    fits = _fits(source, text, params)
    lines = _with_quads(text, [[r.quad] if quads is None else quads for r, quads in zip(text, fits)], grey.shape)
    if sum(map(bool, fits)) >= params.min_fitted:
        weak = drop_covered(weak, lines, params.duplicates)
        lines += _with_quads(weak, [quads or [] for quads in _fits(source, weak, params)], grey.shape)
        lines = merge_duplicates(lines, params.duplicates)
        pieces = rest_of_rows(grey, [r.quad for r in lines], params.ink)
        lines += [Region(clip_quad(quad, grey.shape), params.row_score, "text") for quad in pieces]
    return lines


def _fits(source: Source, regions: Sequence[Region], params: PageLineParams) -> list[list[Quad] | None]:
    """Return what `fit_to_ink` makes of each region; None also for a tall one that it would change much."""

    def agree(quad: Quad, fit: list[Quad]) -> bool:
        common = sum(intersection_area(quad, piece) for piece in fit)
        union = quad_area(quad) + sum(map(quad_area, fit)) - common
        return common > params.tall_agreement * union

    quads = [region.quad for region in regions]
    tall = params.tall * source.stride
    return [
        None if fit and quad_size(quad)[1] > tall and not agree(quad, fit) else fit
        for quad, fit in zip(quads, fit_to_ink(source.grey, quads, source.sure_text, params.ink), strict=True)
    ]


def _with_room(quad: Quad, room: tuple[float, float]) -> Quad:
    """Return a line with room at its ends and above and below, in heights of the line."""
    _, along, down = quad_axes(quad)
    (ends, sides), height = room, quad_size(quad)[1]
    outward = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * height
    return quad + outward[:, :1] * ends * along + outward[:, 1:] * sides * down


def _with_quads(regions: Sequence[Region], quads: Sequence[list[Quad]], shape: tuple[int, ...]) -> list[Region]:
    """Return each region once for each of its quads, which are kept inside the image."""
    return [
        replace(region, quad=clip_quad(quad, shape))
        for region, several in zip(regions, quads, strict=True)
        for quad in several
    ]
