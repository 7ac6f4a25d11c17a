"""The connector: from 16 px wide strips to text lines.

CTPN sees a line as a row of fine-scale proposals, one anchor column (16 px) each. The connector links them by the graph
of the paper (section 3.1: a strip's neighbour is the nearest one within a gap whose vertical overlap is large enough;
two strips are joined when each is the other's best), adds the size similarity that the authors' own code uses, and
departs from both in six places, each for a known complaint: strips need to overlap less, so that a slanted line does
not fall to pieces; the gap grows with the text's height, so that the columns of a table stay apart and large spaced
letters still join; edges are fitted robustly, so that slanted lines get slanted quads; ends, also those between two
cells that touch, come from side-refinement (section 3.3); a sure strip without neighbours is a line of its own; and
sure strips stay a line when weak ones beside them, such as leader dots, would drag it down. Scores are used as they
are.

Everything is NumPy over flat arrays; the cost is near linear in the number of strips, and no strip-by-strip matrix is
built.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import Quad, box_to_quad, intersection_area

MAX_OUTWARD = 1.5
"""How far side-refinement may move an end out of the middle of its strip, in strips: an end lies within 32 px of a
trained anchor, and one missing strip is made good."""

MAX_INWARD = 1.0
"""How far it may move an end inwards, in strips."""

AGREEMENT = 0.3
"""Two strips speak of the same end when they place it this near to each other, in strips (5 px)."""

LEVEL_RISE = 0.1
"""A line that rises by less than this share of its height is level: a slope fitted to two or three strips is mostly
noise."""

TAPER_STRIPS = 6
"""From this many strips on, top and bottom edges have slopes of their own (text seen in perspective)."""

REFIT_ROUNDS = 2

FORMULA_OVERLAP = 0.5
"""Vertical overlap and similarity in height that suffice for neighbouring strips in a formula: a fraction is twice as
high as the sign beside it."""

FORMULA_EDGE = 0.1
"""The share of a formula's strips that may reach higher than its box, and lower."""

FORMULA_LEVEL = 0.6
"""Two pieces belong to one formula if they share more than this part of the lower one's rows, ..."""

FORMULA_GAP = 0.6
"""... and are no further apart than this, in heights of the lower one."""


@dataclass(frozen=True)
class LineParams:
    """What the connector believes about text.

    Args:
        min_overlap: Vertical overlap of neighbours, intersection over the smaller height (paper, section 3.1: .7, which
            breaks slanted lines: at 25 degrees a strip is 7 px lower than the one before it). Of several neighbours the
            best fit is taken, so that little suffices; chosen, as the next one, on pictures of the training sets.
        min_similarity: Smaller over larger height of neighbours.
        gap_ratio: Widest gap between neighbours, in heights of the smaller one; strips in adjacent columns have no gap.
        max_gap: The same in pixels, whatever the height.
        break_ratio: Neighbours are kept apart where the side offsets on both sides agree that one line ends and another
            one starts, more than this many heights apart. Part of side-refinement.
        min_line_score: Least mean score of a line's strips (the authors' code has .7, that of E. Ran .9); chosen on
            pictures of the training sets.
        min_single_score: Least score of a strip that has no neighbours.
        sure_strip: From this score on strips stay a line when the others they are joined to take its mean below
            `min_line_score`: a title before leader dots, which look like half a text. None: never, as the detector
            has it on photographs.
        max_line_overlap: A line of which more than this share lies inside a stronger one is dropped.
        side_refinement: Move the ends of lines by the side offsets; without it they fall on the 16 px grid.

    Raises:
        ConfigError: A value is out of its range.
    """

    min_overlap: float = 0.3
    min_similarity: float = 0.6
    gap_ratio: float = 1.0
    max_gap: float = 128.0
    break_ratio: float = 0.8
    min_line_score: float = 0.85
    min_single_score: float = 0.9
    sure_strip: float | None = 0.98
    max_line_overlap: float = 0.3
    side_refinement: bool = True

    def __post_init__(self) -> None:
        for name in ("min_overlap", "min_similarity", "min_line_score", "min_single_score", "max_line_overlap"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)!r}: give a number from 0 to 1.")
        if self.sure_strip is not None and not 0 <= self.sure_strip <= 1:
            raise ConfigError(f"sure_strip is {self.sure_strip!r}: give a number from 0 to 1, or None.")
        if self.min_similarity == 0:
            raise ConfigError("min_similarity is 0: give a number above 0, for example 0.7.")
        for name in ("gap_ratio", "max_gap", "break_ratio"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} is {getattr(self, name)!r}: give a finite number, 0 or more.")


