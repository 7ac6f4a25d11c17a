"""The order in which a reader takes the lines of a page.

A recursive cut in the manner of the XY-cut (Nagy, Seth, "Hierarchical representation of optically scanned documents",
1984), with one change. The plain XY-cut cannot tell two columns of prose from two columns of a table: both have a gap
from top to bottom. Here a gap separates columns only if both sides look like prose (most lines fill their column), or
if their lines do not stand side by side. Other regions are read row by row, which keeps the rows of a table together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

from ctpn_crnn.layout.params import ReadingOrderParams
from ctpn_crnn.layout.upright_boxes import upright_boxes

_PARAMS = ReadingOrderParams()

_MAX_CANDIDATES = 1000
"""Runs of bands that are looked at for columns; bounds the time on pages of thousands of lines."""


def reading_order(quads: Sequence[np.ndarray] | np.ndarray, params: ReadingOrderParams = _PARAMS) -> list[int]:
    """Order the lines of an upright page.

    Columns are read one after the other from the left; a title or paragraph that spans them is read in its place above
    or below them. Tables and forms are read row by row. A lean that the lines have in common does not matter.

    Args:
        quads: N quads (4, 2), clockwise from the text's own top left, in pixels of the upright page.
        params: Tuned numbers.

    Returns:
        The N indices in reading order.
    """
    if len(quads) < 2:
        return list(range(len(quads)))
    boxes, _ = upright_boxes(quads)
    return [index for block in text_blocks(boxes, params) for row in rows(boxes, block, params) for index in row]


def text_blocks(boxes: np.ndarray, params: ReadingOrderParams = _PARAMS) -> list[np.ndarray]:
    """Cut a page into columns and what stands above and below them.

    Args:
        boxes: (N, 4) as `upright_boxes` gives them.
        params: Tuned numbers.

    Returns:
        Indices of the lines of each block, in reading order of the blocks; each is to be read row by row. Together they
        are a permutation of the N lines.
    """
    return list(_cut(boxes, np.arange(len(boxes)), params)) if len(boxes) else []


def rows(boxes: np.ndarray, members: np.ndarray, params: ReadingOrderParams = _PARAMS) -> list[list[int]]:
    """Group lines into rows.

    A line joins a row if its centre is near enough to the mean centre of the row. The nearest member is no measure: a
    staircase of lines, each overlapping the next, would become one row.

    Args:
        boxes: (N, 4) as `upright_boxes` gives them.
        members: Indices of the lines to group.
        params: Tuned numbers.

    Returns:
        Indices of the lines of each row: rows from the top, lines from the left.
    """
    chosen = boxes[members]
    centres, heights = ((chosen[:, 1] + chosen[:, 3]) / 2).tolist(), (chosen[:, 3] - chosen[:, 1]).tolist()
    lefts = chosen[:, 0].tolist()
    found: list[list[int]] = []
    centre_sum = least_height = 0.0  # of the last row
    for index in sorted(range(len(chosen)), key=centres.__getitem__):
        limit = params.same_row * min(heights[index], least_height)
        if found and centres[index] - centre_sum / len(found[-1]) <= limit:
            found[-1].append(index)
            centre_sum, least_height = centre_sum + centres[index], min(least_height, heights[index])
        else:
            found.append([index])
            centre_sum, least_height = centres[index], heights[index]
    return [np.asarray(members)[sorted(row, key=lefts.__getitem__)].tolist() for row in found]


def _cut(boxes: np.ndarray, members: np.ndarray, params: ReadingOrderParams) -> Iterator[np.ndarray]:
    """Cut a region into what stands above its columns, each column, and what stands below, and cut these further."""
    bands = _bands(boxes[members], params) if len(members) >= 2 * params.min_prose_rows - 1 else []
    found = _largest_columns(boxes[members], bands, params)
    if found is None:
        yield members
        return
    (first, last), columns = found
    above = np.concatenate(bands[:first]) if first else np.empty(0, int)
    below = np.concatenate(bands[last + 1 :]) if last + 1 < len(bands) else np.empty(0, int)
    for part in (above, *columns, below):
        if len(part):
            yield from _cut(boxes, members[part], params)


def _bands(boxes: np.ndarray, params: ReadingOrderParams) -> list[np.ndarray]:
    """Group lines into bands, separated by the horizontal gaps that run through the whole region, from the top.

    Boxes are shrunk: quads of lines set close may touch or overlap a little.
    """
    shrink = (boxes[:, 3] - boxes[:, 1]) * params.band_overlap / 2
    starts, ends = boxes[:, 1] + shrink, boxes[:, 3] - shrink
    order = np.argsort(starts, kind="stable")
    reach = np.maximum.accumulate(ends[order])
    return np.split(order, np.flatnonzero(starts[order][1:] > reach[:-1]) + 1)


def _largest_columns(
    boxes: np.ndarray, bands: list[np.ndarray], params: ReadingOrderParams
) -> tuple[tuple[int, int], list[np.ndarray]] | None:
    """Find the run of bands with most lines that falls into columns.

    Returns:
        (first band, last band) and the indices of the lines of each column; None without columns.
    """
    for first, last, spans in _column_candidates(boxes, bands, params):
        inside = np.concatenate(bands[first : last + 1])
        lefts = np.array([left for left, _ in spans])
        span_of = np.searchsorted(lefts, boxes[inside, 0], side="right") - 1
        columns, is_prose = _join_tables(boxes, [inside[span_of == span] for span in range(len(spans))], params)
        if len(columns) < 2:
            continue
        first, last = _without_table_rows(boxes, bands, (first, last), columns, is_prose)
        inside = np.concatenate(bands[first : last + 1])
        columns = [column[np.isin(column, inside)] for column in columns]
        if sum(len(column) > 0 for column in columns) >= 2:
            return (first, last), columns
    return None


def _column_candidates(
    boxes: np.ndarray, bands: list[np.ndarray], params: ReadingOrderParams
) -> list[tuple[int, int, list[tuple[float, float]]]]:
    """Runs of bands that a vertical gap runs through: (first band, last band, horizontal spans), most lines first."""
    if not bands:
        return []
    is_wide = _is_wide(boxes, params)
    line_counts = np.cumsum([0] + [len(band) for band in bands]).tolist()
    wide_counts = np.cumsum([0] + [int(is_wide[band].sum()) for band in bands]).tolist()
    band_spans = [_merge_intervals([], sorted(boxes[band][:, (0, 2)].tolist())) for band in bands]
    candidates = []
    for first in range(len(bands)):
        spans: list[tuple[float, float]] = []
        for last in range(first, len(bands)):
            spans = _merge_intervals(spans, band_spans[last])
            if len(spans) < 2:
                break  # more bands only close more gaps
            if wide_counts[last + 1] - wide_counts[first] >= 2:  # fewer cannot make a column of prose
                candidates.append((line_counts[last + 1] - line_counts[first], first, last, spans))
    candidates.sort(key=lambda candidate: -candidate[0])
    return [candidate[1:] for candidate in candidates[:_MAX_CANDIDATES]]


def _merge_intervals(
    intervals: list[tuple[float, float]], more: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return the union of two sorted lists of intervals; those that overlap or touch are joined."""
    merged: list[tuple[float, float]] = []
    for begin, end in heapq.merge(intervals, more):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _join_tables(
    boxes: np.ndarray, columns: list[np.ndarray], params: ReadingOrderParams
) -> tuple[list[np.ndarray], list[bool]]:
    """Join neighbouring columns that belong to one table.

    Returns:
        The columns that remain, and whether each is prose.
    """
    is_prose = [_is_prose(boxes[column], params) for column in columns]
    joined, kinds = [columns[0]], [is_prose[0]]
    for column, prose in zip(columns[1:], is_prose[1:]):
        is_apart = (prose and kinds[-1]) or (
            (prose or kinds[-1])
            and (prose or not _is_few_narrow_lines(boxes[column], params))
            and not _are_side_by_side(boxes[joined[-1]], boxes[column], params)
        )
        if is_apart:
            joined.append(column)
            kinds.append(prose)
        else:
            joined[-1] = np.concatenate([joined[-1], column])
            kinds[-1] = False
    return joined, kinds


