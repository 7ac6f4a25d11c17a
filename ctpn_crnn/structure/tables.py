"""Tables: rows whose gaps stand above each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.structure.text_patterns import is_unit, starts_with_section_number
from ctpn_crnn.structure.upright_lines import Interval, Row, UprightLines


def merge_interlocked(lines: UprightLines, rows: Sequence[Row]) -> list[Row]:
    """Join rows that stand partly beside each other, as those of cells with several lines do.

    Args:
        lines: The page.
        rows: Rows from the top.

    Returns:
        Rows from the top; the lines of a joined one are in the order given.
    """
    merged: list[Row] = []
    for row in rows:
        if merged and _is_partly_beside(lines, merged[-1], row):
            merged[-1] = merged[-1] + row
        else:
            merged.append(list(row))
    return merged


def find_tables(lines: UprightLines, rows: Sequence[Row]) -> list[range]:
    """Find the tables among the rows of a text block.

    Args:
        lines: The page.
        rows: Rows from the top, as `merge_interlocked` gives them.

    Returns:
        The places of the rows of each table, from the top.
    """
    return _TableFinder(lines, rows).find()


class _TableFinder:
    """Finds tables: each grows downwards from a row with gaps, and then takes in the headings above it.

    Args:
        lines: The page.
        rows: Rows of a text block, from the top.
    """

    def __init__(self, lines: UprightLines, rows: Sequence[Row]) -> None:
        self.lines, self.rows, self.params = lines, rows, lines.params.tables
        self.gaps = [self._cell_gaps(row) for row in rows]
        with_gaps = [row for row, gaps in zip(rows, self.gaps) if gaps]
        self.table_width = self._width(with_gaps) if with_gaps else 0.0

    def find(self) -> list[range]:
        """Return the places of the rows of each table, from the top."""
        found: list[range] = []
        start = 0
        while start < len(self.rows):
            if not self.gaps[start]:
                start += 1
                continue
            last = self._grow(start)
            if self._is_table(start, last):
                first = self._add_headings(start, last, found[-1].stop if found else 0)
                found.append(range(first, last + 1))
            start = last + 1
        return found

    def _cell_gaps(self, row: Row) -> list[Interval]:
        """The gaps of a row that may separate cells. The gap between a list marker and its text is none."""
        if len(row) < 2 or (len(row) == 2 and self.lines.has_list_marker(row)):
            return []
        least = self.params.gap * self.lines.height_of(row)
        return [gap for gap in self.lines.gaps(row) if gap[1] - gap[0] >= least]

    def _grow(self, start: int) -> int:
        """Return the last row of the table that begins with a row, so far as it is one."""
        last = start
        height = self.lines.height_of(self.rows[start])
        for place in range(start + 1, len(self.rows)):
            distance = self.lines.distance(self.rows[place - 1], self.rows[place])
            if distance > self.params.max_distance * height:
                break
            if self.gaps[place]:
                if not self._shares_gap(place, range(start, place), self.params.common_gap * height):
                    break
                last = place
            elif not self._may_be_cell(place):
                break
        return last

    def _shares_gap(self, place: int, others: range, least: float) -> bool:
        """Whether a gap of a row stands above or below one of other rows, overlapping it by so many pixels."""
        return any(
            min(gap[1], other[1]) - max(gap[0], other[0]) >= least
            for gap in self.gaps[place]
            for row in reversed(others)
            for other in self.gaps[row]
        )

    def _may_be_cell(self, place: int) -> bool:
        """Whether a row of one line can stand within a table."""
        row = self.rows[place]
        if self._width([row]) > self.params.prose_width * self.table_width:
            return False
        text_row = self.lines.text_row(row)
        is_apart = self.lines.distance(self.rows[place - 1], row) > text_row.height
        is_heading = is_apart and starts_with_section_number(text_row.text)
        return not (text_row.has_marker or is_unit(text_row.text) or is_heading)

    def _is_table(self, start: int, last: int) -> bool:
        """Whether rows that share gaps are enough for a table."""
        rows = [place for place in range(start, last + 1) if self.gaps[place]]
        if len(rows) >= 2 or len(self.gaps[rows[0]]) >= 2:
            return True
        ((left, right),) = self.gaps[rows[0]]
        return right - left >= self.params.single_row_gap * self.lines.height_of(self.rows[rows[0]])

    def _add_headings(self, first: int, last: int, limit: int) -> int:
        """Move the beginning of a table up over headings of its columns. None stands over the first column.

        Args:
            first: First row of the table.
            last: Last row of the table.
            limit: First row that is no part of another table.

        Returns:
            The new first row.
        """
        start = first
        inner = float(np.median([self.gaps[place][0][0] for place in range(first, last + 1) if self.gaps[place]]))
        while first > limit and not self.gaps[first - 1]:
            row = self.rows[first - 1]
            height = self.lines.height_of(row)
            is_over = self.lines.boxes[row, 0].min() >= inner - height / 2
            is_near = self.lines.distance(row, self.rows[first]) <= self.params.heading_distance * height
            if not is_over or not is_near or is_unit(self.lines.text_row(row).text):
                break
            if self._is_title(row, self.rows[first : last + 1], self.gaps[start]):
                break
            first -= 1
        return first

    def _is_title(self, row: Row, table: Sequence[Row], gaps: Sequence[Interval]) -> bool:
        """Whether a row of one line is the title of a table below it, and not a heading of columns.

        A title stands in the middle of all columns, a heading of several columns in the middle of these. A heading of
        one column, as the first line of a wrapped one, stands close above the next row.

        Args:
            row: The row.
            table: Rows of the table.
            gaps: Gaps of its first row that has some.
        """
        left, top, right, bottom = self.lines.boxes[row[0]]
        boxes = self.lines.boxes[[index for other in table for index in other]]
        begin, end = boxes[:, 0].min(), boxes[:, 2].max()
        off_all, off_inner = (abs(left + right - edge - end) for edge in (begin, gaps[0][1]))
        distances = [self.lines.distance(above, below) for above, below in zip([row, *table], table)]
        is_close = distances[0] < self.params.wrap * float(np.median(distances))
        is_over_gap = any(min(right, gap[1]) - max(left, gap[0]) >= bottom - top for gap in gaps)
        return len(row) == 1 and bool(2 * off_all < off_inner) and (is_over_gap or not is_close)

    def _width(self, rows: Sequence[Row]) -> float:
        boxes = self.lines.boxes[[index for row in rows for index in row]]
        return float(boxes[:, 2].max() - boxes[:, 0].min())


def _is_partly_beside(lines: UprightLines, above: Row, below: Row) -> bool:
    """Whether a line of one row stands partly beside a line of the next."""
    first, second = lines.boxes[above], lines.boxes[below]
    common = np.minimum(first[:, None, 3], second[:, 3]) - np.maximum(first[:, None, 1], second[:, 1])
    lower = np.minimum((first[:, 3] - first[:, 1])[:, None], second[:, 3] - second[:, 1])
    is_apart = np.minimum(first[:, None, 2], second[:, 2]) <= np.maximum(first[:, None, 0], second[:, 0])
    return bool((is_apart & (common > lines.params.tables.side_by_side * lower)).any())
