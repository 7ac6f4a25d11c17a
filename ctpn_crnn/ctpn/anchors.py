"""Anchors of the CTPN, and text lines cut into the strips that the anchors are compared with.

All in NumPy and in pixels of the network's input. The feature map has one position every `STRIDE` pixels. Each position
owns the k anchors of `ANCHOR_HEIGHTS`, one stride wide and centred on the position's cell. Strips of ground truth are
cut on the same grid (section 3.1 of the paper, "fine-scale text proposals"). A strip and an anchor therefore share
their column exactly or do not touch, and their overlap depends on their heights only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE

SIDE_REACH = 32.0
"""A strip predicts the end of its line if its centre is at most this many pixels from it (section 3.3)."""

STRIP_COLUMNS = 7
"""Columns of a strip: x1, y1, x2, y2, kind, has_side, side (see `strips_of_quads`)."""

IGNORE = -1
"""Kind of a strip whose anchors are neither positive nor negative."""

PADDING = 0
"""Kind of a row that only fills up a batch."""


def not_class(kind: int) -> int:
    """Return the kind of strips, and label of anchors, of any class but `kind` (1 and up), background included."""
    return IGNORE - kind


@dataclass(frozen=True)
class StripParams:
    """Which strips of a line are learnt; the others are ignored.

    Attributes:
        min_height: Pixels; lower strips are too small to be learnt.
        min_cover: Least part of a grid column that its line covers, 0..1. A line narrower than a column keeps the one
            that it covers most.
        min_visible: Least part of a strip's height that lies inside the image, 0..1.
    """

    min_height: float = 5.0
    min_cover: float = 0.5
    min_visible: float = 0.5


def anchor_grid(rows: int, cols: int, heights: Sequence[float] = ANCHOR_HEIGHTS) -> np.ndarray:
    """Return all anchors of a feature map.

    Args:
        rows: Height of the feature map (image height / 16).
        cols: Width of the feature map (image width / 16).
        heights: Heights of the k anchors of a position, in pixels.

    Returns:
        float32 (rows, cols, k, 4): x1, y1, x2, y2 in pixels; anchors may reach out of the image.
    """
    half = np.asarray(heights, np.float32) / 2
    x1 = np.arange(cols, dtype=np.float32) * STRIDE
    centre = (np.arange(rows, dtype=np.float32) + 0.5) * STRIDE
    grid = np.empty((rows, cols, len(half), 4), np.float32)
    grid[..., 0] = x1[None, :, None]
    grid[..., 1] = centre[:, None, None] - half
    grid[..., 2] = x1[None, :, None] + STRIDE
    grid[..., 3] = centre[:, None, None] + half
    return grid


def strips_of_quads(
    quads: Sequence[np.ndarray] | np.ndarray,
    kinds: Sequence[int],
    image_size: tuple[int, int],
    params: StripParams = StripParams(),
) -> np.ndarray:
    """Cut text lines into strips one grid column wide.

    A strip of a slanted line has the height of the line at the strip's centre.

    Args:
        quads: Text lines, each (4, 2) corners in pixels, in order around the line.
        kinds: Class of each line, 1 and up as the network counts them (0 is background); `IGNORE` for a line that is
            neither to be found nor background; `not_class(c)` for a line of any class but c.
        image_size: (height, width) of the image in pixels.
        params: Which strips are learnt and which are ignored.

    Returns:
        float32 (M, 7), a row a strip: x1, y1, x2, y2 (pixels; x on the grid), kind (that of the line, or `IGNORE`),
        has_side (1 when an end of the line lies within `SIDE_REACH` of the strip's centre and inside the image, else
        0), and side, the distance of the nearer end from the strip's centre in strides (the target o* of section 3.3).
    """
    strips = [_strips_of_quad(np.asarray(q, np.float64), kind, image_size, params) for q, kind in zip(quads, kinds)]
    strips = [s for s in strips if len(s)]
    return np.concatenate(strips) if strips else np.zeros((0, STRIP_COLUMNS), np.float32)


def _strips_of_quad(quad: np.ndarray, kind: int, image_size: tuple[int, int], params: StripParams) -> np.ndarray:
    """Cut one line into strips (M, 7), with the columns that `strips_of_quads` returns."""
    height, width = image_size
    if not np.isfinite(quad).all():
        return np.zeros((0, STRIP_COLUMNS), np.float32)
    corners = _image_corners(quad)
    left, right = corners[[0, 3], 0].mean(), corners[[1, 2], 0].mean()
    grid_width = -(-width // STRIDE)
    first, last = max(0, int(left // STRIDE)), min(grid_width, int(-(-right // STRIDE)))
    if first >= last:
        return np.zeros((0, STRIP_COLUMNS), np.float32)

    x1 = np.arange(first, last, dtype=np.float64) * STRIDE
    x2 = x1 + STRIDE
    cover_from, cover_to = np.maximum(x1, left), np.minimum(x2, right)
    cover = (cover_to - cover_from) / STRIDE
    top, bottom = _edges_at(corners, (cover_from + cover_to) / 2)
    y1, y2 = np.clip(top, 0, height), np.clip(bottom, 0, height)
    full, shown = bottom - top, y2 - y1

    # Only a line narrower than a column can lack a column that it covers enough.
    owned = (cover >= params.min_cover) | ((cover == cover.max()) & (right - left < STRIDE))
    scored = owned & (full >= params.min_height) & (shown >= params.min_visible * full)
    has_side, side = _sides((x1 + x2) / 2, left, right, width)
    strips = np.stack([x1, y1, x2, y2, np.where(scored, kind, IGNORE), has_side, side], axis=1)
    return strips[shown > 0].astype(np.float32)


def _image_corners(quad: np.ndarray) -> np.ndarray:
    """Sort corners by place in the image: left top, right top, right bottom, left bottom, at any angle of the text."""
    by_x = quad[np.argsort(quad[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    left, right = left[np.argsort(left[:, 1], kind="stable")], right[np.argsort(right[:, 1], kind="stable")]
    return np.stack([left[0], right[0], right[1], left[1]])


def _edges_at(corners: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper and lower edge of a line at `x`; beyond the ends they run on, within its bounding box."""
    low, high = corners[:, 1].min(), corners[:, 1].max()
    upper = _line_at(corners[0], corners[1], x)
    lower = _line_at(corners[3], corners[2], x)
    return np.clip(np.minimum(upper, lower), low, high), np.clip(np.maximum(upper, lower), low, high)


def _line_at(start: np.ndarray, end: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return y of the straight line through two points at `x`."""
    run = end[0] - start[0]
    if run <= 1e-6:
        return np.full_like(x, (start[1] + end[1]) / 2)
    return start[1] + (end[1] - start[1]) * (x - start[0]) / run


def _sides(centre: np.ndarray, left: float, right: float, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (has_side, side in strides) of strips with these centres. An end outside the image is not predicted."""
    ends = np.array([left, right])
    away = ends[None, :] - centre[:, None]
    # An end on the border itself is predicted: the text does end there.
    unseen = (ends < 0) | (ends > width)
    distance = np.where(unseen[None, :], np.inf, np.abs(away))
    nearest = distance.argmin(axis=1)
    index = np.arange(len(centre))
    has_side = distance[index, nearest] <= SIDE_REACH
    return has_side.astype(np.float64), np.where(has_side, away[index, nearest], 0.0) / STRIDE
