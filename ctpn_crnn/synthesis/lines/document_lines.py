"""Lines of printed documents: text on paper, on a photograph or on a dark ground, with what stands near it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ctpn_crnn.crnn.spec import INPUT_HEIGHT
from ctpn_crnn.synthesis.degradation import degrade
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.lines.glyphs import draw_glyphs, pick_faces, place_glyphs, texture
from ctpn_crnn.synthesis.lines.line_sample import LineSample, LineStyle, at_line_height, empty_line


def render_line(
    rng: np.random.Generator,
    fonts: FontLibrary,
    text: str,
    em: float,
    style: LineStyle = LineStyle(),
    backgrounds: Sequence[np.ndarray] = (),
    max_width: int | None = None,
) -> LineSample:
    """Draw a line of a document.

    The line is drawn at a random resolution, as a detector's crop would have, and then resized to height 32 as the
    reader does.

    Args:
        rng: Source of randomness.
        fonts: Faces to draw with.
        text: The text. It is cut at a character where it would exceed `max_width`.
        em: Size of the text in pixels of the crop of height 32.
        style: How far the rendering goes.
        backgrounds: Grey photographs for the ground.
        max_width: Largest width of the crop in pixels; None for any width.

    Raises:
        SynthesisError: No font covers the text.
    """
    scale = rng.choice([1.0, 1.0, rng.uniform(0.7, 1.0), rng.uniform(1.0, 2.2)])
    chinese, latin = pick_faces(rng, fonts, text, style)
    size = max(7, round(em * scale))
    ratio = size / em  # Drawn pixels for each pixel of the crop of height 32.
    glyphs = place_glyphs(rng, text, chinese, latin, size, max_width * ratio if max_width else None)
    while glyphs and glyphs[-1].character == " ":
        glyphs.pop()
    if not glyphs:
        return empty_line()
    text = "".join(glyph.character for glyph in glyphs)
    height = max(8, round(INPUT_HEIGHT * ratio))
    left = rng.uniform(-0.02, 0.35) * size if rng.random() < 0.8 else rng.uniform(0, 1.2) * size
    right = rng.uniform(-0.02, 0.35) * size if rng.random() < 0.8 else rng.uniform(0, 1.2) * size
    width = max(4, round(glyphs[-1].right + left + right))
    ink = draw_glyphs(rng, glyphs, (height, width), left, size)
    if rng.random() < style.clutter:
        ink = _clutter(rng, ink, fonts, text, size, style)
    ink = _warp(rng, ink, style.tilt)
    image = _colour(rng, ink, style, backgrounds)
    spans = np.array([(glyph.left, glyph.right) for glyph in glyphs], np.float32) + np.float32(left)
    image = degrade(rng, image, style.strength * rng.random())
    image = at_line_height(image)
    target = image.shape[1]
    spans *= target / width
    if max_width and target > max_width:
        image, spans = image[:, :max_width], np.minimum(spans, max_width)
    return LineSample(image, text, spans)


def _clutter(
    rng: np.random.Generator, ink: np.ndarray, fonts: FontLibrary, text: str, size: int, style: LineStyle
) -> np.ndarray:
    """Add what crops of real pages hold besides their line: a rule, an underline, ink of a neighbouring line."""
    ink = ink.copy()
    height, width = ink.shape
    thickness = max(1, round(size * rng.uniform(0.02, 0.08)))
    kind = rng.random()
    if kind < 0.35:  # A rule along the top or bottom edge, an underline.
        y = int(height * (rng.uniform(0.86, 0.99) if rng.random() < 0.75 else rng.uniform(0.0, 0.08)))
        cv2.line(ink, (0, y), (width, y + int(rng.integers(-1, 2))), 255, thickness)
    elif kind < 0.55:  # A table's vertical rule at the left or right end.
        x = int(rng.uniform(0, 0.2) * size) if rng.random() < 0.5 else width - 1 - int(rng.uniform(0, 0.2) * size)
        cv2.line(ink, (x, 0), (x, height), 255, thickness)
    else:  # A neighbouring line reaches in at the top or the bottom.
        face = pick_faces(rng, fonts, text, style)[0].at(size)
        canvas = Image.new("L", (width, height))
        shown = rng.uniform(0.03, 0.14) * height
        shuffled = "".join(rng.permutation(list(text)))
        y = height - shown if rng.random() < 0.6 else shown
        anchor = "lt" if y > height / 2 else "ls"
        ImageDraw.Draw(canvas).text((rng.uniform(-1, 1) * size, y), shuffled, font=face, fill=255, anchor=anchor)
        ink = np.maximum(ink, np.asarray(canvas))
    return ink


def _warp(rng: np.random.Generator, ink: np.ndarray, tilt: float) -> np.ndarray:
    """Rotate and slant the ink slightly about its centre; characters move sideways by less than a frame."""
    if rng.random() < 0.5:
        return ink
    height, width = ink.shape
    # Long lines turn less: a detector's quad follows the line, so only a rest of its tilt is left in the crop.
    angle = np.deg2rad(rng.uniform(-tilt, tilt)) * min(1.0, 4 * height / width)
    slant = rng.uniform(-0.12, 0.12) if rng.random() < 0.5 else 0.0
    matrix = np.array([[1, slant, -slant * height / 2], [np.tan(angle), 1, -np.tan(angle) * width / 2]], np.float32)
    return cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)


def _colour(
    rng: np.random.Generator, ink: np.ndarray, style: LineStyle, backgrounds: Sequence[np.ndarray]
) -> np.ndarray:
    """Paint the ink on a ground with enough contrast, dark on light or light on dark."""
    height, width = ink.shape
    dark_ink = rng.random() >= style.inverted
    ground = np.full(
        (height, width), rng.uniform(215, 255) if rng.random() < 0.65 else rng.uniform(120, 255), np.float32
    )
    if rng.random() < style.texture:
        ground = texture(rng, (height, width), backgrounds)
    contrast = rng.uniform(0.75, 1.0) if rng.random() < 0.7 else rng.uniform(0.35, 0.75)
    ground_level = float(ground.mean())
    if dark_ink:
        level = ground_level * (1 - contrast)
    else:
        ground = 255 - ground
        ground_level = 255 - ground_level
        level = ground_level + (255 - ground_level) * contrast
    if abs(level - ground_level) < 50:
        level = ground_level - 60 if ground_level > 127 else ground_level + 60
    alpha = ink.astype(np.float32) / 255
    return np.clip(ground * (1 - alpha) + level * alpha, 0, 255).astype(np.uint8)
