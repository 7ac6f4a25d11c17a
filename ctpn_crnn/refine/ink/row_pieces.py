"""Ink that stands in one row with fitted lines, such as the short cells of a table, which CTPN may not see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.geometry import Quad, quad_size
from ctpn_crnn.refine.ink.columns import join_runs, runs
from ctpn_crnn.refine.ink.fitting import common_angle
from ctpn_crnn.refine.ink.params import DEFAULTS, InkParams
from ctpn_crnn.refine.ink.rows import fitted_edges, row_of_ink
from ctpn_crnn.refine.ink.strip import InkStrip


def rest_of_rows(grey: np.ndarray, quads: Sequence[Quad], params: InkParams = DEFAULTS) -> list[Quad]:
    """Find ink that stands in one row with fitted lines.

    What counts is as high as its row and has blank paper above and below, so that neither a picture beside a line nor
    half a line of another column is taken for a cell.

    Args:
        grey: uint8 (H, W).
        quads: Lines that `fit_to_ink` has fitted.
        params: Thresholds.

    Returns:
        The further pieces of all rows; many lie on one another or on `quads`.
    """
    quads = [np.asarray(quad, np.float32).reshape(4, 2) for quad in quads]
    common = common_angle(quads)
    across = np.array([-np.sin(common), np.cos(common)], np.float32)
    found: list[Quad] = []
    done: list[tuple[float, float]] = []
    for quad in quads:
        height = quad_size(quad)[1]
        place = float(quad.mean(axis=0) @ across)
        is_new = all(abs(place - row) > params.same_row * min(height, other) for row, other in done)
        if height >= params.min_height and is_new:
            done.append((place, height))
            found += _rest_of_row(grey, quad, common, params)
    return found


def _rest_of_row(grey: np.ndarray, quad: Quad, angle: float, params: InkParams) -> list[Quad]:
    """Return the pieces of ink in the whole row of a line."""
    strip = InkStrip.cut(grey, quad, angle, float(max(grey.shape)), params)
    seen = strip.ink()
    rows = row_of_ink(seen[0], strip) if seen else None
    if rows is None or not params.flat * strip.height <= rows[1] - rows[0] <= params.max_growth * strip.height:
        return []
    ink, barred = seen
    top, bottom = int(rows[0]), int(rows[1])
    height = bottom - top
    near, far = max(1, round(params.blank_above[0] * height)), max(2, round(params.blank_above[1] * height))
    around = np.concatenate([ink[max(0, top - far) : max(0, top - near)], ink[bottom + near : bottom + far]])
    upper, lower = fitted_edges(rows, strip)
    margin = params.margin * strip.height
    return [
        strip.to_image(left - margin, right + margin, upper, lower)
        for left, right in join_runs(runs(ink[top:bottom].any(axis=0)), barred, params.gap * height)
        if _is_letters_or_dash(ink[top:bottom, left:right], params) and not around[:, left:right].any()
    ]


def _is_letters_or_dash(piece: np.ndarray, params: InkParams) -> bool:
    """Return whether a piece of a row, bool (height of the row, width), has the size of letters or of a dash."""
    height, width = piece.shape
    rise = np.ptp(np.flatnonzero(piece.any(axis=1))) + 1
    if rise >= params.letter_rise * height and width >= params.letter_width * height:
        return True
    shortest, longest = params.dash_width
    is_flat = rise <= params.dash_rise * height and piece.mean() >= params.dash_ink
    return bool(is_flat and shortest * height <= width <= longest * height)
