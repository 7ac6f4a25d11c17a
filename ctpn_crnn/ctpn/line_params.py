"""Every tuned number of the connector, which joins strips to lines and formulas."""

from __future__ import annotations

from dataclasses import dataclass

from ctpn_crnn.errors import ConfigError


@dataclass(frozen=True)
class LineParams:
    """What the connector believes about text.

    Chosen on, unless said otherwise: 40 pictures of the training part of MSRA-TD500, 30 rendered scenes, 24 rendered
    pages. Lengths given in strips are multiples of the stride, 16 px.

    Args:
        min_overlap: Vertical overlap of neighbours, intersection over the smaller height (paper, section 3.1: .7, which
            breaks slanted lines: at 25 degrees a strip is 7 px lower than the one before it). Of several neighbours the
            best fit is taken, so that little suffices.
        min_similarity: Smaller over larger height of neighbours.
        gap_ratio: Widest gap between neighbours, in heights of the smaller one; strips in adjacent columns have no gap.
        break_ratio: Neighbours are kept apart where the side offsets on both sides agree that one line ends and another
            one starts, more than this many heights apart. Part of side-refinement.
        agreement: Two strips speak of the same end when they place it this near to each other, in strips.
        min_line_score: Least mean score of a line's strips (the authors' code has .7, that of E. Ran .9).
        min_single_score: Least score of a strip that has no neighbours.
        sure_strip: From this score on strips stay a line when the others they are joined to take its mean below
            `min_line_score`: a title before leader dots, which look like half a text. None: never, as the detector
            has it on photographs. Chosen on: rendered pages.
        max_line_overlap: A line of which more than this share lies inside a stronger one is dropped.
        side_refinement: Move the ends of lines by the side offsets; without it they fall on the 16 px grid.
        level_rise: A line that rises by less than this share of its height is level: a slope fitted to two or three
            strips is mostly noise.
        taper_strips: From this many strips on, top and bottom edges have slopes of their own (text in perspective).
        formula_level: Two pieces belong to one formula if they share more than this part of the lower one's rows, ...
        formula_gap: ... and are no further apart than this, in heights of the lower one. Both chosen on: 20 rendered
            pages with formulas.

    Raises:
        ConfigError: A value is out of its range.
    """

    min_overlap: float = 0.3
    min_similarity: float = 0.6
    gap_ratio: float = 1.0
    break_ratio: float = 0.8
    agreement: float = 0.3
    min_line_score: float = 0.85
    min_single_score: float = 0.9
    sure_strip: float | None = 0.98
    max_line_overlap: float = 0.3
    side_refinement: bool = True
    level_rise: float = 0.1
    taper_strips: int = 6
    formula_level: float = 0.6
    formula_gap: float = 0.6

    def __post_init__(self) -> None:
        for name in ("min_overlap", "min_similarity", "min_line_score", "min_single_score", "max_line_overlap"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)!r}: give a number from 0 to 1.")
        if self.sure_strip is not None and not 0 <= self.sure_strip <= 1:
            raise ConfigError(f"sure_strip is {self.sure_strip!r}: give a number from 0 to 1, or None.")
        if self.min_similarity == 0:
            raise ConfigError("min_similarity is 0: give a number above 0, for example 0.7.")
        for name in ("gap_ratio", "break_ratio"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} is {getattr(self, name)!r}: give a finite number, 0 or more.")


DEFAULTS = LineParams()
