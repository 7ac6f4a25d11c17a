"""Strips of formulas to boxes: not lines, but what lies in the same rows."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.ctpn.line_params import DEFAULTS, LineParams
from ctpn_crnn.ctpn.text_lines import join_strips
from ctpn_crnn.geometry import Quad, box_to_quad


def connect_formulas(
    proposals: np.ndarray,
    scores: np.ndarray,
    sides: np.ndarray,
    image_size: tuple[int, int],
    params: LineParams = DEFAULTS,
) -> list[tuple[Quad, float]]:
    """Join the strips of formulas into boxes.

    The strips of a formula are not equally high: its box reaches around all of them, and pieces that stand beside or on
    each other in the same rows are one formula.

    Args:
        proposals: (P, 4) strips x1, y1, x2, y2 in pixels, on the 16 px grid, after non-maximum suppression.
        scores: (P,) probability that a strip is not background, 0..1.
        sides: (P,) side offsets o = (x_side - x_centre) / 16 (paper, eq. 4).
        image_size: (height, width) in pixels; nothing leaves it.
        params: Thresholds.

    Returns:
        ``(quad, score)`` of each formula, an upright box, strongest evidence first.
    """
    pieces = join_strips(proposals, scores, sides, image_size, params)
    if pieces is None:
        return []
    starts = np.cumsum(pieces.counts) - pieces.counts
    top, bottom = np.minimum.reduceat(pieces.strips.top, starts), np.maximum.reduceat(pieces.strips.bottom, starts)
    left, right = pieces.quads[:, [0, 3], 0].mean(axis=1), pieces.quads[:, [1, 2], 0].mean(axis=1)
    boxes = np.stack([left, np.clip(top, 0, image_size[0]), right, np.clip(bottom, 0, image_size[0])], axis=1)
    waiting = [(boxes[i], float(pieces.scores[i]), int(pieces.counts[i])) for i in np.flatnonzero(pieces.sure)]
    done: list[tuple[np.ndarray, float, int]] = []
    while waiting:
        box, score, count = waiting.pop()
        other = next((i for i, piece in enumerate(waiting) if _are_one_formula(box, piece[0], params)), None)
        if other is None:
            done.append((box, score, count))
            continue
        # Both together may reach further pieces: they are looked at anew.
        box2, score2, count2 = waiting.pop(other)
        around = np.concatenate([np.minimum(box, box2)[:2], np.maximum(box, box2)[2:]])
        waiting.append((around, (score * count + score2 * count2) / (count + count2), count + count2))
    done.sort(key=lambda piece: -piece[1] * piece[2])
    return [(box_to_quad(*box.tolist()), score) for box, score, _ in done]


def _are_one_formula(box: np.ndarray, other: np.ndarray, params: LineParams) -> bool:
    """Return whether two boxes share most of the lower one's rows and are near to each other."""
    (x1, y1, x2, y2), (a1, b1, a2, b2) = box, other
    lower = min(y2 - y1, b2 - b1)
    shared, gap = min(y2, b2) - max(y1, b1), max(x1, a1) - min(x2, a2)
    return shared > params.formula_level * lower and gap < params.formula_gap * lower
