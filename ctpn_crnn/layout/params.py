"""Every tuned number of the layout, in one place.

All of them were chosen by hand. Nothing was fitted. "Chosen on" says which documents were looked at; the layouts made
by hand are those of tests/layout.

Lengths are given in line heights, so that they hold at every resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReadingOrderParams:
    """Columns and rows (reading_order.py).

    Chosen on: layouts made by hand, rendered pages, and annual reports (`fin_reports_dev`).
    """

    same_row: float = 0.4
    """Two lines are in one row if their centres are at most this far apart vertically, in heights of the lower one."""
    min_gutter: float = 0.6
    """Narrowest gap between two columns, in median line heights. Found quads may stick out by half a character."""
    min_prose_rows: int = 3
    """A column of prose has at least this many rows."""
    min_prose_width: float = 10.0
    """Half of the lines of prose are at least this wide, in their heights. Amounts of money have up to 9, the columns
    of a newspaper 12."""
    filled: float = 0.8
    """Half of the lines of prose take at least this share of the column's width. Cells of a table vary more."""
    single: float = 0.7
    """Least share of a prose column's rows that hold exactly one line. The detector may cut the others in two."""


@dataclass(frozen=True)
class ParagraphParams:
    """Where a paragraph ends (paragraphs.py).

    Chosen on: layouts made by hand, rendered pages, and annual reports (`fin_reports_dev`).
    """

    size_ratio: float = 1.3
    """Lines whose print differs by this ratio are not of one paragraph. Found boxes vary by a tenth or two."""
    title_ratio: float = 1.15
    """Centred lines whose print is larger than the body text by this ratio are one title."""
    loose: float = 1.35
    """A paragraph ends where the distance to the next line exceeds the usual one by this ratio."""
    usual_distance: float = 35.0
    """Percentile of the distances from line to line that counts as the usual one: most gaps are within paragraphs."""
    indent: float = 0.8
    """Least indent of a first line, in line heights. Chinese paragraphs begin 2 in, English ones 1 to 2."""
    max_indent: float = 5.0
    """Largest indent of a first line, in line heights. A line that begins further in is not of the same paragraph."""
    aligned: float = 0.5
    """Two lines begin at the same place if their left edges differ by no more than this, in line heights."""
    centred: float = 0.6
    """Lines are centred on each other if their middles differ by less than this, in line heights."""
    ragged: float = 1.5
    """Unevenness of a right or left edge that means nothing, in line heights."""
    neighbours: int = 3
    """Lines above and below from which the right edge of the text is taken."""
    marker_gap: float = 4.0
    """Largest gap between a list marker and its text, in line heights."""


@dataclass(frozen=True)
class HeadingParams:
    """What makes a heading (headings.py).

    Chosen on: layouts made by hand, rendered pages, and annual reports (`fin_reports_dev`).
    """

    large: float = 1.2
    """Print larger than the body text by this ratio makes a heading of level 2. Found boxes vary by a tenth."""
    largest: float = 1.7
    """Print larger than the body text by this ratio makes a heading of level 1."""
    max_lines: int = 3
    """A heading has at most this many lines."""
    max_length: int = 60
    """A heading has at most this many characters."""
    max_numbered_length: int = 30
    """A numbered heading in the size of the text has at most this many characters; a longer one is a clause."""
    max_numbered_width: float = 0.7
    """A numbered heading in the size of the text takes at most this share of the text's width."""
    item_distance: float = 2.2
    """Numbered lines whose centres are less than this apart, in line heights, are items of a list."""
    full_line: float = 0.85
    """A line is full if it takes this share of the width of the widest line."""
    min_full_lines: int = 3
    """Full lines that a text must have before another line can be called centred in it."""
    min_text_width: float = 10.0
    """Least width of a text in which a line can be called centred, in line heights."""
    centred: float = 0.015
    """A centred line's middle is off by less than this share of the text's width, or by less than half its height."""
    side_margin: float = 0.12
    """A centred line leaves at least this share of the text's width free on the left."""


