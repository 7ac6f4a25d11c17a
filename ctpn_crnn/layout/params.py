"""Every tuned number of the reading order, in one place.

Chosen on: pages made by hand, those of tests/layout; no data set was recorded for any of them, and none was fitted.
Each was then checked by switching it off on 827 pages (annual reports, receipts, PDFs, screenshots, photographs of
signs): those that changed next to nothing, or nothing for the worse, are gone.

Lengths are given in line heights, so that they hold at every resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReadingOrderParams:
    """Columns and rows (reading_order.py)."""

    same_row: float = 0.4
    """Two lines are in one row if their centres are at most this far apart vertically, in heights of the lower one."""
    band_overlap: float = 0.2
    """Lines that overlap vertically by less than this share of their height may still be above each other."""
    min_prose_rows: int = 3
    """A column of prose has at least this many rows."""
    min_prose_width: float = 10.0
    """Half of the lines of prose are at least this wide, in their heights. Amounts of money have up to 9, the columns
    of a newspaper 12."""
    filled: float = 0.8
    """Half of the lines of prose take at least this share of the column's width. Cells of a table vary more."""


@dataclass(frozen=True)
class SpacedWordParams:
    """Words with blanks between their characters (spaced_words.py)."""

    max_gap: float = 2.5
    """Widest blank between two characters, in line heights."""
    max_characters: int = 6
    """Longest word. A longer row of single characters is a row of a calendar or of another table."""


@dataclass(frozen=True)
class LayoutParams:
    """All tuned numbers of the reading order."""

    max_lean: float = 30.0
    """Degrees. A line that leans more than this from the rest of the page, such as a stamp, is no part of its text. A
    page that leans more is taken to be text written at an angle, and stays as it is."""
    reading_order: ReadingOrderParams = field(default_factory=ReadingOrderParams)
    spaced_words: SpacedWordParams = field(default_factory=SpacedWordParams)
