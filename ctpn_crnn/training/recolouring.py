"""Random changes of the colours of training crops."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class ColourStyle:
    """How colours change at full strength. Shares are 0..1 of the crops; all values were set by hand.

    Attributes:
        grey: Share that becomes grey.
        inverted: Share that is inverted.
        permuted: Share whose channels change places.
        gain: Smallest and largest change of the contrast.
        channel_gain: Largest change of the contrast of a single channel.
        offset: Largest change of the brightness, in grey levels.
        blurred: Share that is blurred.
        blur: Smallest and largest standard deviation of the blur in pixels.
        noisy: Share that gets noise.
        noise: Smallest and largest standard deviation of the noise in grey levels.
        compressed: Share that goes through JPEG.
        quality: Lowest quality of JPEG, and the one that is just not reached.
    """

    grey: float = 0.15
    inverted: float = 0.12
    permuted: float = 0.2
    gain: tuple[float, float] = (-0.35, 0.25)
    channel_gain: float = 0.08
    offset: float = 35.0
    blurred: float = 0.2
    blur: tuple[float, float] = (0.4, 1.3)
    noisy: float = 0.3
    noise: tuple[float, float] = (1.0, 12.0)
    compressed: float = 0.3
    quality: tuple[int, int] = (30, 95)


def recolour(
    rng: np.random.Generator, image: np.ndarray, strength: float, style: ColourStyle = ColourStyle()
) -> np.ndarray:
    """Change colours, contrast and sharpness of an image.

    Args:
        rng: Source of all randomness.
        image: BGR uint8 (H, W, 3).
        strength: 0 (no change) to 1.
        style: What is changed, and how much.
    """
    if strength <= 0:
        return image
    out = image.astype(np.float32)
    if rng.random() < style.grey * strength:
        out[:] = out.mean(axis=2, keepdims=True)
    if rng.random() < style.inverted * strength:
        out = 255.0 - out
    if rng.random() < style.permuted * strength:
        out = out[:, :, rng.permutation(3)]
    gain = 1 + strength * rng.uniform(*style.gain) + strength * rng.uniform(-style.channel_gain, style.channel_gain, 3)
    offset = strength * rng.uniform(-style.offset, style.offset)
    out = (out - 128) * gain.astype(np.float32) + np.float32(128 + offset)
    if rng.random() < style.blurred * strength:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(*style.blur)))
    if rng.random() < style.noisy * strength:
        noise = rng.standard_normal((*out.shape[:2], 1), dtype=np.float32)
        out += noise * np.float32(rng.uniform(*style.noise))
    out = np.clip(out, 0, 255).astype(np.uint8)
    if rng.random() < style.compressed * strength:
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*style.quality))])
        out = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return out
