"""Shapes that look like text to a detector: barcodes, charts, stamps, rules, grids, photographs."""

from __future__ import annotations

import cv2
import numpy as np

from ctpn_crnn.synthesis.pages.backgrounds import Photos
from ctpn_crnn.synthesis.pages.typesetting import Box, Canvas, Color


def barcode(rng: np.random.Generator, canvas: Canvas, box: Box, color: Color = (20, 20, 20)) -> None:
    """Draw vertical bars of one to four units."""
    x1, y1, x2, y2 = box
    unit, x = max(1.0, (x2 - x1) / 110), x1
    while x < x2 - 4 * unit:
        width = unit * int(rng.integers(1, 5))
        canvas.box(x, y1, x + width, y2, color)
        x += width + unit * int(rng.integers(1, 4))


def matrix_code(rng: np.random.Generator, canvas: Canvas, box: Box, color: Color = (20, 20, 20)) -> None:
    """Draw a two-dimensional code: square modules with three finder squares."""
    x1, y1, x2, y2 = (round(v) for v in box)
    side = max(21, min(x2 - x1, y2 - y1))
    count = int(rng.choice([21, 25, 29, 33]))
    cells = (rng.random((count, count)) < 0.5).astype(np.uint8)
    for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
        cells[row : row + 7, column : column + 7] = 1
        cells[row + 1 : row + 6, column + 1 : column + 6] = 0
        cells[row + 2 : row + 5, column + 2 : column + 5] = 1
    canvas.paint(cv2.resize(cells * 255, (side, side), interpolation=cv2.INTER_NEAREST), x1, y1, color)


def chart(rng: np.random.Generator, canvas: Canvas, box: Box) -> None:
    """Draw axes with bars or a curve, without labels."""
    x1, y1, x2, y2 = box
    canvas.rule(x1, x2, y2 - 1, (90, 90, 90))
    canvas.box(x1, y1, x1 + 1, y2, (90, 90, 90))
    count = int(rng.integers(3, 14))
    heights = rng.uniform(0.1, 0.95, count) * (y2 - y1)
    step = (x2 - x1) / count
    color = _any_color(rng)
    if rng.random() < 0.6:
        for i, height in enumerate(heights):
            canvas.box(x1 + (i + 0.2) * step, y2 - height, x1 + (i + 0.8) * step, y2, color)
    else:
        points = np.stack([x1 + (np.arange(count) + 0.5) * step, y2 - heights], axis=1)
        cv2.polylines(
            canvas.image, [np.round(points).astype(np.int32)], False, color, int(rng.integers(1, 4)), cv2.LINE_AA
        )


def picture(rng: np.random.Generator, canvas: Canvas, box: Box, photos: Photos) -> None:
    """Draw a photograph."""
    x1, y1, x2, y2 = (round(v) for v in box)
    x1, y1, x2, y2 = max(0, x1), max(0, y1), min(canvas.width, x2), min(canvas.height, y2)
    if x2 - x1 > 4 and y2 - y1 > 4:
        canvas.image[y1:y2, x1:x2] = photos.crop(rng, (y2 - y1, x2 - x1))


def stamp(rng: np.random.Generator, canvas: Canvas, at: tuple[float, float], radius: float) -> None:
    """Draw a seal without letters: a ring with a star, half transparent, reddish."""
    color = (int(rng.integers(20, 90)), int(rng.integers(20, 80)), int(rng.integers(170, 240)))
    layer = np.zeros((2 * int(radius) + 1,) * 2, np.uint8)
    middle = (int(radius), int(radius))
    cv2.circle(layer, middle, int(radius * 0.94), 255, max(1, int(radius * 0.06)), cv2.LINE_AA)
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = np.where(np.arange(10) % 2 == 0, 0.4, 0.16) * radius
    star = np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None] + radius
    cv2.fillPoly(layer, [np.round(star).astype(np.int32)], 255, cv2.LINE_AA)
    canvas.paint(layer, round(at[0] - radius), round(at[1] - radius), color, rng.uniform(0.35, 0.9))


def grid(rng: np.random.Generator, canvas: Canvas, box: Box, color: Color) -> None:
    """Draw an empty grid: the rules of a table, squared or lined paper, tiles."""
    x1, y1, x2, y2 = box
    thickness = int(rng.choice([1, 1, 1, 2, 3]))
    for y in np.arange(y1, y2, rng.uniform(10, 60)):
        canvas.rule(x1, x2, y, color, thickness)
    if rng.random() < 0.7:
        for x in np.arange(x1, x2, rng.uniform(10, 140)):
            canvas.box(x, y1, x + thickness, y2, color)


def strokes(rng: np.random.Generator, canvas: Canvas, box: Box, count: int) -> None:
    """Draw random curves, such as scribbles, cracks and branches."""
    x1, y1, x2, y2 = box
    for _ in range(count):
        start = rng.uniform((x1, y1), (x2, y2))
        steps = rng.normal(0, 0.06 * max(x2 - x1, y2 - y1), (int(rng.integers(2, 9)), 2))
        points = np.round(start + np.cumsum(steps, axis=0)).astype(np.int32)
        cv2.polylines(canvas.image, [points], False, _any_color(rng), int(rng.integers(1, 5)), cv2.LINE_AA)


def hatching(rng: np.random.Generator, canvas: Canvas, box: Box) -> None:
    """Draw close parallel bars, such as railings, louvres and stairs; they most resemble lines of text."""
    x1, y1, x2, y2 = box
    step, color = rng.uniform(5, 26), _any_color(rng)
    thickness = max(1, round(step * rng.uniform(0.15, 0.6)))
    if rng.random() < 0.5:
        for y in np.arange(y1, y2, step):
            canvas.rule(x1, x2, y, color, thickness)
    else:
        for x in np.arange(x1, x2, step):
            canvas.box(x, y1, x + thickness, y2, color)


def _any_color(rng: np.random.Generator) -> Color:
    b, g, r = rng.integers(0, 230, 3)
    return int(b), int(g), int(r)
