"""The columns of a table, and which lines make up each of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ctpn_crnn.structure.blocks import Cell
from ctpn_crnn.structure.upright_lines import Interval, Row, UprightLines


class _Entry(NamedTuple):
    """A line in its columns.

    Attributes:
        line: Index of the line.
        column: The first column that it lies in.
        span: Number of columns that it lies in.
    """

    line: int
    column: int
    span: int


def table_cells(lines: UprightLines, rows: Sequence[Row]) -> list[list[Cell]]:
    """Put the lines of a table into rows and columns.

    Args:
        lines: The page.
        rows: Rows of the table, from the top.

    Returns:
        Rows of cells, all of the same length; of one cell each where nothing separates columns.
    """
    columns = _find_columns(lines, rows)
    entries = [[_Entry(index, *_columns_of(lines, index, columns)) for index in row] for row in rows]
    entries, columns = _join_unused_columns(lines, entries, columns)
    table = []
    for row in _join_wrapped_labels(lines, entries, columns):
        cells = [Cell() for _ in columns]
        for index, column, span in row:
            cells[column].lines.append(lines.lines[index])
            cells[column].span = max(cells[column].span, span)
        _limit_spans(cells)
        table.append(cells)
    return table


def _find_columns(lines: UprightLines, rows: Sequence[Row]) -> list[Interval]:
    """The columns from the left: runs of cells that overlap from row to row, without cells that span several."""
    several = [row for row in rows if len(row) > 1] or list(rows)
    boxes = lines.boxes[[index for row in several for index in row]]
    tolerance = lines.params.tables.column_overlap * float(np.median(boxes[:, 3] - boxes[:, 1]))
    is_spanning = _is_spanning(boxes, np.repeat(np.arange(len(several)), [len(row) for row in several]), tolerance)
    boxes = boxes if is_spanning.all() else boxes[~is_spanning]
    columns: list[list[float]] = []
    for left, right in boxes[np.argsort(boxes[:, 0]), :][:, (0, 2)].tolist():
        if columns and left < columns[-1][1] - tolerance:
            columns[-1][1] = max(columns[-1][1], right)
        else:
            columns.append([left, right])
    row_boxes = [lines.boxes[row] for row in several]
    return [part for left, right in columns for part in _split_column(row_boxes, left, right)]


def _split_column(rows: Sequence[np.ndarray], left: float, right: float) -> list[Interval]:
    """Divide a column where most rows have a gap: a heading half over two columns has joined them."""
    gaps = [gap for boxes in rows for gap in _gaps_inside(boxes, left, right)]
    begins, ends = sorted(begin for begin, _ in gaps), sorted(end for _, end in gaps)
    votes, best = 0, 0.0
    for place, begin in enumerate(begins):  # the x that lies in most gaps is where one of them begins
        count = place + 1 - sum(end <= begin for end in ends)
        if count > votes:
            votes, best = count, begin
    crossing = sum(bool(((boxes[:, 0] < best) & (boxes[:, 2] > best + 1e-6)).any()) for boxes in rows)
    if votes < 2 or votes <= 2 * crossing:
        return [(left, right)]
    around = [(begin, end) for begin, end in gaps if begin <= best < end]
    begin, end = max(begin for begin, _ in around), min(end for _, end in around)
    return _split_column(rows, left, begin) + _split_column(rows, end, right)


def _gaps_inside(boxes: np.ndarray, left: float, right: float) -> list[Interval]:
    """The gaps between those boxes of a row that lie in a column."""
    inside = boxes[(boxes[:, 0] < right) & (boxes[:, 2] > left)]
    gaps: list[Interval] = []
    reach = np.inf
    for begin, end in sorted(inside[:, (0, 2)].tolist()):
        if begin > reach:
            gaps.append((reach, begin))
        reach = end if reach == np.inf else max(reach, end)
    return gaps


def _is_spanning(boxes: np.ndarray, row_of: np.ndarray, tolerance: float) -> np.ndarray:
    """Which cells stand above or below two others or more in most of the rows in which they do so with any.

    Args:
        boxes: Boxes of the cells (N, 4).
        row_of: The row of each cell (N,).
        tolerance: Horizontal overlap in pixels that does not count.

    Returns:
        Bool (N,).
    """
    overlap = np.minimum(boxes[:, None, 2], boxes[:, 2]) - np.maximum(boxes[:, None, 0], boxes[:, 0])
    same_row = row_of[:, None] == row_of
    is_over = (overlap > tolerance) & ~same_row
    # Lines of one cell, which stand one above the other in a row, count once.
    is_first_of_cell = ~np.tril((overlap > tolerance) & same_row, -1).any(axis=1)
    in_row = (row_of[:, None] == np.arange(row_of.max() + 1)).astype(np.float32)
    counts = (is_over & is_first_of_cell).astype(np.float32) @ in_row
    return (counts >= 2).sum(axis=1) > 0.5 * (is_over.astype(np.float32) @ in_row >= 1).sum(axis=1)


def _columns_of(lines: UprightLines, index: int, columns: list[Interval]) -> tuple[int, int]:
    """The first column that a line lies in, and how many it lies in; the nearest one where it lies in none."""
    left, _, right, _ = lines.boxes[index]
    edges = np.array(columns)
    common = np.minimum(edges[:, 1], right) - np.maximum(edges[:, 0], left)
    least = lines.params.tables.cell_overlap * np.minimum(edges[:, 1] - edges[:, 0], right - left)
    inside = np.flatnonzero(common > least)
    if len(inside) == 0:
        return int(np.abs(edges.mean(axis=1) - (left + right) / 2).argmin()), 1
    return int(inside[0]), int(inside[-1] - inside[0] + 1)


def _join_unused_columns(
    lines: UprightLines, entries: list[list[_Entry]], columns: list[Interval]
) -> tuple[list[list[_Entry]], list[Interval]]:
    """Join neighbouring columns that no row uses both of: a heading at the left of numbers that stand at the right."""
    near = lines.params.tables.joined_columns * lines.body.height
    is_used = np.zeros((len(entries), len(columns)), bool)
    for number, row in enumerate(entries):
        for entry in row:
            is_used[number, entry.column] |= entry.span == 1
    new, kept = [0], [columns[0]]  # the new number of each column, and the columns that remain
    for column in range(1, len(columns)):
        together = is_used[:, [other for other in range(column) if new[other] == new[-1]]].any(axis=1)
        if (together & is_used[:, column]).any() or columns[column][0] - kept[-1][1] > near:
            new.append(new[-1] + 1)
            kept.append(columns[column])
        else:
            new.append(new[-1])
            kept[-1] = (kept[-1][0], columns[column][1])
    if len(kept) == 1:
        return entries, columns
    moved = [
        [
            _Entry(line, new[column], new[min(column + span, len(new)) - 1] - new[column] + 1)
            for line, column, span in row
        ]
        for row in entries
    ]
    return moved, kept


def _join_wrapped_labels(
    lines: UprightLines, entries: list[list[_Entry]], columns: list[Interval]
) -> list[list[_Entry]]:
    """Join rows whose lines belong to one cell.

    A row of one line goes to the row above it if it continues a label there that fills its column. A row of one line
    right above a full row goes to that one, unless it is in the first column: there it is a heading of rows.
    """
    params, ragged = lines.params.tables, lines.params.paragraphs.ragged
    numbers = [[entry.line for entry in row] for row in entries]
    distances = [lines.distance(above, below) for above, below in zip(numbers, numbers[1:])]
    height = lines.height_of([index for row in numbers for index in row])
    usual = float(np.percentile(distances, params.usual_distance)) if distances else 0.0
    if usual < params.min_row_distance * height:
        return entries
    joined = entries[:1]
    for distance, row in zip(distances, entries[1:]):
        column = row[0].column
        above = [entry.line for entry in joined[-1] if entry.column == column]
        is_full = bool(above) and lines.boxes[above[-1], 2] > columns[column][1] - ragged * height
        continues_label = len(row) == 1 and is_full
        begins_cell = len(joined[-1]) == 1 < len(row) and joined[-1][0].column > 0
        if distance < params.wrap * usual and (continues_label or begins_cell):
            joined[-1] = joined[-1] + row
        else:
            joined.append(row)
    return joined


def _limit_spans(cells: list[Cell]) -> None:
    """Let no cell span a column that has a cell of its own."""
    for column, cell in enumerate(cells):
        taken = next((other for other in range(column + 1, len(cells)) if cells[other].lines), len(cells))
        cell.span = max(1, min(cell.span, taken - column))
