"""Grounds of pages (paper, photographs, smooth colour fields) and ink that stands out from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from ctpn_crnn.errors import SynthesisError


class Photos:
    """Photographs without text to write on; generated colour fields if there are none.

    Args:
        paths: Image files.
    """

    def __init__(self, paths: Sequence[str | Path] | None = None) -> None:
        self.paths = tuple(str(path) for path in paths or ())

    def crop(self, rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
        """Cut a part out of a random photograph and resize it to `size` (height, width), perhaps mirrored.

        Returns:
            (height, width, 3) uint8 BGR.

        Raises:
            SynthesisError: The file is not an image.
        """
        if not self.paths or rng.random() < 0.05:
            return color_field(rng, size)
        photo = _read(self.paths[int(rng.integers(len(self.paths)))])
        height, width = photo.shape[:2]
        # The part has the proportions of the page and is half as wide as the photograph allows, or wider.
        scale = min(height / size[0], width / size[1]) * rng.uniform(0.5, 1.0)
        rows, columns = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
        top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
        part = photo[top : top + rows, left : left + columns]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        return cv2.resize(part, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)


def color_field(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return clouds of colour around one tone, with grain and flat shapes on some; (height, width, 3) uint8."""
    height, width = size
    cells = int(rng.integers(2, 9))
    tone, spread = rng.uniform(30, 225, 3), rng.uniform(5, 70)
    field = tone + rng.uniform(-spread, spread, (cells, cells, 3))
    image = cv2.resize(field.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.6:
        grain = rng.standard_normal((height, width, 1), dtype=np.float32) * np.float32(rng.uniform(2, 12))
        image = image + grain
    image = np.clip(image, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(6)) if rng.random() < 0.6 else 0):
        _shape(rng, image)
    return image


def paper(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return a sheet of paper, mostly white, some tinted, shaded or grainy; (height, width, 3) uint8."""
    height, width = size
    draw = rng.random()
    level = 255 if draw < 0.4 else rng.uniform(225, 255) if draw < 0.85 else rng.uniform(170, 235)
    tint = rng.uniform(-14, 6, 3) if rng.random() < 0.3 else np.zeros(3)
    tone = np.clip(level + tint, 0, 255)
    if rng.random() < 0.6:
        sheet = np.full((height, width, 3), int(tone[0]), np.uint8)
        if tone.any() and (tone != tone[0]).any():
            sheet[:] = tone.astype(np.uint8)
        return sheet
    shade = cv2.resize(
        rng.uniform(0.9, 1.03, (4, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    if rng.random() < 0.5:
        shade += rng.standard_normal((height, width), dtype=np.float32) * np.float32(rng.uniform(0.003, 0.012))
    return np.clip(shade[..., None] * tone.astype(np.float32), 0, 255).astype(np.uint8)


def ink_color(rng: np.random.Generator, ground: float) -> tuple[int, int, int]:
    """Draw a colour that stands out from a ground of grey level `ground`: near black or white, or coloured."""
    dark = ground > 125
    if rng.random() < 0.75:
        level = rng.uniform(0, 60) if dark else rng.uniform(215, 255)
        b, g, r = np.clip(level + rng.uniform(-12, 12, 3), 0, 255)
        return int(b), int(g), int(r)
    color = rng.uniform(0, 255, 3)
    target = rng.uniform(0.1, 0.5) * ground if dark else ground + rng.uniform(0.55, 0.95) * (255 - ground)
    for _ in range(6):  # Clipping a channel changes the grey level, so repeat.
        color = np.clip(color + target - luminance(color), 0, 255)
    b, g, r = color
    return int(b), int(g), int(r)


def luminance(color: np.ndarray | Sequence[float]) -> float:
    """Return the grey level of a BGR colour (ITU-R BT.601)."""
    return float(np.dot(color, (0.114, 0.587, 0.299)))


def _shape(rng: np.random.Generator, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    x, y = int(rng.integers(width)), int(rng.integers(height))
    color = tuple(int(v) for v in rng.integers(0, 256, 3))
    draw = rng.random()
    if draw < 0.4:
        cv2.rectangle(
            image, (x, y), (int(rng.integers(width)), int(rng.integers(height))), color, -1 if rng.random() < 0.7 else 3
        )
    elif draw < 0.7:
        cv2.circle(image, (x, y), int(rng.uniform(0.02, 0.3) * width), color, -1 if rng.random() < 0.6 else 3)
    else:
        cv2.line(image, (x, y), (int(rng.integers(width)), int(rng.integers(height))), color, int(rng.integers(1, 12)))


@lru_cache(maxsize=64)
def _read(path: str) -> np.ndarray:
    image = cv2.imread(path, cv2.IMREAD_COLOR)
    if image is None:
        raise SynthesisError(f"Cannot read the background picture {path}: remove it from the list or replace it.")
    return image
