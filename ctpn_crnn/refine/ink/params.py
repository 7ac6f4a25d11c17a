"""Every tuned number of the fitting of lines to their ink."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InkParams:
    """How lines are fitted to their ink.

    Chosen on: 16 rendered pages (tables, documents, receipts, screenshots), while 8 pages each of fin_reports_dev and
    sroie_dev were looked at.

    The attributes come in groups: which pixels are ink, how a line is cut out, its rows, its columns, further pieces of
    its row, the boxes of formulas.

    Attributes:
        min_height: Pixels; lower lines are left as they are.
        min_contrast: Grey levels between ground and ink below which nothing is fitted.
        ink_level: Share of the contrast from which a pixel is ink.
        max_between: Largest share of the pixels that are neither ground nor ink; more is a texture or a photograph.
        blank_contrast: Grey levels from the ground below which there is nothing at all.
        blank_share: Share of a line's box that must hold something; otherwise the line is dropped.
        level_rule: Ink that runs on for so many line heights along the line is a rule.
        upright_rule: Ink that runs on for so many line heights across the line is a rule.

        reach: How far along a line to look for more of it, in line heights; doubled as long as the line goes on.
        common_slope_rise: A line whose slope, over its length, differs from that of the page's lines by more than this,
            in line heights, is also tried at the page's slope.

        sparse_row: A row of pixels belongs to a line if it holds more than this share of the ink of its fullest rows
            (90th percentile).
        close_gap: Rows of ink within the line's box, up to so many line heights apart, are one line: the dot of an i.
        close_outside: How far rows that lie within the line's box may stick out of it, in line heights.
        close_height: Rows are joined up to this height, in line heights.
        max_growth: A row of ink higher than so many line heights is more than this line: its rows stay as found.
        max_tail: Accents and descenders, whose rows hold little ink, reach so far out of the other letters, in heights
            of these.
        flat: A row of ink lower than so many line heights is a dash or dots; the line keeps its height.

        gap: Blank columns wider than this, in heights of the ink, end a line, unless CTPN is sure of text in all of
            them.
        covered_share: Share of a run of ink that the line's box must cover for the run to be the line's, ...
        covered_heights: ... or a length covered of so many line heights.
        speck: Ink smaller than so many line heights both ways is dust, or a lone full stop.
        margin: Ground left around the ink, in line heights.

        same_row: Two lines whose middles are less than this apart, in heights of the lower one, stand in one row.
        letter_rise: Least height of a further piece of a row, in heights of the row.
        letter_width: Least width of such a piece, in heights of the row.
        dash_width: Least and largest width of a dash, in heights of the row.
        dash_rise: Largest height of a dash, in heights of the row.
        dash_ink: Least share of ink in the rows and columns of a dash.
        blank_above: From where to where the paper above and below such a piece must be blank, in heights of the row.

        neighbour: Ink at the upper or lower edge of a formula's box that is lower than this share of it belongs to
            another line.
    """

    min_height: float = 6.0
    min_contrast: float = 32.0
    ink_level: float = 0.4
    max_between: float = 0.3
    blank_contrast: float = 12.0
    blank_share: float = 0.02
    level_rule: float = 3.0
    upright_rule: float = 1.8

    reach: float = 4.0
    common_slope_rise: float = 0.1

    sparse_row: float = 0.04
    close_gap: float = 0.5
    close_outside: float = 0.15
    close_height: float = 1.1
    max_growth: float = 1.8
    max_tail: float = 0.4
    flat: float = 0.4

    gap: float = 1.1
    covered_share: float = 0.5
    covered_heights: float = 0.25
    speck: float = 0.3
    margin: float = 0.1

    same_row: float = 0.15
    letter_rise: float = 0.5
    letter_width: float = 0.15
    dash_width: tuple[float, float] = (0.3, 1.5)
    dash_rise: float = 0.25
    dash_ink: float = 0.04
    blank_above: tuple[float, float] = (0.1, 0.35)

    neighbour: float = 0.2


DEFAULTS = InkParams()