DEFAULTS = LineParams()


def connect(
    proposals: np.ndarray,
    scores: np.ndarray,
    sides: np.ndarray,
    image_size: tuple[int, int],
    params: LineParams = DEFAULTS,
) -> list[tuple[Quad, float]]:
    """Join the strips of one class into lines.

    Args:
        proposals: (P, 4) strips x1, y1, x2, y2 in pixels, on the 16 px grid, after non-maximum suppression. Not
            necessarily sorted.
        scores: (P,) probability of the class, 0..1.
        sides: (P,) side offsets o = (x_side - x_centre) / 16 (paper, eq. 4); read only near the ends of lines.
        image_size: (height, width) in pixels; nothing leaves it.
        params: Thresholds.

    Returns:
        ``(quad, score)`` of each line, strongest evidence first: float32 (4, 2) clockwise from top left, and the mean
        score.
    """
    lines = _lines(proposals, scores, sides, image_size, params)
    if lines is None:
        return []
    lines = _without_weak_strips(lines, image_size, params)
    # Length counts: a line of thirty strips at .95 explains more than the one strip at .99 that it contains.
    strength = np.where(lines.sure, lines.scores * lines.counts, -1.0)
    _suppress(lines.quads, strength, _touching_lines(lines.strips, lines.line), params.max_line_overlap)
    order = np.argsort(-strength, kind="stable")
    return [(lines.quads[i], float(lines.scores[i])) for i in order[: np.count_nonzero(strength >= 0)]]


def connect_formulas(
    proposals: np.ndarray,
    scores: np.ndarray,
    sides: np.ndarray,
    image_size: tuple[int, int],
    params: LineParams = DEFAULTS,
) -> list[tuple[Quad, float]]:
    """Join the strips of formulas. As `connect`, but for what a formula is: not a line, but a box.

    Its strips are not equally high, so neighbours need to be less alike, and the box reaches around nearly all of them.
    Pieces
    that stand beside or on each other in the same rows are one formula.

    Args:
        proposals, scores, sides, image_size, params: As for `connect`.

    Returns:
        ``(quad, score)`` of each formula, an upright box, strongest evidence first.
    """
    alike = min(params.min_overlap, FORMULA_OVERLAP), min(params.min_similarity, FORMULA_OVERLAP)
    params = replace(params, min_overlap=alike[0], min_similarity=alike[1])
    pieces = _lines(proposals, scores, sides, image_size, params)
    if pieces is None:
        return []
    ends = np.cumsum(pieces.counts)[:-1]
    top = [np.quantile(tops, FORMULA_EDGE) for tops in np.split(pieces.strips.top, ends)]
    bottom = [np.quantile(bottoms, 1 - FORMULA_EDGE) for bottoms in np.split(pieces.strips.bottom, ends)]
    left, right = pieces.quads[:, [0, 3], 0].mean(axis=1), pieces.quads[:, [1, 2], 0].mean(axis=1)
    boxes = np.stack([left, np.clip(top, 0, image_size[0]), right, np.clip(bottom, 0, image_size[0])], axis=1)
    merged = _merged_pieces(boxes[pieces.sure], pieces.scores[pieces.sure], pieces.counts[pieces.sure])
    merged.sort(key=lambda piece: -piece[1] * piece[2])
    return [(box_to_quad(*box), score) for box, score, _ in merged]


