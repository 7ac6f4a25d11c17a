"""The order in which a reader takes the lines of a page.

A recursive cut in the manner of the XY-cut (Nagy, Seth, "Hierarchical representation of optically scanned documents",
1984), with one change. The plain XY-cut cannot tell two columns of prose from two columns of a table: both have a gap
from top to bottom. Here a gap separates columns only when both sides look like prose (most lines fill their column),
or when their lines do not stand side by side. Otherwise the region is read row by row, which keeps a table's rows
together.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

_MIN_GUTTER = 0.6
"""Narrowest gap between columns, in median line heights: detected quads may stick out by half a character."""

_MIN_PROSE_ROWS = 3
_MIN_PROSE_WIDTH = 10.0
"""Width that half of a column's lines have at least, in their heights: an amount of money has up to 9, a newspaper's
column 12."""

_FILLED = 0.8
"""A line fills its column when it takes this share of its width. Half the lines of prose do; cells vary more."""

_SINGLE = 0.7
"""Share of a prose column's rows that hold one line; the rest may be cut in two by the detector."""

_SAME_ROW = 0.4
"""Largest distance of two lines' centres, in the height of the lower one, when they stand side by side."""

_MAX_TRIES = 1000
"""Bands looked at before a region is taken to have no columns; bounds the time on pages of thousands of lines."""

_MAX_SLANT = 30.0
"""Degrees. A page that leans more is taken to be text written at an angle, not a page put down askew."""


def reading_order(quads: Sequence[np.ndarray] | np.ndarray) -> list[int]:
    """Order the lines of a page.

    Columns are read one after the other, from the left, within a title or paragraph that spans them and the next;
    tables and forms row by row. The common slant of the page is taken out first.

    Args:
        quads: N quads (4, 2), clockwise from the text's own top left, in pixels.

    Returns:
        The N indices in reading order.
    """
    if len(quads) < 2:
        return list(range(len(quads)))
    boxes, _ = upright_boxes(quads)
    return [index for region in regions(boxes) for row in rows(boxes, region) for index in row]


