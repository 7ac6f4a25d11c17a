"""Chains of strips to quads: edges fitted robustly, ends moved by side-refinement (CTPN paper, section 3.3)."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.ctpn.line_params import LineParams
from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.ctpn.strip_chains import Strips

REFIT_ROUNDS = 2
"""Rounds of reweighted least squares after the first estimate of a slope."""


def quads_of_lines(
    strips: Strips, line: np.ndarray, image_size: tuple[int, int], params: LineParams
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return quads float32 (L, 4, 2), mean scores (L,) and numbers of strips (L,) of all lines."""
    counts = np.bincount(line)
    starts = np.cumsum(counts) - counts
    x = (strips.column + 0.5) * STRIDE
    origin = np.bincount(line, x) / counts
    x = x - origin[line]
    height = _median(strips.height, line, len(counts))
    slope_top, slope_bottom = _slopes(x, strips, line, counts, height, params)
    top = _median(strips.top - slope_top[line] * x, line, len(counts))
    bottom = _median(strips.bottom - slope_bottom[line] * x, line, len(counts))
    left, right = _grid_ends(strips, starts, counts)
    if params.side_refinement:
        left, right = _refined_ends(strips, starts, counts)
    corners = _corners(left - origin, right - origin, (top, slope_top), (bottom, slope_bottom))
    corners[:, :, 0] += origin[:, None]
    np.clip(corners, 0, (image_size[1], image_size[0]), out=corners)
    return corners.astype(np.float32), np.bincount(line, strips.score) / counts, counts


def _slopes(
    x: np.ndarray, strips: Strips, line: np.ndarray, counts: np.ndarray, height: np.ndarray, params: LineParams
) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes of top and bottom edges (L,), x (P,) being relative to each line's middle."""
    top = _robust_slope(x, strips.top, line, counts)
    bottom = _robust_slope(x, strips.bottom, line, counts)
    shared = (top + bottom) / 2
    tapered = counts >= params.taper_strips
    top, bottom = np.where(tapered, top, shared), np.where(tapered, bottom, shared)
    level = np.maximum(abs(top), abs(bottom)) * (counts - 1) * STRIDE < params.level_rise * height
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


def _grid_ends(strips: Strips, starts: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return left and right ends (L,) on the 16 px grid."""
    return STRIDE * strips.column[starts].astype(float), STRIDE * (strips.column[starts + counts - 1] + 1.0)


def _refined_ends(strips: Strips, starts: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return left and right ends (L,) moved by side-refinement (paper, section 3.3)."""
    grid_left, grid_right = _grid_ends(strips, starts, counts)
    lasts = starts + counts - 1
    left = _refined_end(strips, starts, np.minimum(starts + 1, lasts))
    right = _refined_end(strips, lasts, np.maximum(lasts - 1, starts))
    # A lone strip has one offset for two ends: it belongs to the nearer one, the other stays on the grid.
    alone = counts == 1
    left = np.where(alone & (strips.side[starts] > 0), grid_left, left)
    right = np.where(alone & (strips.side[starts] <= 0), grid_right, right)
    crossed = right <= left
    return np.where(crossed, grid_left, left), np.where(crossed, grid_right, right)


def _refined_end(strips: Strips, last: np.ndarray, next_to_last: np.ndarray) -> np.ndarray:
    """Return where the last strips (L,) say that lines end; where the strips next to them agree, the mean of both."""
    end, second = (STRIDE * (strips.column[i] + 0.5 + strips.side[i]) for i in (last, next_to_last))
    agree = abs(second - end) < STRIDE / 2
    return np.where(agree, (end + second) / 2, end)


def _corners(
    left: np.ndarray, right: np.ndarray, top: tuple[np.ndarray, np.ndarray], bottom: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Return corners (L, 4, 2) of lines between ``left`` and ``right`` under edges given as (height at x = 0, slope).

    ``left`` and ``right`` are the middles of the ends (so does ``anchors.strips_of_quads`` measure them). The ends are
    square to the line: a slanted line is a rotated rectangle, not a sheared one.
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
