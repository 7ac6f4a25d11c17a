"""Tables: rows whose gaps stand above each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.layout.marks import is_caption, starts_like_section
from ctpn_crnn.layout.sheet import Sheet

Row = list[int]
"""Indices of the lines of a row; from the left, or row by row where cells of several lines stand side by side."""

_GAP = 0.8
"""Least gap between two cells, in line heights; a line of prose that was found in pieces has narrower ones."""

_DENSE_GAP = 0.4
"""Likewise in rows of four cells and more, into which prose does not fall."""

_COMMON_GAP = 0.3
"""What two rows' gaps must have in common, in line heights."""

_LOOK_BACK = 4
"""A row belongs to a table when it shares a gap with one of so many rows above it; spanning cells close gaps."""

_MAX_SINGLES = 8
"""Rows in sequence with one cell only, within a table."""

_MAX_DISTANCE = 4.0
"""Between two rows of a table, in line heights."""

_WIDE_GAP = 3.0
"""In line heights: two lines so far apart in a row are a table by themselves, such as a label and its amount."""

_BESIDE = 0.25
"""What two lines have in common in y, as a share of the lower one, when they stand side by side. Rows set without space
between them have a tenth."""

_CLOSE = 0.55
"""A line this close above a row of a table, in the distance of most rows, is the first line of one of its cells."""

_PROSE_WIDTH = 0.75
"""A single line that takes this share of a table's width is no cell of it, but a paragraph."""


@dataclass(frozen=True)
class Span:
    """Rows first .. last (included) of a region that are a table."""

    first: int
    last: int


def interlocked(sheet: Sheet, rows: Sequence[Row]) -> list[Row]:
    """Put rows together that stand partly beside each other, as those of cells with several lines do.

    Args:
        sheet: The page.
        rows: From the top, each from the left.

    Returns:
        Rows from the top; the lines of each in the order given.
    """
    groups: list[Row] = []
    for row in rows:
        if groups and _interlock(sheet.boxes[groups[-1]], sheet.boxes[row]):
            groups[-1] = groups[-1] + row
        else:
            groups.append(list(row))
    return groups


def find_tables(sheet: Sheet, rows: Sequence[Row]) -> list[Span]:
    """The tables among the rows of a region, from the top.

    Args:
        sheet: The page.
        rows: From the top, as `interlocked` gives them.
    """
    gaps = [cell_gaps(sheet, row) for row in rows]
    found: list[Span] = []
    start = 0
    while start < len(rows):
        if not gaps[start]:
            start += 1
            continue
        last = _last_row(sheet, rows, gaps, start)
        if _is_table(sheet, rows[start : last + 1], gaps[start : last + 1]):
            first = _with_headings(sheet, rows, gaps, (start, last), found[-1].last + 1 if found else 0)
            last = _with_wrapped_end(sheet, rows, gaps, start, last)
            found.append(Span(first, last))
        start = last + 1
    return found


def cell_gaps(sheet: Sheet, row: Row) -> list[tuple[float, float]]:
    """The gaps of a row that may separate cells; none in a list marker and its text."""
    if len(row) < 2 or (len(row) == 2 and sheet.has_hanging_marker(row)):
        return []
    height = float(np.median(sheet.heights[row]))
    gaps = [gap for gap in sheet.gaps(row) if gap[1] - gap[0] >= _DENSE_GAP * height]
    return gaps if len(gaps) >= 3 else [gap for gap in gaps if gap[1] - gap[0] >= _GAP * height]


def _last_row(sheet: Sheet, rows: Sequence[Row], gaps: list[list[tuple[float, float]]], start: int) -> int:
    """Grow a table downwards from a row with cells."""
    width = _width(sheet, [row for row, row_gaps in zip(rows, gaps) if row_gaps])
    last, recent = start, [start]
    height = float(np.median(sheet.heights[rows[start]]))
    for row in range(start + 1, len(rows)):
        if row - last > _MAX_SINGLES + 1 or row_distance(sheet, rows[row - 1], rows[row]) > _MAX_DISTANCE * height:
            break
        if gaps[row]:
            if not any(_share_a_gap(gaps[row], gaps[other], _COMMON_GAP * height) for other in recent[-_LOOK_BACK:]):
                break
            recent.append(row)
            last = row
        elif not _may_be_cell(sheet, rows, row, width):
            break
    return last


def _width(sheet: Sheet, rows: Sequence[Row]) -> float:
    boxes = sheet.boxes[[index for row in rows for index in row]]
    return float(boxes[:, 2].max() - boxes[:, 0].min())


def _may_be_cell(sheet: Sheet, rows: Sequence[Row], row: int, width: float) -> bool:
    """Whether a row of one line can stand within a table, in a region whose tables are so wide."""
    if _width(sheet, [rows[row]]) > _PROSE_WIDTH * width:
        return False
    strip = sheet.strip(rows[row])
    apart = row_distance(sheet, rows[row - 1], rows[row]) > strip.height
    return not (strip.hanging or is_caption(strip.text) or (apart and starts_like_section(strip.text)))


