"""Colours of scene text: lettering in one or two tones on plain, shaded or photographed ground."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ctpn_crnn.synthesis.lines.glyphs import texture
from ctpn_crnn.synthesis.lines.line_sample import SignStyle
from ctpn_crnn.synthesis.lines.sign_surroundings import SignCrop


def paint_sign(
    rng: np.random.Generator, crop: SignCrop, size: int, backgrounds: Sequence[np.ndarray], style: SignStyle
) -> np.ndarray:
    """Paint a sign: its ground, what stands beside its letters, and the letters with a shadow, outline or relief.

    Args:
        rng: Source of randomness.
        crop: Coverage of the letters and of what stands beside them.
        size: Em of the letters in pixels.
        backgrounds: Grey photographs for the ground.
        style: Sets the contrast.

    Returns:
        Grey image, uint8 (H, W).
    """
    ground = _ground(rng, crop.ink.shape, size, backgrounds)
    level = float(ground.mean())
    least = style.low_contrast if rng.random() < 0.06 else style.contrast
    tones = [tone for tone in rng.uniform(0, 255, 12) if abs(tone - level) > least]
    tone = tones[0] if tones else contrasting(level, level, style.contrast)
    edge = 255.0 * (rng.random() < 0.5) if rng.random() < 0.5 else rng.uniform(0, 255)
    if crop.marks.any():
        mark_tone = tone if rng.random() < 0.7 else contrasting(edge, level, style.contrast)
        ground = _blend(ground, crop.marks.astype(np.float32) / 255, mark_tone)
    if crop.beyond.any():
        wall = texture(rng, crop.ink.shape, backgrounds if rng.random() < 0.7 else ())
        wall_contrast = rng.uniform(0.3, 1.5)
        wall_tone = contrasting(rng.uniform(0, 255), level, style.contrast)
        wall = np.clip((wall - wall.mean()) * wall_contrast + wall_tone, 0, 255)
        ground = _blend(ground, crop.beyond.astype(np.float32) / 255, wall)
    return _paint_letters(rng, ground, crop.ink, size, (tone, edge, level), style.contrast)


def contrasting(tone: float, other: float, contrast: float) -> float:
    """Return `tone`, or black or white if it differs from `other` by no more than `contrast`."""
    if abs(tone - other) > contrast:
        return tone
    return 0.0 if other > 127 else 255.0


def _ground(
    rng: np.random.Generator, shape: tuple[int, int], size: int, backgrounds: Sequence[np.ndarray]
) -> np.ndarray:
    """Return a plain, shaded or photographed ground, some with bars across, float32 (H, W)."""
    draw = rng.random()
    if draw < 0.35:
        ground = np.full(shape, rng.uniform(0, 255), np.float32)
    else:
        ground = texture(rng, shape, backgrounds if draw < 0.8 else ())
        ground = np.clip((ground - ground.mean()) * rng.uniform(0.5, 1.8) + rng.uniform(20, 235), 0, 255)
    return _with_bars(rng, ground, size) if rng.random() < 0.12 else ground


def _with_bars(rng: np.random.Generator, ground: np.ndarray, size: int) -> np.ndarray:
    """Draw bars across a ground: shutters, slats, tiles, the frame that large letters are mounted on."""
    ground = ground.copy()
    only = 0 if rng.random() < 0.7 else 1
    for axis in (0, 1) if rng.random() < 0.3 else (only,):
        period = max(3.0, rng.uniform(0.12, 0.8) * size)
        place = np.arange(ground.shape[axis]) / period + rng.random()
        bars = (place % 1.0 < rng.uniform(0.1, 0.6)) * rng.uniform(-90, 90)
        ground += np.expand_dims(bars, 1 - axis)
    return np.clip(ground, 0, 255).astype(np.float32)


def _paint_letters(
    rng: np.random.Generator,
    ground: np.ndarray,
    ink: np.ndarray,
    size: int,
    tones: tuple[float, float, float],
    contrast: float,
) -> np.ndarray:
    """Paint letters on a ground, about two of five of them with a shadow, depth, an outline, in relief or hollow.

    Args:
        rng: Source of randomness.
        ground: float32 (H, W).
        ink: Coverage of the letters, uint8 (H, W).
        size: Em in pixels.
        tones: Grey levels of the letters, of their outline or shadow, and of the ground.
        contrast: Least difference of an outline from the letters.

    Returns:
        uint8 (H, W).
    """
    tone, edge, level = tones
    cover = ink.astype(np.float32) / 255
    draw = rng.random()
    if draw < 0.12:  # A shadow beside the letters.
        moved = _moved(cover, complex(*rng.uniform(-0.09, 0.09, 2)) * size)
        ground = _blend(ground, cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.3, 0.06 * size + 0.4)), edge)
    elif draw < 0.17:  # Letters with depth: each of their sides is seen from one direction.
        depth = rng.uniform(0.03, 0.14) * size * np.exp(1j * rng.uniform(0, 2 * np.pi))
        steps = max(2, round(abs(depth)))
        side = np.max([_moved(cover, depth * step / steps) for step in range(1, steps + 1)], 0)
        ground = _blend(ground, side, contrasting(edge, tone, contrast))
    elif draw < 0.28:  # An outline in another tone.
        thick = 2 * max(1, round(rng.uniform(0.02, 0.07) * size)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thick, thick))
        ground = _blend(ground, cv2.dilate(cover, kernel), contrasting(edge, tone, contrast))
    elif draw < 0.33:  # Letters cut into the ground or raised from it: seen by their lit and shaded edges.
        depth = rng.uniform(0.02, 0.06) * size * np.exp(1j * rng.uniform(0, 2 * np.pi))
        lit, shaded = (_moved(cover, sign * depth) for sign in (1, -1))
        ground = ground + (lit - shaded) * rng.uniform(40, 110)
        tone, cover = np.clip(level + rng.uniform(-70, 70), 0, 255), cover * rng.uniform(0.3, 0.9)
    elif draw < 0.38 and size > 28:  # Hollow letters.
        cover = np.clip(2.5 * (cover - cv2.erode(cover, np.ones((3, 3), np.uint8))), 0, 1)
    ink_tone: float | np.ndarray = tone
    if rng.random() < 0.2:  # The light changes from the top of the letters to their feet.
        ink_tone = tone + np.linspace(-1, 1, ink.shape[0], dtype=np.float32)[:, None] * rng.uniform(-35, 35)
    return np.clip(_blend(ground, cover, ink_tone), 0, 255).astype(np.uint8)


def _moved(cover: np.ndarray, offset: complex) -> np.ndarray:
    """Move a picture by (real, imag) pixels to the right and down."""
    return cv2.warpAffine(cover, np.float32([[1, 0, offset.real], [0, 1, offset.imag]]), cover.shape[::-1])


def _blend(ground: np.ndarray, cover: np.ndarray, tone: float | np.ndarray) -> np.ndarray:
    return ground * (1 - cover) + tone * cover
