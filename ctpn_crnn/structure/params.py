"""Every tuned number of paragraphs, headings, tables and margins, in one place.

Chosen on: pages made by hand, those of tests/layout; no data set was recorded for any of them, and none was fitted.
Each was then checked by switching it off on 827 pages (annual reports, receipts, PDFs, screenshots, photographs of
signs): those that changed next to nothing, or nothing for the worse, are gone.

Lengths are given in line heights, so that they hold at every resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ctpn_crnn.layout.params import LayoutParams


@dataclass(frozen=True)
class ParagraphParams:
    """Where a paragraph ends (paragraphs.py)."""

    size_ratio: float = 1.3
    """Lines whose print differs by this ratio are not of one paragraph. Found boxes vary by a tenth or two."""
    loose: float = 1.35
    """A paragraph ends where the distance to the next line exceeds the usual one by this ratio."""
    usual_distance: float = 35.0
    """Percentile of the distances from line to line that counts as the usual one: most gaps are within paragraphs."""
    max_distance: float = 2.5
    """Distances above this, in line heights, are between paragraphs and do not count for the usual one."""
    indent: float = 0.8
    """Least indent of a first line, in line heights. Chinese paragraphs begin 2 in, English ones 1 to 2."""
    max_indent: float = 5.0
    """Largest indent, in line heights. A line that begins further in than the one above it is of another paragraph."""
    ragged: float = 1.5
    """Unevenness of a right or left edge that means nothing, in line heights."""
    neighbours: int = 3
    """Lines above and below from which the right edge of the text is taken."""


@dataclass(frozen=True)
class HeadingParams:
    """What makes a heading (headings.py)."""

    large: float = 1.2
    """Print larger than the body text by this ratio makes a heading of level 2. Found boxes vary by a tenth."""
    largest: float = 1.7
    """Print larger than the body text by this ratio makes a heading of level 1."""
    max_length: int = 60
    """A heading has at most this many characters."""
    max_numbered_length: int = 30
    """A numbered heading in the size of the text has at most this many characters; a longer one is a clause."""
    item_distance: float = 2.2
    """Numbered lines whose centres are less than this apart, in line heights, are items of a list."""
    full_line: float = 0.85
    """A line is full if it takes this share of the width of the widest line."""
    min_full_lines: int = 3
    """Full lines that a text must have before another line can be called centred in it."""
    side_margin: float = 0.12
    """A centred line leaves at least this share of the text's width free on the left."""


@dataclass(frozen=True)
class TableParams:
    """Which rows are tables (tables.py), and which lines make up a cell (table_cells.py)."""

    gap: float = 0.8
    """Least gap between two cells, in line heights. A line of prose that was found in pieces has narrower ones."""
    common_gap: float = 0.3
    """Least overlap of the gaps of two rows of one table, in line heights."""
    max_distance: float = 4.0
    """Largest distance between two rows of a table, in line heights."""
    single_row_gap: float = 3.0
    """One row of two cells, such as a label and its amount, is a table if its gap is this wide, in line heights."""
    side_by_side: float = 0.25
    """Lines stand side by side if they have this share of the lower one's height in common. Rows set solid have 0.1."""
    prose_width: float = 0.75
    """A single line that takes this share of the width of the tables is a paragraph, not a cell."""
    heading_distance: float = 1.5
    """Largest distance of a heading of columns from its table, in line heights."""
    wrap: float = 0.55
    """A line belongs to a cell of the next row if it is nearer than this share of the usual distance between rows."""
    min_row_distance: float = 0.6
    """Lines of a cell can be told from rows only where rows are usually this far apart, in line heights."""
    usual_distance: float = 75.0
    """Percentile of the distances between rows that counts as the usual one when lines of cells are looked for."""
    column_overlap: float = 0.15
    """Cells overlap horizontally if they have more than this in common, in line heights."""
    cell_overlap: float = 0.25
    """A cell lies in a column if it has more than this share of the narrower of both in common with it."""
    joined_columns: float = 3.0
    """Neighbouring columns that no row uses both of are one if they are this near, in heights of the body text."""


@dataclass(frozen=True)
class MarginParams:
    """Headers and footers (margins.py)."""

    edge: float = 0.1
    """Share of the page's height, at the top and at the bottom, in which headers and footers stand."""
    max_rows: int = 2
    """A header or footer has at most this many rows. A page with fewer than twice as many has neither."""
    number_gap: float = 1.2
    """Least distance of a page number from the text, in its own line heights."""
    text_gap: float = 1.5
    """Least distance of other headers and footers from the text, in their own line heights."""
    small: float = 0.9
    """Print is small if its height is at most this share of the body text's, and large if it is the other way round."""
    off_centre: float = 0.35
    """A line that begins to the right of this share of the text's width does not begin a paragraph."""


@dataclass(frozen=True)
class StructureParams:
    """All tuned numbers of the structure of a page.

    Example:
        >>> from ctpn_crnn.structure import lay_out
        >>> no_margins = StructureParams(margins=MarginParams(edge=0.0))
        >>> lay_out(page, no_margins)                                     # doctest: +SKIP
    """

    layout: LayoutParams = field(default_factory=LayoutParams)
    paragraphs: ParagraphParams = field(default_factory=ParagraphParams)
    headings: HeadingParams = field(default_factory=HeadingParams)
    tables: TableParams = field(default_factory=TableParams)
    margins: MarginParams = field(default_factory=MarginParams)