def upright_boxes(quads: Sequence[np.ndarray] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of the quads after the page's common slant is taken out, about the middle of all quads.

    A line keeps its own width and height about its centre, so that one that leans a little does not swell.

    Args:
        quads: N >= 1 quads (4, 2), in pixels.

    Returns:
        Boxes float64 (N, 4) x1, y1, x2, y2, and how far each quad leans from the common slant, degrees (N,).
    """
    quads = np.asarray(quads, dtype=np.float64).reshape(-1, 4, 2)
    along = (quads[:, 1] - quads[:, 0]) + (quads[:, 2] - quads[:, 3])
    angles = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    slant = _weighted_median(angles, np.hypot(along[:, 0], along[:, 1]))
    slant = np.radians(slant) if abs(slant) <= _MAX_SLANT else 0.0
    turn = np.array([[np.cos(slant), -np.sin(slant)], [np.sin(slant), np.cos(slant)]])
    middle = quads.mean(axis=(0, 1))
    quads = (quads - middle) @ turn + middle
    boxes = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    sizes = (sides[:, :2] + sides[:, 2:]) / 2  # as quad_size gives it
    level = np.abs(angles - np.degrees(slant)) < 15
    half = np.minimum(sizes / 2, (boxes[:, 2:] - boxes[:, :2]) / 2)
    centres = quads.mean(axis=1)
    boxes[level] = np.concatenate([centres - half, centres + half], axis=1)[level]
    return boxes, angles - np.degrees(slant)


def regions(boxes: np.ndarray) -> list[np.ndarray]:
    """The parts of a page in the order in which they are read, each of which is read row by row.

    Args:
        boxes: (N, 4) as `upright_boxes` gives them.

    Returns:
        Indices; together a permutation of the N boxes.
    """
    return list(_order(boxes, np.arange(len(boxes)))) if len(boxes) else []


def rows(boxes: np.ndarray, members: np.ndarray) -> list[list[int]]:
    """The members, row by row from the top, each row from the left."""
    return [members[row].tolist() for row in _rows(boxes[members])]


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    heap = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(heap, heap[-1] / 2)])


def _order(boxes: np.ndarray, members: np.ndarray) -> Iterator[np.ndarray]:
    """Cut one region up: what stands above its largest band of columns, each column, what stands below."""
    bands = _bands(boxes[members]) if len(members) >= 2 * _MIN_PROSE_ROWS - 1 else []
    found = _largest_columns(boxes[members], bands)
    if found is None:
        yield members
        return
    (first, last), columns = found
    above = np.concatenate(bands[:first]) if first else np.empty(0, int)
    below = np.concatenate(bands[last + 1 :]) if last + 1 < len(bands) else np.empty(0, int)
    for part in (above, *columns, below):
        if len(part):
            yield from _order(boxes, members[part])


def _bands(boxes: np.ndarray) -> list[np.ndarray]:
    """Indices grouped by the horizontal gaps that run through the whole region, from the top.

    Heights are shrunk by a tenth on either side: quads of lines set close may touch or overlap a little.
    """
    shrink = (boxes[:, 3] - boxes[:, 1]) * 0.1
    return _runs(boxes[:, 1] + shrink, boxes[:, 3] - shrink, 0.0)


def _runs(starts: np.ndarray, ends: np.ndarray, gap: float) -> list[np.ndarray]:
    """Group intervals into runs separated by more than `gap`."""
    order = np.argsort(starts, kind="stable")
    reach = np.maximum.accumulate(ends[order])
    cuts = np.flatnonzero(starts[order][1:] > reach[:-1] + gap) + 1
    return np.split(order, cuts)


def _largest_columns(boxes: np.ndarray, bands: list[np.ndarray]) -> tuple[tuple[int, int], list[np.ndarray]] | None:
    """The run of bands with most lines that falls into columns: ((first band, last band), columns' indices)."""
    if not bands:
        return None
    heights = boxes[:, 3] - boxes[:, 1]
    gutter = _MIN_GUTTER * float(np.median(heights))
    wide = (boxes[:, 2] - boxes[:, 0]) >= _MIN_PROSE_WIDTH * heights
    lines_to = np.cumsum([0] + [len(band) for band in bands]).tolist()
    wide_to = np.cumsum([0] + [int(wide[band].sum()) for band in bands]).tolist()
    spans = [_merged([], sorted(boxes[band][:, (0, 2)].tolist()), gutter) for band in bands]
    candidates = []
    for first in range(len(bands)):
        runs: list[tuple[float, float]] = []
        for last in range(first, len(bands)):
            runs = _merged(runs, spans[last], gutter)
            if len(runs) < 2:
                break  # more bands only close more gaps
            if wide_to[last + 1] - wide_to[first] >= 2:  # fewer cannot make a column of prose
                candidates.append((lines_to[last + 1] - lines_to[first], first, last, runs))
    candidates.sort(key=lambda candidate: -candidate[0])
    for _, first, last, runs in candidates[:_MAX_TRIES]:
        inside = np.concatenate(bands[first : last + 1])
        left = np.array([run[0] for run in runs])
        run_of = np.searchsorted(left, boxes[inside, 0], side="right") - 1
        columns, prose = _columns(boxes, [inside[run_of == run] for run in range(len(runs))])
        if len(columns) < 2:
            continue
        first, last = _trimmed(boxes, bands, (first, last), columns, prose)
        inside = np.concatenate(bands[first : last + 1])
        columns = [column[np.isin(column, inside)] for column in columns]
        if sum(len(column) > 0 for column in columns) >= 2:
            return (first, last), columns
    return None


def _trimmed(
    boxes: np.ndarray, bands: list[np.ndarray], span: tuple[int, int], columns: list[np.ndarray], prose: list[bool]
) -> tuple[int, int]:
    """Take headings and rows of a table off both ends of a band in which something else stands beside prose.

    What goes are bands with a line of a column that is not prose, and no full line of one that is.
    """
    loose, full = np.zeros(len(boxes), bool), np.zeros(len(boxes), bool)
    for column, is_prose in zip(columns, prose):
        if is_prose:
            widths = boxes[column, 2] - boxes[column, 0]
            full[column] = widths >= 0.5 * widths.max()
        else:
            loose[column] = True
    first, last = span
    while first < last and loose[bands[first]].any() and not full[bands[first]].any():
        first += 1
    while first < last and loose[bands[last]].any() and not full[bands[last]].any():
        last -= 1
    return first, last


def _merged(intervals: list[tuple[float, float]], more: list[tuple[float, float]], gap: float) -> list:
    """Disjoint intervals, sorted, after others, likewise, are laid over them; those not farther than `gap` are one."""
    merged: list[tuple[float, float]] = []
    for begin, end in heapq.merge(intervals, more):
        if merged and begin <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _columns(boxes: np.ndarray, runs: list[np.ndarray]) -> tuple[list[np.ndarray], list[bool]]:
    """Join neighbouring runs that belong to one table; what remains are columns, and whether each is prose."""
    prose = [_is_prose(boxes[run]) for run in runs]
    columns, kinds = [runs[0]], [prose[0]]
    for run, is_prose in zip(runs[1:], prose[1:]):
        apart = (is_prose and kinds[-1]) or (
            (is_prose or kinds[-1])
            and (is_prose or not _is_stray(boxes[run]))
            and not _side_by_side(boxes[columns[-1]], boxes[run])
        )
        if apart:
            columns.append(run)
            kinds.append(is_prose)
        else:
            columns[-1] = np.concatenate([columns[-1], run])
            kinds[-1] = False
    return columns, kinds


def _is_prose(boxes: np.ndarray) -> bool:
    """Whether lines look like running text: several rows, mostly one line a row, most of which fill the column."""
    if len(boxes) < _MIN_PROSE_ROWS:
        return False
    widths, heights = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    if 2 * np.count_nonzero(widths >= _MIN_PROSE_WIDTH * heights) < len(boxes):
        return False
    width = boxes[:, 2].max() - boxes[:, 0].min()
    if 2 * np.count_nonzero(widths >= _FILLED * width) < len(boxes):
        return False
    rows = _rows(boxes)
    return len(rows) >= _MIN_PROSE_ROWS and sum(len(row) == 1 for row in rows) >= _SINGLE * len(rows)


def _is_stray(boxes: np.ndarray) -> bool:
    """Whether lines are a few short ones, such as amounts that stand between the two lines of long labels."""
    narrow = (boxes[:, 2] - boxes[:, 0]) < _MIN_PROSE_WIDTH * (boxes[:, 3] - boxes[:, 1])
    return len(boxes) < _MIN_PROSE_ROWS and bool(narrow.all())


def _side_by_side(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether half or more of the rows of the side with fewer lines have a partner on the other side."""
    fewer, more = (left, right) if len(left) <= len(right) else (right, left)
    centres = (more[:, 1] + more[:, 3]) / 2
    distances = np.abs((fewer[:, 1] + fewer[:, 3])[:, None] / 2 - centres)
    limits = _SAME_ROW * np.minimum((fewer[:, 3] - fewer[:, 1])[:, None], more[:, 3] - more[:, 1])
    return bool((distances <= limits).any(axis=1).mean() >= 0.5)


def _rows(boxes: np.ndarray) -> list[np.ndarray]:
    """Indices row by row from the top, each from the left.

    A line joins the row whose mean centre is near enough; comparing with the mean, not with the nearest member, keeps a
    staircase of overlapping lines from growing into one row.
    """
    centres, heights = ((boxes[:, 1] + boxes[:, 3]) / 2).tolist(), (boxes[:, 3] - boxes[:, 1]).tolist()
    lefts = boxes[:, 0].tolist()
    rows: list[list[int]] = []
    total = lowest = 0.0  # of the last row: sum of its centres, least of its heights
    for index in sorted(range(len(boxes)), key=centres.__getitem__):
        limit = _SAME_ROW * min(heights[index], lowest)
        if rows and centres[index] - total / len(rows[-1]) <= limit:
            rows[-1].append(index)
            total, lowest = total + centres[index], min(lowest, heights[index])
        else:
            rows.append([index])
            total, lowest = centres[index], heights[index]
    return [np.array(sorted(row, key=lefts.__getitem__)) for row in rows]