def _without_table_rows(
    boxes: np.ndarray, bands: list[np.ndarray], run: tuple[int, int], columns: list[np.ndarray], is_prose: list[bool]
) -> tuple[int, int]:
    """Take bands off both ends of a run that has columns of prose beside others: headings, and rows of a table.

    Taken off are bands with a line of a column that is not prose, and without a line that takes half of a prose column.
    """
    is_other, is_full = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
    for column, prose in zip(columns, is_prose):
        if prose:
            widths = boxes[column, 2] - boxes[column, 0]
            is_full[column] = widths >= 0.5 * widths.max()
        else:
            is_other[column] = True
    first, last = run
    while first < last and is_other[bands[first]].any() and not is_full[bands[first]].any():
        first += 1
    while first < last and is_other[bands[last]].any() and not is_full[bands[last]].any():
        last -= 1
    return first, last


def _is_wide(boxes: np.ndarray, params: ReadingOrderParams) -> np.ndarray:
    """Whether lines are as wide as those of prose, bool (N,)."""
    return (boxes[:, 2] - boxes[:, 0]) >= params.min_prose_width * (boxes[:, 3] - boxes[:, 1])


def _is_prose(boxes: np.ndarray, params: ReadingOrderParams) -> bool:
    """Whether lines look like running text: several rows, and lines that mostly are wide and fill the column."""
    if len(boxes) < params.min_prose_rows or 2 * np.count_nonzero(_is_wide(boxes, params)) < len(boxes):
        return False
    width = boxes[:, 2].max() - boxes[:, 0].min()
    if 2 * np.count_nonzero(boxes[:, 2] - boxes[:, 0] >= params.filled * width) < len(boxes):
        return False
    found = rows(boxes, np.arange(len(boxes)), params)
    return len(found) >= params.min_prose_rows


def _is_few_narrow_lines(boxes: np.ndarray, params: ReadingOrderParams) -> bool:
    """Whether lines are like amounts that stand between the two lines of long labels."""
    return len(boxes) < params.min_prose_rows and not _is_wide(boxes, params).any()


def _are_side_by_side(left: np.ndarray, right: np.ndarray, params: ReadingOrderParams) -> bool:
    """Whether half or more of the lines of the side with fewer lines are in one row with a line of the other side."""
    fewer, more = (left, right) if len(left) <= len(right) else (right, left)
    centres = (more[:, 1] + more[:, 3]) / 2
    distances = np.abs((fewer[:, 1] + fewer[:, 3])[:, None] / 2 - centres)
    limits = params.same_row * np.minimum((fewer[:, 3] - fewer[:, 1])[:, None], more[:, 3] - more[:, 1])
    return bool((distances <= limits).any(axis=1).mean() >= 0.5)