def _is_table(sheet: Sheet, rows: Sequence[Row], gaps: list[list[tuple[float, float]]]) -> bool:
    """Whether rows that share gaps are enough of a table."""
    with_cells = [(row, row_gaps) for row, row_gaps in zip(rows, gaps) if row_gaps]
    if len(with_cells) >= 3:
        return True
    height = float(np.median(sheet.heights[with_cells[0][0]]))
    widest = [max(end - begin for begin, end in row_gaps) for _, row_gaps in with_cells]
    if len(with_cells) == 2:
        return sum(len(row_gaps) for _, row_gaps in with_cells) >= 3 or min(widest) >= 1.5 * height
    return len(with_cells[0][1]) >= 2 or widest[0] >= _WIDE_GAP * height


def _with_headings(
    sheet: Sheet, rows: Sequence[Row], gaps: list[list[tuple[float, float]]], span: tuple[int, int], limit: int
) -> int:
    """Move the beginning of a table up over headings of its columns, which stand over none of the first one."""
    first, last = span
    inner = float(np.median([row_gaps[0][0] for row_gaps in gaps[first : last + 1] if row_gaps]))
    while first > limit and not gaps[first - 1]:
        height = float(np.median(sheet.heights[rows[first - 1]]))
        is_over = sheet.boxes[rows[first - 1], 0].min() >= inner - height / 2
        is_near = row_distance(sheet, rows[first - 1], rows[first]) <= 1.5 * height
        if not is_over or not is_near or is_caption(sheet.strip(rows[first - 1]).text):
            break
        if _is_title(sheet, rows[first - 1], rows[first : last + 1], gaps[span[0]]):
            break
        first -= 1
    return first


def _is_title(sheet: Sheet, row: Row, table: Sequence[Row], gaps: list[tuple[float, float]]) -> bool:
    """Whether a row of one line is the title of a table below it, and no heading of columns.

    A title stands in the middle of all columns, and a heading of several in theirs; one of a single column, the first
    line of a wrapped one, stands close above the second.

    Args:
        sheet: The page.
        row: The row.
        table: The rows of the table.
        gaps: Those of its first row of cells.
    """
    left, top, right, bottom = sheet.boxes[row[0]]
    boxes = sheet.boxes[[index for other in table for index in other]]
    begin, end = boxes[:, 0].min(), boxes[:, 2].max()
    from_all, from_others = (abs(left + right - edge - end) for edge in (begin, gaps[0][1]))
    distances = [row_distance(sheet, above, below) for above, below in zip([row, *table], table)]
    is_close = distances[0] < _CLOSE * float(np.median(distances))
    is_over_gap = any(min(right, gap[1]) - max(left, gap[0]) >= bottom - top for gap in gaps)
    return len(row) == 1 and bool(2 * from_all < from_others) and (is_over_gap or not is_close)


def _with_wrapped_end(
    sheet: Sheet, rows: Sequence[Row], gaps: list[list[tuple[float, float]]], start: int, last: int
) -> int:
    """Move the end of a table down over the second line of a label in its last row."""
    edge = min((row_gaps[0][0] for row_gaps in gaps[start : last + 1] if row_gaps), default=0.0)
    begin = min(sheet.boxes[row[0], 0] for row in rows[start : last + 1])
    while last + 1 < len(rows) and not gaps[last + 1]:
        box = sheet.boxes[rows[last + 1]]
        height = float(np.median(sheet.heights[rows[last + 1]]))
        fits = box[:, 0].min() > begin - height / 2 and box[:, 2].max() < edge + height
        below = row_distance(sheet, rows[last + 1], rows[last + 2]) if last + 2 < len(rows) else np.inf
        here = row_distance(sheet, rows[last], rows[last + 1])
        if not fits or here > 0.4 * height or below < here + 0.5 * height:
            break
        last += 1
    return last


def _share_a_gap(first: list[tuple[float, float]], second: list[tuple[float, float]], least: float) -> bool:
    return any(min(a[1], b[1]) - max(a[0], b[0]) >= least for a in first for b in second)


def row_distance(sheet: Sheet, above: Row, below: Row) -> float:
    """From the lowest of one row to the highest of the next; negative where they overlap."""
    return float(sheet.boxes[below, 1].min() - sheet.boxes[above, 3].max())


def _interlock(above: np.ndarray, below: np.ndarray) -> bool:
    """Whether a box of one row stands partly beside a box of the other."""
    common = np.minimum(above[:, None, 3], below[:, 3]) - np.maximum(above[:, None, 1], below[:, 1])
    lower = np.minimum((above[:, 3] - above[:, 1])[:, None], below[:, 3] - below[:, 1])
    apart = np.minimum(above[:, None, 2], below[:, 2]) <= np.maximum(above[:, None, 0], below[:, 0])
    return bool((apart & (common > _BESIDE * lower)).any())