def _merged_pieces(
    boxes: np.ndarray, scores: np.ndarray, counts: np.ndarray
) -> list[tuple[tuple[float, float, float, float], float, float]]:
    """Return boxes, mean scores and numbers of strips of formulas, from those of their pieces."""
    pieces = [(tuple(b), float(s), float(n)) for b, s, n in zip(boxes.tolist(), scores, counts, strict=True)]
    done: list[tuple[tuple[float, float, float, float], float, float]] = []
    while pieces:
        (x1, y1, x2, y2), score, count = pieces.pop()
        for other in pieces:
            (a1, b1, a2, b2), other_score, other_count = other
            lower = min(y2 - y1, b2 - b1)
            level = min(y2, b2) - max(y1, b1) > FORMULA_LEVEL * lower
            if level and max(x1, a1) - min(x2, a2) < FORMULA_GAP * lower:
                pieces.remove(other)
                total = count + other_count
                mean = (score * count + other_score * other_count) / total
                # It may reach further pieces now: it is looked at anew.
                pieces.append(((min(x1, a1), min(y1, b1), max(x2, a2), max(y2, b2)), mean, total))
                break
        else:
            done.append(((x1, y1, x2, y2), score, count))
    return done


def _sure(quads: np.ndarray, scores: np.ndarray, counts: np.ndarray, params: LineParams) -> np.ndarray:
    """Return which lines (L,) score high enough for their number of strips, and have a size."""
    single = max(params.min_single_score, params.min_line_score)
    return (scores >= np.where(counts == 1, single, params.min_line_score)) & (np.ptp(quads, axis=1) >= 1).all(axis=1)


class _Strips(NamedTuple):
    """Strips as flat arrays (P,). `_joined` sorts them by column, then by centre, to find neighbours, and returns them
    by line, then by column."""

    column: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    score: np.ndarray
    side: np.ndarray

    @property
    def height(self) -> np.ndarray:
        return self.bottom - self.top

    @property
    def middle(self) -> np.ndarray:
        return (self.top + self.bottom) / 2

    def take(self, index: np.ndarray) -> _Strips:
        return _Strips(*(field[index] for field in self))


class _Lines(NamedTuple):
    """Chains of strips, before any is dropped: the strips, sorted by line, and the line of each (P,); then of each line
    (L, ...) its quad, mean score, number of strips, and whether it is sure enough to be kept."""

    strips: _Strips
    line: np.ndarray
    quads: np.ndarray
    scores: np.ndarray
    counts: np.ndarray
    sure: np.ndarray


def _lines(
    proposals: np.ndarray, scores: np.ndarray, sides: np.ndarray, image_size: tuple[int, int], params: LineParams
) -> _Lines | None:
    """Return the strips joined as `params` say; None where there are none."""
    strips = _usable_strips(proposals, scores, sides)
    return _joined(strips, image_size, params) if len(strips.score) else None


def _joined(strips: _Strips, image_size: tuple[int, int], params: LineParams) -> _Lines:
    """Return the chains of one or more strips, in whatever order these are."""
    strips = strips.take(np.lexsort((strips.middle, strips.column)))
    strips, line = _by_line(strips, _chains(strips, params))
    quads, scores, counts = _quads(strips, line, image_size, params)
    return _Lines(strips, line, quads, scores, counts, _sure(quads, scores, counts, params))


def _without_weak_strips(lines: _Lines, image_size: tuple[int, int], params: LineParams) -> _Lines:
    """Join anew, of each chain that is not sure as a whole, the strips that are sure by themselves."""
    if params.sure_strip is None:
        return lines
    weak = ~lines.sure[lines.line] & (lines.strips.score < params.sure_strip)
    if not weak.any() or weak.all():
        return lines
    return _joined(lines.strips.take(np.flatnonzero(~weak)), image_size, params)


def _usable_strips(proposals: np.ndarray, scores: np.ndarray, sides: np.ndarray) -> _Strips:
    boxes = np.asarray(proposals, np.float64).reshape(-1, 4)
    strips = _Strips(
        np.rint(boxes[:, 0] / STRIDE).astype(np.int64),
        boxes[:, 1],
        boxes[:, 3],
        np.asarray(scores, np.float64).reshape(-1),
        np.asarray(sides, np.float64).reshape(-1),
    )
    usable = np.isfinite(boxes).all(axis=1) & np.isfinite(strips.side) & (strips.height > 0)
    return strips.take(np.flatnonzero(usable))


def _chains(strips: _Strips, params: LineParams) -> np.ndarray:
    """Return for each strip, sorted by column, then by centre, the first strip of its line (P,): itself where it begins
    one."""
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


