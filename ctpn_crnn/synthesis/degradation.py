"""What printing, scanning, photographing and compressing do to a picture, apart from its geometry."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np


def degrade(rng: np.random.Generator, image: np.ndarray, strength: float = 0.5) -> np.ndarray:
    """Apply a random few of the degradations.

    Args:
        rng: Source of randomness.
        image: (H, W) or (H, W, 3) uint8.
        strength: 0 leaves the image as it is; at 1 a person can just read it.

    Returns:
        The degraded image, same shape, uint8.
    """
    if strength <= 0 or min(image.shape[:2]) < 2:
        return image
    for probability, step in _STEPS:
        if rng.random() < probability * min(1.0, 0.35 + strength):
            image = step(rng, image, strength)
    return image


def _shadow(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Light unevenly: a smooth field from six random values."""
    height, width = image.shape[:2]
    field = rng.uniform(1 - 0.5 * strength, 1 + 0.15 * strength, (2, 3)).astype(np.float32)
    field = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
    return _clip(image * (field if image.ndim == 2 else field[..., None]))


def _contrast(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    gain = rng.uniform(1 - 0.55 * strength, 1 + 0.2 * strength)
    offset = rng.uniform(-25, 25) * strength
    mean = float(image.mean())
    return _clip((image.astype(np.float32) - mean) * gain + mean + offset)


def _low_resolution(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    height, width = image.shape[:2]
    factor = rng.uniform(1.0, 1.0 + 1.3 * strength)
    small = cv2.resize(image, (max(1, int(width / factor)), max(1, int(height / factor))), interpolation=cv2.INTER_AREA)
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LINEAR)[int(rng.integers(3))]
    return cv2.resize(small, (width, height), interpolation=way).reshape(image.shape)


def _blur(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.2, 0.3 + 1.1 * strength)).reshape(image.shape)


def _motion_blur(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    length = int(rng.integers(2, 3 + int(4 * strength)))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = rng.uniform(0, np.pi)
    offset = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = (tuple(int(v) for v in np.round(length + sign * offset)) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum()).reshape(image.shape)


def _stroke_weight(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Spread or fade the ink: a blend with the 2x2 dilation or erosion."""
    kernel = np.ones((2, 2), np.uint8)
    changed = (cv2.erode if rng.random() < 0.5 else cv2.dilate)(image, kernel).reshape(image.shape)
    share = rng.uniform(0.1, 0.3 + 0.4 * strength)
    return cv2.addWeighted(image, 1 - share, changed, share, 0).reshape(image.shape)


def _noise(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    deviation = rng.uniform(1, 4 + 18 * strength)
    noise = rng.standard_normal(image.shape, dtype=np.float32) * deviation
    if rng.random() < 0.4:  # Grain coarser than a pixel.
        noise = cv2.GaussianBlur(noise, (0, 0), 0.8).reshape(image.shape) * 2
    return _clip(image + noise)


def _specks(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Add dust and dropouts: isolated black and white pixels."""
    mask = rng.random(image.shape[:2], dtype=np.float32)
    share = 0.008 * strength
    image = image.copy()
    image[mask < share] = 255
    image[mask > 1 - share] = rng.integers(0, 120)
    return image


def _jpeg(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    quality = int(rng.uniform(90 - 65 * strength, 95))
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    flag = cv2.IMREAD_GRAYSCALE if image.ndim == 2 else cv2.IMREAD_COLOR
    return cv2.imdecode(encoded, flag).reshape(image.shape)


def _sharpen(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    amount = rng.uniform(0.2, 0.4 + strength)
    smooth = cv2.GaussianBlur(image, (0, 0), 1.2).reshape(image.shape)
    return cv2.addWeighted(image, 1 + amount, smooth, -amount, 0).reshape(image.shape)


def _clip(values: np.ndarray) -> np.ndarray:
    return np.clip(values, 0, 255).astype(np.uint8)


_Step = Callable[[np.random.Generator, np.ndarray, float], np.ndarray]
_STEPS: tuple[tuple[float, _Step], ...] = (
    (0.30, _stroke_weight),
    (0.30, _shadow),
    (0.45, _low_resolution),
    (0.35, _blur),
    (0.08, _motion_blur),
    (0.35, _contrast),
    (0.45, _noise),
    (0.06, _specks),
    (0.35, _jpeg),
    (0.15, _sharpen),
)
"""(probability at a strength of .65 or more, degradation), in the order in which they are applied; set by hand."""
