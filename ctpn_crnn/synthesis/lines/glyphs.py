"""Glyphs on a baseline, and the ground below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.fonts import Font, FontLibrary
from ctpn_crnn.synthesis.lines.line_sample import LineStyle


class Glyph(NamedTuple):
    """A character with its place on the baseline.

    Attributes:
        character: The character.
        left, right: Edges of its advance in pixels from the start of the line.
        face: The face at its size.
    """

    character: str
    left: float
    right: float
    face: ImageFont.FreeTypeFont


def pick_faces(rng: np.random.Generator, fonts: FontLibrary, text: str, style: LineStyle) -> tuple[Font, Font]:
    """Pick a face for the Chinese and one for the ASCII of a text; often one face for both."""
    ascii_part = "".join(c for c in text if c.isascii())
    if len(ascii_part) == len(text):
        face = fonts.pick(rng, text, "latin") if rng.random() < 0.75 else fonts.pick(rng, text)
        return face, face
    rest = "".join(c for c in text if not c.isascii())
    if ascii_part and rng.random() < style.mixed_fonts:
        return fonts.pick(rng, rest), fonts.pick(rng, ascii_part, "latin")
    try:
        face = fonts.pick(rng, text)
        return face, face
    except SynthesisError:
        return fonts.pick(rng, rest), fonts.pick(rng, ascii_part, "latin")


def place_glyphs(
    rng: np.random.Generator,
    text: str,
    chinese: Font,
    latin: Font,
    size: int,
    limit: float | None,
    spaced_out: float = 0.07,
) -> list[Glyph]:
    """Place characters side by side from x = 0.

    Args:
        rng: Source of randomness.
        text: The text.
        chinese: Face of all characters but ASCII.
        latin: Face of ASCII.
        size: Em in pixels.
        limit: Width in pixels before which the last character ends; None for any width.
        spaced_out: Share of texts whose characters stand far apart.

    Returns:
        The glyphs that fit.
    """
    spacing = 0.0 if rng.random() < 0.6 else rng.uniform(-0.04, 0.12) * size
    if rng.random() < spaced_out:
        spacing = rng.uniform(0.15, 0.7) * size
    faces = (chinese.at(size), latin.at(size))
    glyphs: list[Glyph] = []
    x = 0.0
    for character in text:
        face = faces[character.isascii()]
        end = x + max(1.0, face.getlength(character))
        if limit is not None and end > limit - 0.1 * size:
            break
        glyphs.append(Glyph(character, x, end, face))
        x = end + spacing
    return glyphs


def draw_glyphs(
    rng: np.random.Generator, glyphs: Sequence[Glyph], shape: tuple[int, int], left: float, size: int, bold: float = 0.0
) -> np.ndarray:
    """Draw glyphs on one baseline, with the em box about in the middle of the crop.

    Args:
        rng: Source of randomness.
        glyphs: The glyphs.
        shape: (H, W) of the crop.
        left: x of the start of the line in the crop.
        size: Em in pixels.
        bold: Width by which strokes grow on each side, in ems.

    Returns:
        Coverage of the ink, uint8 (H, W).
    """
    height, width = shape
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    slack = max(0.0, height - size)
    baseline = height / 2 + 0.36 * size + rng.uniform(-0.3, 0.3) * slack
    stroke = 1 if size > 24 and rng.random() < 0.05 else round(bold * size)
    for character, start, _, face in glyphs:
        if character != " ":
            draw.text((left + start, baseline), character, font=face, fill=255, anchor="ls", stroke_width=stroke)
    return np.asarray(canvas)


def texture(rng: np.random.Generator, shape: tuple[int, int], backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """Return a ground of light tones: a piece of a photograph or random clouds, float32 (H, W), 0..255."""
    height, width = shape
    if backgrounds and rng.random() < 0.7:
        photo = backgrounds[int(rng.integers(len(backgrounds)))]
        rows = min(photo.shape[0], int(rng.integers(8, max(9, min(photo.shape[0], 3 * height)))))
        columns = min(photo.shape[1], max(8, rows * width // height))
        y, x = int(rng.integers(photo.shape[0] - rows + 1)), int(rng.integers(photo.shape[1] - columns + 1))
        ground = cv2.resize(photo[y : y + rows, x : x + columns], (width, height)).astype(np.float32)
    else:
        cells = rng.uniform(0, 255, (int(rng.integers(2, 6)), int(rng.integers(2, 12)))).astype(np.float32)
        ground = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    spread = rng.uniform(0.1, 0.45)
    return np.clip((ground - ground.mean()) * spread + rng.uniform(140, 235), 0, 255)