def _line_breaks(strips: _Strips, before: np.ndarray, params: LineParams) -> np.ndarray:
    """Return the strips, as indices, that begin a new line although they have a neighbour ``before`` them (P,), -1 for
    none.

    Side offsets are trained near ends only, so that one of them proves nothing. Two strips in a row that point to the
    same place do: a link breaks where a line ends on its left and a line starts on its right, and what lies between is
    wide enough. The cells of a table are often so near to each other that no column between them is empty.
    """
    right = np.flatnonzero(before >= 0)
    left = before[right]
    after = np.full(len(before), -1)
    after[left] = right
    aim = STRIDE * (strips.column + 0.5 + strips.side)
    end, is_end = _agreed_aim(aim, left, before[left])
    start, is_start = _agreed_aim(aim, right, after[right])
    # The ends of this link, not those of a short line seen from both of its ends.
    here = (end > STRIDE * (strips.column[left] - 0.25)) & (start < STRIDE * (strips.column[right] + 1.25))
    wide = start - end > params.break_ratio * np.minimum(strips.height[left], strips.height[right])
    return right[is_end & is_start & here & wide]


def _agreed_aim(aim: np.ndarray, strip: np.ndarray, inner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where strips and the next ones inwards (-1 for none) point to, on average, and whether they agree about
    it."""
    return (aim[strip] + aim[inner]) / 2, (inner >= 0) & (abs(aim[strip] - aim[inner]) < AGREEMENT * STRIDE)


def _nearest_neighbours(strips: _Strips, params: LineParams, direction: int) -> np.ndarray:
    """Return the best neighbour of each strip on one side (P,), -1 for none: in the nearest column that has one, the
    best fit there."""
    best = np.full(len(strips.score), -1)
    pending = np.arange(len(best))
    reach = strips.height * max(0.5, 1 - params.min_overlap) / params.min_similarity
    widest = np.minimum(strips.height * params.gap_ratio, params.max_gap)
    columns = 0
    while len(pending):
        columns += 1
        gap = STRIDE * (columns - 1)
        pending = pending[widest[pending] >= gap]
        i, j = _pairs_at(strips, pending, direction * columns, reach)
        smaller = np.minimum(strips.height[i], strips.height[j])
        larger = np.maximum(strips.height[i], strips.height[j])
        common = np.minimum(strips.bottom[i], strips.bottom[j]) - np.maximum(strips.top[i], strips.top[j])
        fits = (common > params.min_overlap * smaller) & (smaller >= params.min_similarity * larger)
        fits &= np.minimum(widest[i], widest[j]) >= gap
        i, j, fit = i[fits], j[fits], (common / (smaller + larger - common))[fits]
        ranked = np.argsort(fit * strips.score[j], kind="stable")
        best[i[ranked]] = j[ranked]  # of several values for one index the last, the best fit, stays
        pending = pending[best[pending] < 0]
    return best


def _pairs_at(strips: _Strips, index: np.ndarray, step: int, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _by_line(strips: _Strips, first: np.ndarray) -> tuple[_Strips, np.ndarray]:
    """Sort strips by line, then by column; return them with the line's number of each (P,), 0..L-1."""
    _, line = np.unique(first, return_inverse=True)
    order = np.lexsort((strips.column, line))
    return strips.take(order), line.reshape(-1)[order]


def _quads(
    strips: _Strips, line: np.ndarray, image_size: tuple[int, int], params: LineParams
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return quads float32 (L, 4, 2), mean scores (L,) and numbers of strips (L,) of all lines."""
    counts = np.bincount(line)
    starts = np.cumsum(counts) - counts
    x = (strips.column + 0.5) * STRIDE
    origin = np.bincount(line, x) / counts
    x = x - origin[line]
    height = _median(strips.height, line, len(counts))
    slope_top, slope_bottom = _slopes(x, strips, line, counts, height)
    top = _median(strips.top - slope_top[line] * x, line, len(counts))
    bottom = _median(strips.bottom - slope_bottom[line] * x, line, len(counts))
    left, right = _grid_ends(strips, starts, counts)
    if params.side_refinement:
        left, right = _refined_ends(strips, starts, counts, image_size[1])
    corners = _corners(left - origin, right - origin, (top, slope_top), (bottom, slope_bottom))
    corners[:, :, 0] += origin[:, None]
    np.clip(corners, 0, (image_size[1], image_size[0]), out=corners)
    return corners.astype(np.float32), np.bincount(line, strips.score) / counts, counts


def _slopes(
    x: np.ndarray, strips: _Strips, line: np.ndarray, counts: np.ndarray, height: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes of top and bottom edges (L,), x (P,) being relative to each line's middle."""
    top = _robust_slope(x, strips.top, line, counts)
    bottom = _robust_slope(x, strips.bottom, line, counts)
    shared = (top + bottom) / 2
    tapered = counts >= TAPER_STRIPS
    top, bottom = np.where(tapered, top, shared), np.where(tapered, bottom, shared)
    level = np.maximum(abs(top), abs(bottom)) * (counts - 1) * STRIDE < LEVEL_RISE * height
    return np.where(level, 0, top), np.where(level, 0, bottom)


def _robust_slope(x: np.ndarray, y: np.ndarray, line: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the slope dy/dx of each line (L,); 0 for a line of one strip.

    It starts from the median slope between strips half a line apart (an incomplete Theil-Sen estimate, linear in time)
    and is refined by least squares with Tukey's biweight, so that a strip whose height went wrong does not tilt its
    line.
    """
    lag = np.maximum(1, counts // 2)[line]
    index = np.arange(len(line))
    i = index[index + lag < (np.cumsum(counts))[line]]
    j = i + lag[i]
    slope = _median((y[j] - y[i]) / (x[j] - x[i]), line[i], len(counts))
    for _ in range(REFIT_ROUNDS):
        residual = y - slope[line] * x
        residual -= _median(residual, line, len(counts))[line]
        spread = np.maximum(1.0, 1.4826 * _median(abs(residual), line, len(counts)))[line]
        weight = np.maximum(0, 1 - (residual / (4.685 * spread)) ** 2) ** 2
        total = np.bincount(line, weight)
        centred = x - (np.bincount(line, weight * x) / total)[line]
        variance = np.bincount(line, weight * centred**2)
        slope = np.where(variance > 1e-6, np.bincount(line, weight * centred * y) / np.maximum(variance, 1e-6), slope)
    return slope


def _median(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return the median of each group (groups,); 0 for an empty one."""
    counts = np.bincount(group, minlength=groups)
    starts = np.cumsum(counts) - counts
    ranked = np.append(values[np.lexsort((values, group))], 0.0)
    low = np.where(counts > 0, starts + (counts - 1) // 2, -1)
    high = np.where(counts > 0, starts + counts // 2, -1)
    return (ranked[low] + ranked[high]) / 2


def _grid_ends(strips: _Strips, starts: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return left and right ends (L,) on the 16 px grid."""
    return STRIDE * strips.column[starts].astype(float), STRIDE * (strips.column[starts + counts - 1] + 1.0)


def _refined_ends(
    strips: _Strips, starts: np.ndarray, counts: np.ndarray, image_width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return left and right ends (L,) moved by side-refinement (paper, section 3.3)."""
    grid_left, grid_right = _grid_ends(strips, starts, counts)
    lasts = starts + counts - 1
    left, sure_left = _refined_end(strips, starts, np.minimum(starts + 1, lasts), -1)
    right, sure_right = _refined_end(strips, lasts, np.maximum(lasts - 1, starts), +1)
    # Where the image cuts a line, its end cannot be seen and the offset means nothing, unless two strips say the same.
    left = np.where(sure_left | (grid_left > 0), left, grid_left)
    right = np.where(sure_right | (grid_right < image_width), right, grid_right)
    # A lone strip has one offset for two ends: it belongs to the nearer one, the other stays on the grid.
    alone = counts == 1
    left = np.where(alone & (strips.side[starts] > 0), grid_left, left)
    right = np.where(alone & (strips.side[starts] <= 0), grid_right, right)
    impossible = right - left < STRIDE / 4
    return np.where(impossible, grid_left, left), np.where(impossible, grid_right, right)


def _refined_end(
    strips: _Strips, last: np.ndarray, next_to_last: np.ndarray, outward: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the last strips (L,) say that their lines end, and whether the strips next to them say the same.

    Where they do, the end is the mean of both.
    """
    offset = np.clip(strips.side[last] * outward, -MAX_INWARD, MAX_OUTWARD) * outward
    end = STRIDE * (strips.column[last] + 0.5 + offset)
    second = STRIDE * (strips.column[next_to_last] + 0.5 + strips.side[next_to_last])
    agree = abs(second - end) < STRIDE / 2
    return np.where(agree, (end + second) / 2, end), agree


def _corners(
    left: np.ndarray, right: np.ndarray, top: tuple[np.ndarray, np.ndarray], bottom: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Return corners (L, 4, 2) of lines between ``left`` and ``right`` under edges given as (height at x = 0, slope).

    ``left`` and ``right`` are the middles of the ends (so does ``anchors.strips_of_quads`` measure them); the ends are
    square to the
    line: a slanted line is a rotated rectangle, not a sheared one.
    """
    slope = (top[1] + bottom[1]) / 2
    cos = 1 / np.sqrt(1 + slope**2)
    sin = slope * cos

    def end(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        thickness = bottom[0] - top[0] + (bottom[1] - top[1]) * x
        half = np.maximum(thickness * cos, 1) / 2
        y = (top[0] + bottom[0]) / 2 + slope * x
        return np.stack([x + half * sin, y - half * cos], axis=1), np.stack([x - half * sin, y + half * cos], axis=1)

    (top_left, bottom_left), (top_right, bottom_right) = end(left), end(right)
    return np.stack([top_left, top_right, bottom_right, bottom_left], axis=1)


def _touching_lines(strips: _Strips, line: np.ndarray) -> np.ndarray:
    """Return pairs of lines (Q, 2) that have overlapping strips in the same column: the only ones that can lie on each
    other."""
    order = np.lexsort((strips.middle, strips.column))
    ordered, line = strips.take(order), line[order]
    # The taller strip of two overlapping ones always has the other's middle within its own height.
    i, j = _pairs_at(ordered, np.arange(len(line)), 0, ordered.height)
    overlap = np.minimum(ordered.bottom[i], ordered.bottom[j]) > np.maximum(ordered.top[i], ordered.top[j])
    a, b = line[i[overlap]], line[j[overlap]]
    different = a != b
    a, b = a[different], b[different]
    lines = int(line.max()) + 1
    pairs = np.unique(np.minimum(a, b) * lines + np.maximum(a, b))
    return np.stack([pairs // lines, pairs % lines], axis=1)


def _suppress(quads: np.ndarray, strength: np.ndarray, pairs: np.ndarray, max_overlap: float) -> None:
    """Set the strength (L,) of every line that lies inside a stronger one to -1; the strongest decide first."""
    alive = (strength[pairs] >= 0).all(axis=1) & _boxes_overlap(quads, pairs, max_overlap)
    pairs = pairs[alive]
    weaker_first = strength[pairs[:, 0]] < strength[pairs[:, 1]]
    pairs[weaker_first] = pairs[weaker_first, ::-1]
    areas = _areas(quads)
    for strong, weak in pairs[np.argsort(-strength[pairs[:, 0]], kind="stable")]:
        if min(strength[strong], strength[weak]) < 0:
            continue
        if intersection_area(quads[strong], quads[weak]) > max_overlap * min(areas[strong], areas[weak]):
            strength[weak] = -1.0


def _boxes_overlap(quads: np.ndarray, pairs: np.ndarray, max_overlap: float) -> np.ndarray:
    """Return which pairs (Q,) overlap by their upright boxes: a cheap bound on the true overlap."""
    low, high = quads.min(axis=1), quads.max(axis=1)
    a, b = pairs.T
    common = np.maximum(0, np.minimum(high[a], high[b]) - np.maximum(low[a], low[b])).prod(axis=1)
    areas = _areas(quads)
    return common > max_overlap * np.minimum(areas[a], areas[b])


def _areas(quads: np.ndarray) -> np.ndarray:
    """Return the areas (L,) of convex quads (L, 4, 2)."""
    first, second = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    return abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
