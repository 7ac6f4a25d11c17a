"""Rows of a table -> its cells: which columns there are, and which lines make up a cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.layout.blocks import Cell
from ctpn_crnn.layout.sheet import Sheet
from ctpn_crnn.layout.tables import Row, row_distance

_TIGHT, _SPACED = 0.55, 0.6
"""A label goes on in the next row when that is nearer than this share of the distance of most rows, which in turn must
be that many line heights: otherwise nothing tells lines of a cell from rows."""


def build_rows(sheet: Sheet, rows: Sequence[Row]) -> list[list[Cell]]:
    """Rows of a table with their lines in columns.

    Returns:
        Rows of equal length; two cells or more unless nothing separates the columns.
    """
    columns = _columns(sheet, rows)
    placed = [[(index, *_place(sheet.boxes[index], columns)) for index in row] for row in rows]
    placed, columns = _without_idle_columns(placed, columns, 3 * sheet.body)
    table = []
    for row in _with_wrapped_labels(sheet, placed, columns):
        cells = [Cell() for _ in columns]
        for index, column, span in row:
            cells[column].lines.append(sheet.lines[index])
            cells[column].span = max(cells[column].span, span)
        _limit_spans(cells)
        table.append(cells)
    return table


def _columns(sheet: Sheet, rows: Sequence[Row]) -> list[tuple[float, float]]:
    """The columns (left, right): runs of cells that overlap from row to row; what spans several does not count."""
    several = [row for row in rows if len(row) > 1] or list(rows)
    boxes = sheet.boxes[[index for row in several for index in row]]
    tolerance = 0.15 * float(np.median(boxes[:, 3] - boxes[:, 1]))
    spanning = _spanning(boxes, np.repeat(np.arange(len(several)), [len(row) for row in several]), tolerance)
    boxes = boxes if spanning.all() else boxes[~spanning]
    columns: list[list[float]] = []
    for left, right in boxes[np.argsort(boxes[:, 0]), :][:, (0, 2)].tolist():
        if columns and left < columns[-1][1] - tolerance:
            columns[-1][1] = max(columns[-1][1], right)
        else:
            columns.append([left, right])
    parts = [sheet.boxes[row] for row in several]
    return [part for left, right in columns for part in _split_column(parts, left, right)]


def _split_column(rows: Sequence[np.ndarray], left: float, right: float) -> list[tuple[float, float]]:
    """Divide a column where most rows have a gap: a heading half over two columns has joined them."""
    inside = [_inner_gaps(boxes, left, right) for boxes in rows]
    begins = sorted(gap[0] for gaps in inside for gap in gaps)
    ends = sorted(gap[1] for gaps in inside for gap in gaps)
    votes, best = 0, 0.0
    for place, begin in enumerate(begins):  # the x that lies in most gaps is where one of them begins
        count = place + 1 - sum(end <= begin for end in ends)
        if count > votes:
            votes, best = count, begin
    crossing = sum(bool(((boxes[:, 0] < best) & (boxes[:, 2] > best + 1e-6)).any()) for boxes in rows)
    if votes < 2 or votes <= 2 * crossing:
        return [(left, right)]
    begin = max(gap[0] for gaps in inside for gap in gaps if gap[0] <= best < gap[1])
    end = min(gap[1] for gaps in inside for gap in gaps if gap[0] <= best < gap[1])
    return _split_column(rows, left, begin) + _split_column(rows, end, right)


def _inner_gaps(boxes: np.ndarray, left: float, right: float) -> list[tuple[float, float]]:
    """The gaps between the boxes of a row that lie in a column."""
    inside = boxes[(boxes[:, 0] < right) & (boxes[:, 2] > left)]
    gaps: list[tuple[float, float]] = []
    reach = np.inf
    for begin, end in sorted(inside[:, (0, 2)].tolist()):
        if begin > reach:
            gaps.append((reach, begin))
        reach = end if reach == np.inf else max(reach, end)
    return gaps


def _spanning(boxes: np.ndarray, row_of: np.ndarray, tolerance: float) -> np.ndarray:
    """Which cells lie over several others in most of the rows in which they lie over any; bool (N,)."""
    common = np.minimum(boxes[:, None, 2], boxes[:, 2]) - np.maximum(boxes[:, None, 0], boxes[:, 0])
    is_over = (common > tolerance) & (row_of[:, None] != row_of)
    # Lines of one cell, one above the other in a row, count once: each only where none before it in its row is over it.
    same_cell = (common > tolerance) & (row_of[:, None] == row_of)
    first = ~np.tril(same_cell, -1).any(axis=1)
    in_row = (row_of[:, None] == np.arange(row_of.max() + 1)).astype(np.float32)
    counts = (is_over & first).astype(np.float32) @ in_row
    return (counts >= 2).sum(axis=1) > 0.5 * (is_over.astype(np.float32) @ in_row >= 1).sum(axis=1)


def _place(box: np.ndarray, columns: list[tuple[float, float]]) -> tuple[int, int]:
    """(first column, columns spanned) of a line."""
    edges = np.array(columns)
    common = np.minimum(edges[:, 1], box[2]) - np.maximum(edges[:, 0], box[0])
    least = 0.25 * np.minimum(edges[:, 1] - edges[:, 0], box[2] - box[0])
    over = np.flatnonzero(common > least)
    if len(over) == 0:
        return int(np.abs(edges.mean(axis=1) - (box[0] + box[2]) / 2).argmin()), 1
    return int(over[0]), int(over[-1] - over[0] + 1)


Placed = list[tuple[int, int, int]]
"""Of a row: (line, column, span)."""


def _without_idle_columns(
    placed: list[Placed], columns: list[tuple[float, float]], near: float
) -> tuple[list[Placed], list[tuple[float, float]]]:
    """Join neighbouring columns that no row uses both of: a heading at the left of numbers that stand at the right."""
    used = np.zeros((len(placed), len(columns)), bool)
    for number, row in enumerate(placed):
        for _, column, span in row:
            used[number, column] |= span == 1
    new, kept = [0], [columns[0]]
    for column in range(1, len(columns)):
        together = used[:, [other for other in range(column) if new[other] == new[-1]]].any(axis=1)
        if (together & used[:, column]).any() or columns[column][0] - kept[-1][1] > near:
            new.append(new[-1] + 1)
            kept.append(columns[column])
        else:
            new.append(new[-1])
            kept[-1] = (kept[-1][0], columns[column][1])
    moved = [
        [(index, new[column], new[min(column + span, len(new)) - 1] - new[column] + 1) for index, column, span in row]
        for row in placed
    ]
    return (moved, kept) if len(kept) > 1 else (placed, columns)


def _with_wrapped_labels(sheet: Sheet, placed: list[Placed], columns: list[tuple[float, float]]) -> list[Placed]:
    """Put a row of one line to the row above when it goes on with a label that fills its column there.

    And one that stands right above a full row, unless in the first column: there it is a heading of rows.
    """
    distances = [row_distance(sheet, _lines(above), _lines(below)) for above, below in zip(placed, placed[1:])]
    height = float(np.median([sheet.heights[index] for row in placed for index, _, _ in row]))
    usual = float(np.percentile(distances, 75)) if distances else 0.0
    if usual < _SPACED * height:
        return placed
    merged = placed[:1]
    for distance, row in zip(distances, placed[1:]):
        column = row[0][1]
        above = [index for index, other, _ in merged[-1] if other == column]
        is_full = bool(above) and sheet.boxes[above[-1], 2] > columns[column][1] - 1.5 * height
        goes_on = len(row) == 1 and is_full
        goes_before = len(merged[-1]) == 1 < len(row) and merged[-1][0][1] > 0
        if distance < _TIGHT * usual and (goes_on or goes_before):
            merged[-1] = merged[-1] + row
        else:
            merged.append(row)
    return merged


def _lines(placed: Placed) -> Row:
    return [index for index, _, _ in placed]


def _limit_spans(cells: list[Cell]) -> None:
    """A cell spans no column that has a cell of its own."""
    for column, cell in enumerate(cells):
        taken = next((other for other in range(column + 1, len(cells)) if cells[other].lines), len(cells))
        cell.span = max(1, min(cell.span, taken - column))
