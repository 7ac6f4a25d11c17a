"""Quads: four corners of a region, float32 (4, 2), clockwise from the text's own top left, in pixels.

Coordinates are pixel edges: a box that covers the first pixel of an image is 0..1, not 0..0. The y axis points down, so
clockwise is as seen on the screen. Areas and overlaps are those of the convex hull, which is the quad itself for every
region that a detector reports.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Quad = np.ndarray
"""A float32 array (4, 2); named for readability of signatures only."""


def box_to_quad(x1: float, y1: float, x2: float, y2: float) -> Quad:
    """Return the quad of an upright box, float32 (4, 2)."""
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def quad_to_box(quad: np.ndarray | Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    """Return the smallest upright box around a quad as ``(x1, y1, x2, y2)``."""
    points = np.asarray(quad, np.float32).reshape(-1, 2)
    x1, y1 = points.min(axis=0)
    x2, y2 = points.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def clip_quad(quad: np.ndarray, shape: tuple[int, ...]) -> Quad:
    """Return a quad without what reaches out of an image of this shape (H, W, ...)."""
    return np.clip(quad, 0, (shape[1], shape[0])).astype(np.float32)


def quad_size(quad: np.ndarray | Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return ``(width, height)`` of a quad: each the mean length of two opposite sides."""
    p = np.asarray(quad, np.float64).reshape(4, 2)
    sides = np.hypot(*(np.roll(p, -1, axis=0) - p).T)
    return float(sides[0] + sides[2]) / 2, float(sides[1] + sides[3]) / 2


def quad_area(quad: np.ndarray | Sequence[Sequence[float]]) -> float:
    """Return the area of a quad's convex hull in square pixels; 0 for a point or a line."""
    return _area(_hull(quad))


def order_quad(points: np.ndarray | Sequence[Sequence[float]]) -> Quad:
    """Order four corners, given in any order, clockwise from the text's top left.

    The text is taken to read from left to right within 45 degrees of the horizontal: the top edge is the one that,
    followed clockwise, points most nearly to the right. Text turned further has to bring its own order. Four points
    that coincide come back as they are.

    Args:
        points: Four corners, (4, 2), in any order; crossed orders are untangled.

    Returns:
        float32 (4, 2).
    """
    p = np.asarray(points, np.float64).reshape(4, 2)
    around = p - p.mean(axis=0)
    # y points down, so a growing angle runs clockwise on the screen.
    p = p[np.argsort(np.arctan2(around[:, 1], around[:, 0]), kind="stable")]
    starts = [np.roll(p, -i, axis=0) for i in range(4)]
    return max(starts, key=_rightwardness).astype(np.float32)


def intersection_area(a: np.ndarray | Sequence[Sequence[float]], b: np.ndarray | Sequence[Sequence[float]]) -> float:
    """Return the common area of two quads in square pixels; 0 where either has no area."""
    hull_a, hull_b = _hull(a), _hull(b)
    if min(_area(hull_a), _area(hull_b)) <= 0:
        return 0.0
    # float32 inside OpenCV: near the origin, a page's far corner is as exact as its near one.
    origin = hull_a.min(axis=0)
    area, _ = cv2.intersectConvexConvex(hull_a - origin, hull_b - origin, handleNested=True)
    return float(area)


def quad_iou(a: np.ndarray | Sequence[Sequence[float]], b: np.ndarray | Sequence[Sequence[float]]) -> float:
    """Return intersection over union of two quads, 0..1; 0 where either has no area."""
    common = intersection_area(a, b)
    union = quad_area(a) + quad_area(b) - common
    return min(1.0, common / union) if common > 0 else 0.0


def _hull(quad: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
    """Return the convex hull, float32 (n, 2), 1 <= n <= 4."""
    return cv2.convexHull(np.asarray(quad, np.float32).reshape(-1, 2)).reshape(-1, 2)


def _area(polygon: np.ndarray) -> float:
    """Return the area of a simple polygon, float32 (n, 2)."""
    return float(cv2.contourArea(polygon - polygon[0]))


def _rightwardness(quad: np.ndarray) -> float:
    """Return the cosine between the reading direction of a quad (mean of top and bottom edge) and the x axis."""
    along = (quad[1] - quad[0]) + (quad[2] - quad[3])
    return float(along[0]) / max(float(np.hypot(*along)), 1e-9)
