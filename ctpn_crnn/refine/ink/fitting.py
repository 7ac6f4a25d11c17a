"""Lines put on their ink: to its rows, and to its columns up to the next wide gap or upright rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.geometry import Quad, quad_size
from ctpn_crnn.refine.ink.columns import spans_of_line
from ctpn_crnn.refine.ink.params import DEFAULTS, InkParams
from ctpn_crnn.refine.ink.rows import fitted_edges, row_of_ink
from ctpn_crnn.refine.ink.strip import InkStrip

NO_STRIPS = np.empty((0, 4), np.float32)


def fit_to_ink(
    grey: np.ndarray, quads: Sequence[Quad], sure_text: np.ndarray = NO_STRIPS, params: InkParams = DEFAULTS
) -> list[list[Quad] | None]:
    """Fit lines to the ink of an image.

    Args:
        grey: uint8 (H, W).
        quads: Lines, float32 (4, 2) each, clockwise from the text's own top left.
        sure_text: Boxes (S, 4) x1, y1, x2, y2 that CTPN is sure hold text.
        params: Thresholds.

    Returns:
        For each line the lines it turned out to be: several where it ran over a gap or a rule, none where there is no
        ink; None where ink and ground cannot be told apart. Two given lines may come back as the same one.
    """
    quads = [np.asarray(quad, np.float32).reshape(4, 2) for quad in quads]
    common = common_angle(quads)
    return [_fit(grey, quad, common, sure_text, params) for quad in quads]


def common_angle(quads: Sequence[Quad]) -> float:
    """Return the angle of the lines in radians, clockwise: the median, each line counting by its length."""
    if not quads:
        return 0.0
    angles, lengths = np.array([_angle(quad) for quad in quads]), np.array([quad_size(quad)[0] for quad in quads])
    order = np.argsort(angles)
    total = np.cumsum(lengths[order])
    return float(angles[order][np.searchsorted(total, total[-1] / 2)])


def _fit(grey: np.ndarray, quad: Quad, common: float, sure_text: np.ndarray, params: InkParams) -> list[Quad] | None:
    width, height = quad_size(quad)
    if height < params.min_height or width < params.min_height / 2:
        return None
    reach = params.reach * height
    strip, angle = _strip_at_its_angle(grey, quad, common, reach, params)
    while True:
        seen = strip.ink()
        if seen is None:
            return [] if strip.is_blank() else None
        ink, barred = seen
        rows = row_of_ink(ink, strip)
        if rows is None:
            return []
        if rows[1] - rows[0] > params.max_growth * strip.height:
            # Lines that touch, or a stamp across them: the rows stay as CTPN found them.
            rows = max(0.0, strip.top), strip.bottom
        spans, goes_on = spans_of_line(ink, barred, rows, strip, sure_text)
        if not (goes_on and strip.can_grow and reach < max(grey.shape)):
            if rows[1] - rows[0] < params.speck * strip.height:
                margin = 2 * params.margin * strip.height
                spans = [(left, right) for left, right in spans if right - left - margin >= params.speck * strip.height]
            top, bottom = fitted_edges(rows, strip)
            return [strip.to_image(left, right, top, bottom) for left, right in spans]
        reach *= 2
        strip = InkStrip.cut(grey, quad, angle, reach, params)


def _strip_at_its_angle(
    grey: np.ndarray, quad: Quad, common: float, reach: float, params: InkParams
) -> tuple[InkStrip, float]:
    """Cut a line out at its own angle, or at that of the page's lines where its ink lies like them.

    A slope measured on a few strips is unsure.
    """
    angle = _angle(quad)
    strip = InkStrip.cut(grey, quad, angle, reach, params)
    width, height = quad_size(quad)
    if abs(angle - common) * width > params.common_slope_rise * height:
        like_others = InkStrip.cut(grey, quad, common, reach, params)
        if like_others.sharpness() >= strip.sharpness():
            return like_others, common
    return strip, angle


def _angle(quad: Quad) -> float:
    """Return the angle of a line in radians, clockwise."""
    x, y = (quad[1] + quad[2] - quad[0] - quad[3]) / 2
    return float(np.arctan2(y, x))