@dataclass(frozen=True)
class TableParams:
    """Which rows are tables (tables.py), and which lines make up a cell (table_cells.py).

    Chosen on: layouts made by hand, rendered tables and receipts, and annual reports (`fin_reports_dev`).
    """

    gap: float = 0.8
    """Least gap between two cells, in line heights. A line of prose that was found in pieces has narrower ones."""
    dense_gap: float = 0.4
    """Least gap between two cells in a row of four cells or more, into which prose does not fall; in line heights."""
    common_gap: float = 0.3
    """Least overlap of the gaps of two rows of one table, in line heights."""
    pair_gap: float = 1.5
    """Two rows of two cells are a table if their gaps are at least this wide, in line heights."""
    single_row_gap: float = 3.0
    """One row of two cells, such as a label and its amount, is a table if its gap is this wide, in line heights."""
    look_back: int = 4
    """A row continues a table if it shares a gap with one of this many rows above it. Spanning cells close gaps."""
    max_single_cells: int = 8
    """Rows in sequence, within a table, that have one cell only."""
    max_distance: float = 4.0
    """Largest distance between two rows of a table, in line heights."""
    side_by_side: float = 0.25
    """Lines stand side by side if they have this share of the lower one's height in common. Rows set solid have .1."""
    prose_width: float = 0.75
    """A single line that takes this share of the width of the tables is a paragraph, not a cell."""
    heading_distance: float = 1.5
    """Largest distance of a heading of columns from its table, in line heights."""
    wrap: float = 0.55
    """A line belongs to a cell of the next row if it is nearer than this share of the usual distance between rows."""
    wrapped_end: float = 0.4
    """Largest distance of the second line of a label below the last row of a table, in line heights."""
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
    """Headers and footers (margins.py).

    Chosen on: layouts made by hand, and annual reports (`fin_reports_dev`).
    """

    edge: float = 0.1
    """Share of the page's height, at the top and at the bottom, in which headers and footers stand."""
    max_rows: int = 2
    """Rows of a header or footer."""
    min_page_rows: int = 4
    """A page with fewer rows is a title or a note, and has neither header nor footer."""
    number_gap: float = 1.2
    """Least distance of a page number from the text, in its own line heights."""
    text_gap: float = 1.5
    """Least distance of other headers and footers from the text, in their own line heights."""
    small: float = 0.9
    """Print is small if its height is at most this share of the body text's."""
    large: float = 1.1
    """Print larger than the body text by this ratio is a title, not a header."""
    off_centre: float = 0.35
    """A line that begins to the right of this share of the text's width does not begin a paragraph."""


@dataclass(frozen=True)
class SpacedWordParams:
    """Words with blanks between their characters (spaced_words.py).

    Chosen on: words made by hand, and annual reports (`fin_reports_dev`).
    """

    max_gap: float = 2.5
    """Widest blank between two characters, in line heights."""
    max_gap_difference: float = 0.35
    """The blanks of a word of three characters or more differ by at most this, in line heights."""
    same_row: float = 0.3
    """Largest vertical distance of the characters' centres, in line heights."""
    min_height_ratio: float = 0.6
    """Least ratio of the lower character's height to the higher one's. 一 is found as high as its neighbours."""
    max_characters: int = 6
    """Longest word. A longer row of single characters is a row of a calendar or of another table."""


@dataclass(frozen=True)
class LayoutParams:
    """All tuned numbers of the layout.

    Example:
        >>> from ctpn_crnn.layout import lay_out
        >>> no_margins = LayoutParams(margins=MarginParams(edge=0.0))
        >>> lay_out(page, no_margins)                                     # doctest: +SKIP
    """

    max_lean: float = 30.0
    """Degrees. A line that leans more than this from the rest of the page, such as a stamp, is no part of its text. A
    page that leans more is taken to be text written at an angle, and stays as it is."""
    display_formula: float = 0.6
    """A row of which formulas take this share of the width is a block of its own; other formulas are part of a
    sentence. Chosen on: rendered pages with formulas."""
    reading_order: ReadingOrderParams = field(default_factory=ReadingOrderParams)
    paragraphs: ParagraphParams = field(default_factory=ParagraphParams)
    headings: HeadingParams = field(default_factory=HeadingParams)
    tables: TableParams = field(default_factory=TableParams)
    margins: MarginParams = field(default_factory=MarginParams)
    spaced_words: SpacedWordParams = field(default_factory=SpacedWordParams)
