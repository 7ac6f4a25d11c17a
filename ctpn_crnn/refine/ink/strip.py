"""A line cut out of the image level, with what is around it, and which of its pixels are ink."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ctpn_crnn.geometry import Quad, quad_size
from ctpn_crnn.refine.ink.params import InkParams


@dataclass(frozen=True, eq=False)
class InkStrip:
    """A line and what is around it, turned level.

    Attributes:
        grey: uint8 (H, W), the pixels.
        left: Left end of the line's box in the strip, in pixels.
        right: Right end of the box.
        top: Top of the box.
        bottom: Bottom of the box.
        origin: (2,) where the strip's top left lies in the image, in pixels.
        along: (2,) unit vector of the image along the line.
        down: (2,) unit vector of the image across the line.
        can_grow: Whether a longer strip would show more of the image.
        params: Thresholds.
    """

    grey: np.ndarray
    left: float
    right: float
    top: float
    bottom: float
    origin: np.ndarray
    along: np.ndarray
    down: np.ndarray
    can_grow: bool
    params: InkParams

    @classmethod
    def cut(cls, grey: np.ndarray, quad: Quad, angle: float, reach: float, params: InkParams) -> InkStrip:
        """Cut a line out of an image.

        Args:
            grey: uint8 (H, W), the image.
            quad: float32 (4, 2), the line.
            angle: Radians, clockwise: the slope at which it is cut.
            reach: Pixels on both sides; one height of the line is left above and below.
            params: Thresholds.
        """
        width, height = quad_size(quad)
        along = np.array([np.cos(angle), np.sin(angle)], np.float32)
        middle = quad.mean(axis=0)
        if abs(along[1]) * (width + 2 * reach) < 1.0:  # level to the pixel: no need to turn anything
            along = np.array([1, 0], np.float32)
            piece, origin, can_grow = _cut_level(grey, middle, (width, height), reach)
        else:
            piece, origin = _cut_turned(grey, middle, (width, height), reach, along)
            can_grow = reach < max(grey.shape)
        down = np.array([-along[1], along[0]], np.float32)
        x, y = (middle - origin) @ np.stack([along, down], axis=1)
        box = (float(edge) for edge in (x - width / 2, x + width / 2, y - height / 2, y + height / 2))
        return cls(piece, *box, origin, along, down, bool(can_grow), params)

    @property
    def height(self) -> float:
        """Of the line's box, in pixels."""
        return self.bottom - self.top

    def box(self) -> tuple[slice, slice]:
        """Return the rows and the columns of the line's own box."""
        rows = slice(max(0, int(self.top)), max(int(self.top) + 1, int(np.ceil(self.bottom))))
        return rows, slice(max(0, int(self.left)), max(int(self.left) + 1, int(np.ceil(self.right))))

    def columns_of(self, boxes: np.ndarray, rows: tuple[float, float]) -> np.ndarray:
        """Return which columns of the strip, bool (W,), lie within boxes of the image whose middle is within the rows.

        Args:
            boxes: (S, 4) x1, y1, x2, y2 in pixels of the image.
            rows: Top and bottom in pixels of the strip.
        """
        middles = np.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], axis=1) / 2 - self.origin
        down, widths = middles @ self.down, boxes[:, 2] - boxes[:, 0]
        mine = (down > rows[0]) & (down < rows[1])
        along, half = (middles @ self.along)[mine], widths[mine] / 2
        width = self.grey.shape[1]
        edges = np.zeros(width + 1, int)
        np.add.at(edges, np.clip(np.floor(along - half), 0, width).astype(int), 1)
        np.add.at(edges, np.clip(np.ceil(along + half), 0, width).astype(int), -1)
        return edges.cumsum()[:-1] > 0

    def ink(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return where there is ink, bool (H, W), and which columns hold an upright rule, bool (W,).

        None where ink and ground cannot be told apart: too little contrast, or too much in between.
        """
        ground, contrast = self._levels
        if abs(contrast) < self.params.min_contrast:
            return None
        histogram, levels = self._histogram, np.arange(256)
        away = (levels - ground) * np.sign(contrast)
        band = abs(contrast) / 4
        between = histogram[(away > band) & (away < 2 * band)].sum() + histogram[away < -band].sum()
        if between > self.params.max_between * histogram.sum():
            return None
        table = (away > self.params.ink_level * abs(contrast)).astype(np.uint8)
        return _without_level_and_upright_rules(cv2.LUT(self.grey, table), self.height, self.params)

    def is_blank(self) -> bool:
        """Return whether next to nothing in the line's box differs from the ground."""
        away = np.abs(self.grey[self.box()].astype(np.int16) - self._levels[0]) > self.params.blank_contrast
        return bool(away.sum() <= self.params.blank_share * away.size)

    def sharpness(self) -> float:
        """Return how much the rows differ from the next ones: the most where they run along the lines of text."""
        _, columns = self.box()
        profile = self.grey[:, columns].mean(axis=1)
        return float(np.square(np.diff(profile)).mean()) if len(profile) > 1 else 0.0

    @cached_property
    def _histogram(self) -> np.ndarray:
        """Return how often each grey level, (256,), occurs in the line's columns."""
        _, columns = self.box()
        return np.bincount(self.grey[:, columns].reshape(-1), minlength=256)

    @cached_property
    def _levels(self) -> tuple[int, int]:
        """Return the ground's grey level and how much brighter the ink is; 0 and 0 for an empty strip."""
        total = np.cumsum(self._histogram)
        if not total[-1]:
            return 0, 0
        low, ground, high = (int(np.searchsorted(total, share * total[-1])) for share in (0.01, 0.5, 0.99))
        return ground, low - ground if ground - low >= high - ground else high - ground

    def to_image(self, left: float, right: float, top: float, bottom: float) -> Quad:
        """Return the quad of a box of this strip in pixels of the image."""
        points = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        return (self.origin + points[:, :1] * self.along + points[:, 1:] * self.down).astype(np.float32)


def _cut_level(
    grey: np.ndarray, middle: np.ndarray, size: tuple[float, float], reach: float
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the part of the image around a level line, its top left, and whether the image goes on beside it."""
    (width, height), (rows, columns) = size, grey.shape
    x1, x2 = max(0, int(middle[0] - width / 2 - reach)), min(columns, int(middle[0] + width / 2 + reach) + 1)
    y1, y2 = max(0, int(middle[1] - 1.5 * height)), min(rows, int(middle[1] + 1.5 * height) + 1)
    return grey[y1:y2, x1:x2], np.array([x1, y1], np.float32), x1 > 0 or x2 < columns


def _cut_turned(
    grey: np.ndarray, middle: np.ndarray, size: tuple[float, float], reach: float, along: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is around a slanted line, turned level, and where its top left lies in the image."""
    width, height = size
    down = np.array([-along[1], along[0]], np.float32)
    origin = middle - along * (width / 2 + reach) - down * 1.5 * height
    matrix = np.array([[along[0], down[0], origin[0]], [along[1], down[1], origin[1]]], np.float32)
    pixels = int(width + 2 * reach) + 1, int(3 * height) + 1
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(grey, matrix, pixels, flags=flags, borderMode=cv2.BORDER_REPLICATE), origin


def _without_level_and_upright_rules(
    ink: np.ndarray, height: float, params: InkParams
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ink without rules along and across the line, and which columns (W,) hold an upright one."""
    pixels = ink.astype(np.uint8)
    level = _opened(pixels, 1, max(12, int(params.level_rule * height)))
    pixels[cv2.dilate(level, np.ones((3, 3), np.uint8)) > 0] = 0
    upright = _opened(pixels, max(8, int(params.upright_rule * height)), 1)
    pixels[cv2.dilate(upright, np.ones((3, 3), np.uint8)) > 0] = 0
    return pixels.astype(bool), upright.any(axis=0)


def _opened(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the ink that a box of this size fits into; there is none outside of the pixels."""
    if pixels.shape[0] < height or pixels.shape[1] < width:
        return np.zeros_like(pixels)
    box = np.ones((height, width), np.uint8)
    return cv2.morphologyEx(pixels, cv2.MORPH_OPEN, box, borderType=cv2.BORDER_CONSTANT, borderValue=0)
