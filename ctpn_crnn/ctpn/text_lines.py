"""The connector: from 16 px wide strips to text lines (CTPN paper, section 3).

CTPN sees a line as a row of fine-scale proposals, one anchor column (16 px) each. The connector links them by the graph
of the paper (`strip_chains`), makes a quad of each chain (`line_quads`), and drops what is unsure or lies on a stronger
line. It adds the size similarity that the authors' own code uses, and departs from both in six places, each for a known
complaint:

- strips need to overlap less, so that a slanted line does not fall to pieces;
- the gap grows with the text's height, so that the columns of a table stay apart and large spaced letters still join;
- edges are fitted robustly, so that slanted lines get slanted quads;
- ends, also those between two cells that touch, come from side-refinement (section 3.3);
- a sure strip without neighbours is a line of its own;
- sure strips stay a line when weak ones beside them, such as leader dots, would drag it down.

Scores are used as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ctpn_crnn.ctpn.line_params import DEFAULTS, LineParams
from ctpn_crnn.ctpn.line_quads import quads_of_lines
from ctpn_crnn.ctpn.strip_chains import Strips, first_strips, pairs_at, sorted_by_line, usable_strips
from ctpn_crnn.geometry import Quad, intersection_area


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
        scores: (P,) probability that a strip is not background, 0..1.
        sides: (P,) side offsets o = (x_side - x_centre) / 16 (paper, eq. 4); read only near the ends of lines.
        image_size: (height, width) in pixels; nothing leaves it.
        params: Thresholds.

    Returns:
        ``(quad, score)`` of each line, strongest evidence first: float32 (4, 2) clockwise from top left, and the mean
        score.
    """
    lines = join_strips(proposals, scores, sides, image_size, params)
    if lines is None:
        return []
    lines = _without_weak_strips(lines, image_size, params)
    # Length counts: a line of thirty strips at .95 explains more than the one strip at .99 that it contains.
    strength = np.where(lines.sure, lines.scores * lines.counts, -1.0)
    _suppress(lines.quads, strength, _touching_lines(lines.strips, lines.line), params.max_line_overlap)
    order = np.argsort(-strength, kind="stable")
    return [(lines.quads[i], float(lines.scores[i])) for i in order[: np.count_nonzero(strength >= 0)]]


class Lines(NamedTuple):
    """Chains of strips, before any is dropped.

    Attributes:
        strips: Sorted by line, then by column.
        line: (P,) number of the line of each strip.
        quads: float32 (L, 4, 2), of each line, in pixels.
        scores: (L,) mean score of each line's strips.
        counts: (L,) number of each line's strips.
        sure: bool (L,), whether a line is sure enough to be kept.
    """

    strips: Strips
    line: np.ndarray
    quads: np.ndarray
    scores: np.ndarray
    counts: np.ndarray
    sure: np.ndarray


def join_strips(
    proposals: np.ndarray, scores: np.ndarray, sides: np.ndarray, image_size: tuple[int, int], params: LineParams
) -> Lines | None:
    """Return the chains of the strips of one class; None where there are no strips. See `connect` for the arguments."""
    strips = usable_strips(proposals, scores, sides)
    return _joined(strips, image_size, params) if len(strips.score) else None


def _joined(strips: Strips, image_size: tuple[int, int], params: LineParams) -> Lines:
    """Return the chains of one or more strips, in whatever order these are."""
    strips = strips.take(np.lexsort((strips.middle, strips.column)))
    strips, line = sorted_by_line(strips, first_strips(strips, params))
    quads, scores, counts = quads_of_lines(strips, line, image_size, params)
    return Lines(strips, line, quads, scores, counts, _sure(quads, scores, counts, params))


def _without_weak_strips(lines: Lines, image_size: tuple[int, int], params: LineParams) -> Lines:
    """Join anew, of each chain that is not sure as a whole, the strips that are sure by themselves."""
    if params.sure_strip is None:
        return lines
    weak = ~lines.sure[lines.line] & (lines.strips.score < params.sure_strip)
    if not weak.any() or weak.all():
        return lines
    return _joined(lines.strips.take(np.flatnonzero(~weak)), image_size, params)


def _sure(quads: np.ndarray, scores: np.ndarray, counts: np.ndarray, params: LineParams) -> np.ndarray:
    """Return which lines (L,) score high enough for their number of strips, and have a size."""
    single = max(params.min_single_score, params.min_line_score)
    return (scores >= np.where(counts == 1, single, params.min_line_score)) & (np.ptp(quads, axis=1) >= 1).all(axis=1)


def _touching_lines(strips: Strips, line: np.ndarray) -> np.ndarray:
    """Return pairs of lines (Q, 2) that have overlapping strips in one column: only these can lie on each other."""
    order = np.lexsort((strips.middle, strips.column))
    ordered, line = strips.take(order), line[order]
    # The taller strip of two overlapping ones always has the other's middle within its own height.
    i, j = pairs_at(ordered, np.arange(len(line)), 0, ordered.height)
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
