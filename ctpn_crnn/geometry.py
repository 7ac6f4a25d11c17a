"""Quads and turns of images. A quad is four corners, float32 (4, 2), clockwise from the text's own top left, in pixels.

Coordinates are pixel edges: a box that covers the first pixel of an image is 0..1, not 0..0. The y axis points down, so
clockwise is as seen on the screen. Areas and overlaps are those of the convex hull, which is the quad itself for every
region that a detector reports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ctpn_crnn.errors import ConfigError

Quad = np.ndarray
"""A float32 array (4, 2); named for readability of signatures only."""

WARP_LIMIT = 32_000
"""Longest side in pixels of an image that OpenCV can warp: it addresses the pixels with 16 bits."""


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


def quad_axes(quad: Quad) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a quad's middle and the unit vectors along and across its text, each (2,)."""
    along = (quad[1] + quad[2] - quad[0] - quad[3]) / (2 * max(quad_size(quad)[0], 1e-6))
    return quad.mean(axis=0), along, np.array([-along[1], along[0]])


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


def crop_quad(image: np.ndarray, quad: np.ndarray, pad: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Cut a quadrilateral out of an image and make it upright.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        quad: (4, 2), pixels (edges), clockwise from the text's own top left.
        pad: What to add at each end and at each of top and bottom, as fractions of the quad's height. Beyond the
            image its border pixels are repeated.

    Returns:
        uint8 crop, as high as the quad is (mean of both sides) plus padding, at least 1 x 1. A degenerate quad (no
        area, crossed, or folded) gives its bounding box instead.

    Raises:
        ConfigError: The quad does not consist of four finite points.
    """
    quad = np.asarray(quad, dtype=np.float64)
    if quad.shape != (4, 2) or not np.isfinite(quad).all():
        raise ConfigError(f"a quad must be four finite points of shape (4, 2), not {quad.tolist()}")
    if not _is_convex(quad):
        quad = _bounding_quad(quad)
    width, height = (float(side) for side in quad_size(quad))
    pad_x, pad_y = pad[0] * height, pad[1] * height
    size = (max(1, round(width + 2 * pad_x)), max(1, round(height + 2 * pad_y)))
    inner = _box_corners(pad_x, pad_y, size[0] - pad_x, size[1] - pad_y)
    return _warp(image, quad, inner, size, margin=max(pad_x, pad_y) * 2 + 2)


@dataclass(frozen=True)
class Rotation:
    """A turn of an image about its centre, and the way back for what was found in the turned one.

    The turned image is as large as needed to hold all of the source.

    Attributes:
        degrees: Any angle, clockwise as seen.
        width: Width of the source in pixels.
        height: Height of the source in pixels.
        size: (width, height) of the turned image.
    """

    degrees: float
    width: int
    height: int
    size: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        cosine, sine = (abs(value) for value in self._cosine_sine())
        # Less a hair: an exact quarter turn must not grow by a pixel for rounding.
        width = math.ceil(self.width * cosine + self.height * sine - 1e-6)
        height = math.ceil(self.width * sine + self.height * cosine - 1e-6)
        object.__setattr__(self, "size", (max(1, width), max(1, height)))

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Return the source, uint8 (height, width) or (height, width, 3), turned.

        Corners that the source does not cover have the colour of its border. A turn by 0 degrees returns the source.
        """
        if self.degrees == 0:
            return image
        if self.degrees % 90 == 0:  # exact, and of any size: OpenCV turns up to 32767 pixels
            return np.ascontiguousarray(np.rot90(image, -int(self.degrees) // 90))
        matrix, shift = self._matrix(), self._shift()
        # Ours are pixel edges, OpenCV's coordinates are pixel centres.
        shift = matrix @ np.full(2, 0.5) + shift - 0.5
        border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).astype(np.float32)
        colour = np.atleast_1d(np.median(border, axis=0)).tolist()
        return cv2.warpAffine(
            image, np.column_stack([matrix, shift]), self.size, flags=cv2.INTER_LINEAR, borderValue=colour
        )

    def to_turned(self, points: np.ndarray) -> np.ndarray:
        """Return points of the source, (..., 2), in pixels of the turned image, float32."""
        return (np.asarray(points, np.float64) @ self._matrix().T + self._shift()).astype(np.float32)

    def to_source(self, points: np.ndarray) -> np.ndarray:
        """Return points of the turned image, such as quads (..., 4, 2), in pixels of the source, float32."""
        return ((np.asarray(points, np.float64) - self._shift()) @ self._matrix()).astype(np.float32)

    def _cosine_sine(self) -> tuple[float, float]:
        angle = math.radians(self.degrees)
        return math.cos(angle), math.sin(angle)

    def _matrix(self) -> np.ndarray:
        """Return the matrix (2, 2) from source to turned image; its transpose leads back."""
        cosine, sine = self._cosine_sine()
        return np.array([[cosine, -sine], [sine, cosine]])

    def _shift(self) -> np.ndarray:
        """Return the shift (2,) after the matrix, by which the centre stays the centre."""
        return np.array(self.size) / 2 - self._matrix() @ (self.width / 2, self.height / 2)


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


def _is_convex(quad: np.ndarray) -> bool:
    """Return whether the quad turns clockwise (y down) at each corner by more than rounding."""
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    return bool((turns > 1e-3).all())


def _bounding_quad(quad: np.ndarray) -> np.ndarray:
    """Return the bounding box, float64 (4, 2), at least one pixel in each direction."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    return _box_corners(*low, *np.maximum(high, low + 1))


def _box_corners(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], dtype=np.float64)


def _warp(image: np.ndarray, quad: np.ndarray, target: np.ndarray, size: tuple[int, int], margin: float) -> np.ndarray:
    """Map `quad` of the image to `target` of an image of `size` (width, height), working on the part that matters."""
    rows, cols = image.shape[:2]
    limits = np.array([cols, rows])
    low = np.clip(np.floor(quad.min(axis=0) - margin), 0, limits - 1).astype(int)
    high = np.clip(np.ceil(quad.max(axis=0) + margin), low + 1, limits).astype(int)
    part, quad = image[low[1] : high[1], low[0] : high[0]], quad - low
    longest = max(part.shape[:2])
    if longest > WARP_LIMIT:
        scale = WARP_LIMIT / longest
        shape = (max(1, int(part.shape[1] * scale)), max(1, int(part.shape[0] * scale)))
        quad = quad * (np.array(shape) / (part.shape[1], part.shape[0]))
        part = cv2.resize(part, shape, interpolation=cv2.INTER_AREA)
    # Corners are pixel edges, OpenCV's coordinates are pixel centres: half a pixel less on both sides.
    matrix = cv2.getPerspectiveTransform((quad - 0.5).astype(np.float32), (target - 0.5).astype(np.float32))
    return cv2.warpPerspective(part, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
