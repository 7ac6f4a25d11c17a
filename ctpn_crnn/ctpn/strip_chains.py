"""Strips to chains: which strip follows which along a line of text (CTPN paper, section 3.1).

A strip's neighbour is the nearest one within a gap whose vertical overlap is large enough; two strips are joined when
each is the other's best. Everything is NumPy over flat arrays; the cost is near linear in the number of strips, and no
strip-by-strip matrix is built.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ctpn_crnn.ctpn.line_params import LineParams
from ctpn_crnn.ctpn.spec import STRIDE


class Strips(NamedTuple):
    """Strips as flat arrays (P,).

    Attributes:
        column: Anchor column, the left edge over 16.
        top: Top edge, pixels.
        bottom: Bottom edge, pixels.
        score: Probability that the strip is not background, 0..1.
        side: Side offset o = (x_side - x_centre) / 16 (paper, eq. 4).
    """

    column: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    score: np.ndarray
    side: np.ndarray

    @property
    def height(self) -> np.ndarray:
        """Heights (P,) in pixels."""
        return self.bottom - self.top

    @property
    def middle(self) -> np.ndarray:
        """Vertical middles (P,) in pixels."""
        return (self.top + self.bottom) / 2

    def take(self, index: np.ndarray) -> Strips:
        """Return the strips at these indices, in their order."""
        return Strips(*(field[index] for field in self))


def usable_strips(proposals: np.ndarray, scores: np.ndarray, sides: np.ndarray) -> Strips:
    """Return the strips that have a height and finite numbers.

    Args:
        proposals: (P, 4) x1, y1, x2, y2 in pixels, on the 16 px grid.
        scores: (P,) probabilities.
        sides: (P,) side offsets.
    """
    boxes = np.asarray(proposals, np.float64).reshape(-1, 4)
    strips = Strips(
        np.rint(boxes[:, 0] / STRIDE).astype(np.int64),
        boxes[:, 1],
        boxes[:, 3],
        np.asarray(scores, np.float64).reshape(-1),
        np.asarray(sides, np.float64).reshape(-1),
    )
    usable = np.isfinite(boxes).all(axis=1) & np.isfinite(strips.side) & (strips.height > 0)
    return strips.take(np.flatnonzero(usable))


def first_strips(strips: Strips, params: LineParams) -> np.ndarray:
    """Return the index of the first strip of each strip's line (P,): its own where it begins one.

    Args:
        strips: Sorted by column, then by vertical middle.
        params: Thresholds.
    """
    after = _nearest_neighbours(strips, params, +1)
    before = _nearest_neighbours(strips, params, -1)
    index = np.arange(len(after))
    before = np.where((before >= 0) & (after[before] == index), before, -1)
    if params.side_refinement:
        before[_line_breaks(strips, before, params)] = -1
    first = np.where(before >= 0, before, index)
    # Each round doubles the distance looked back, so a line of n strips takes log2(n) rounds.
    while not np.array_equal(first[first], first):
        first = first[first]
    return first


def _line_breaks(strips: Strips, before: np.ndarray, params: LineParams) -> np.ndarray:
    """Return the indices of strips that begin a new line although another one stands before them.

    Side offsets are trained near ends only, so that one of them proves nothing. Two strips in a row that point to the
    same place do: a link breaks where a line ends on its left and a line starts on its right, and what lies between is
    wide enough. The cells of a table are often so near to each other that no column between them is empty.

    Args:
        strips: Sorted by column.
        before: (P,) index of the strip before each one, -1 for none.
        params: Thresholds.
    """
    right = np.flatnonzero(before >= 0)
    left = before[right]
    after = np.full(len(before), -1)
    after[left] = right
    aim = STRIDE * (strips.column + 0.5 + strips.side)
    end, is_end = _agreed_end(aim, left, before[left], params.agreement)
    start, is_start = _agreed_end(aim, right, after[right], params.agreement)
    # The ends of this link, not those of a short line seen from both of its ends.
    here = (end > STRIDE * (strips.column[left] - 0.25)) & (start < STRIDE * (strips.column[right] + 1.25))
    wide = start - end > params.break_ratio * np.minimum(strips.height[left], strips.height[right])
    return right[is_end & is_start & here & wide]


def _agreed_end(
    aim: np.ndarray, strip: np.ndarray, inner: np.ndarray, agreement: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where strips and the next ones inwards say that their line ends, and whether they agree.

    Args:
        aim: (P,) x in pixels that each strip's side offset points to.
        strip: (S,) indices of strips at an end.
        inner: (S,) indices of the next strips inwards, -1 for none.
        agreement: Largest distance, in strips, of two aims that agree.
    """
    return (aim[strip] + aim[inner]) / 2, (inner >= 0) & (abs(aim[strip] - aim[inner]) < agreement * STRIDE)


def _nearest_neighbours(strips: Strips, params: LineParams, direction: int) -> np.ndarray:
    """Return the index of the best neighbour of each strip on one side (P,), -1 for none.

    It is the best fit in the nearest column that has any (direction: +1 to the right, -1 to the left).
    """
    best = np.full(len(strips.score), -1)
    pending = np.arange(len(best))
    reach = strips.height * max(0.5, 1 - params.min_overlap) / params.min_similarity
    widest = strips.height * params.gap_ratio
    columns = 0
    while len(pending):
        columns += 1
        gap = STRIDE * (columns - 1)
        pending = pending[widest[pending] >= gap]
        i, j = pairs_at(strips, pending, direction * columns, reach)
        smaller = np.minimum(strips.height[i], strips.height[j])
        larger = np.maximum(strips.height[i], strips.height[j])
        common = np.minimum(strips.bottom[i], strips.bottom[j]) - np.maximum(strips.top[i], strips.top[j])
        fits = (common > params.min_overlap * smaller) & (smaller >= params.min_similarity * larger)
        i, j, fit = i[fits], j[fits], (common / (smaller + larger - common))[fits]
        ranked = np.argsort(fit * strips.score[j], kind="stable")
        best[i[ranked]] = j[ranked]  # of several values for one index the last, the best fit, stays
        pending = pending[best[pending] < 0]
    return best


def pairs_at(strips: Strips, index: np.ndarray, step: int, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs (i, j), flat: i of ``index``; j each strip ``step`` columns on, its middle within ``reach`` (P,)."""
    # One sorted key for column and height: columns lie so far apart that no window reaches into the next one.
    spread = np.ptp(strips.middle) + 2 * reach.max() + 1
    key = strips.column * spread + strips.middle
    goal = key[index] + step * spread
    low = np.searchsorted(key, goal - reach[index], side="left")
    count = np.searchsorted(key, goal + reach[index], side="right") - low
    i = np.repeat(index, count)
    within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    return i, np.repeat(low, count) + within


def sorted_by_line(strips: Strips, first: np.ndarray) -> tuple[Strips, np.ndarray]:
    """Sort strips by line, then by column; return them with the line's number of each (P,), 0..L-1."""
    _, line = np.unique(first, return_inverse=True)
    order = np.lexsort((strips.column, line))
    return strips.take(order), line.reshape(-1)[order]
