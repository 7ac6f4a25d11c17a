"""Text lines as the reader sees them: a crop of height 32, its text, and where each character stands."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ctpn_crnn.crnn.spec import INPUT_HEIGHT
from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.degradation import degrade
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.lines.line_drawing import (
    LineSample,
    LineStyle,
    at_line_height,
    draw_glyphs,
    empty_line,
    pick_faces,
    place_glyphs,
    texture,
)
from ctpn_crnn.synthesis.lines.signs import render_sign
from ctpn_crnn.synthesis.text.corpus import Corpus

_SIGN_WIDTH = 160


class LineSynthesizer:
    """Renders lines: `synthesizer(rng, width)` gives one that fits into `width` pixels.

    Args:
        fonts: faces to draw with.
        corpus: text to draw.
        backgrounds: grey images (uint8) to put text on, besides plain and uneven grounds.
        style: how far the rendering goes.
    """

    def __init__(
        self, fonts: FontLibrary, corpus: Corpus, backgrounds: Sequence[np.ndarray] = (), style: LineStyle = LineStyle()
    ) -> None:
        self.fonts = fonts
        self.corpus = corpus
        self.backgrounds = tuple(backgrounds)
        self.style = style

    def __call__(self, rng: np.random.Generator, width: int | None = None) -> LineSample:
        """A line at most `width` pixels wide (None: a random length), usually filling most of it."""
        if width is None:
            width = int(rng.choice([64, 96, 160, 240, 320, 480]))
        for _ in range(20):
            # Signs are short: in a wide crop most of it would be padding.
            if rng.random() < self.style.signs * min(1.25, _SIGN_WIDTH / width):
                sample = self._sign(rng, width)
                if sample is not None:
                    return sample
            # Some crops are loose: a PDF's boxes, a line cut out by hand.
            em = INPUT_HEIGHT / (rng.uniform(1.06, 1.55) if rng.random() < 0.85 else rng.uniform(1.55, 2.1))
            length = max(1, int(width / em * (1.0 if rng.random() < 0.7 else rng.uniform(0.3, 1.0))))
            text = self.corpus.line(rng, length)
            try:
                sample = render_line(rng, self.fonts, text, em, self.style, self.backgrounds, max_width=width)
            except SynthesisError:
                continue  # No face has every character of this text.
            if sample.text:
                return sample
        raise SynthesisError("Twenty texts in a row could not be drawn: the fonts hardly cover the charset.")

    def _sign(self, rng: np.random.Generator, width: int) -> LineSample | None:
        """A short text on a sign; None where no face draws it or not a character fits."""
        try:
            text = self.corpus.sign(rng, max(1, width // 14))
            sample = render_sign(rng, self.fonts, text, self.style, self.backgrounds, width)
        except SynthesisError:
            return None
        return sample if sample.text else None


def render_line(
    rng: np.random.Generator,
    fonts: FontLibrary,
    text: str,
    em: float,
    style: LineStyle = LineStyle(),
    backgrounds: Sequence[np.ndarray] = (),
    max_width: int | None = None,
) -> LineSample:
    """Draws `text` at an em of `em` pixels of the 32-pixel crop.

    The line is drawn at a resolution of its own, as a detector's crop would have it, then resized to height 32 just as
    the reader does. Text that would pass `max_width` is cut at a character.

    Raises:
        SynthesisError: no font covers the text.
    """
    scale = rng.choice([1.0, 1.0, rng.uniform(0.7, 1.0), rng.uniform(1.0, 2.2)])
    chinese, latin = pick_faces(rng, fonts, text, style)
    size = max(7, round(em * scale))
    ratio = size / em  # Source pixels to a pixel of the 32-pixel crop.
    glyphs = place_glyphs(rng, text, chinese, latin, size, max_width * ratio if max_width else None)
    text, edges = text[: len(glyphs)], [(g[1], g[2]) for g in glyphs]
    while text.endswith(" "):
        text, glyphs, edges = text[:-1], glyphs[:-1], edges[:-1]
    if not text:
        return empty_line()
    height = max(8, round(INPUT_HEIGHT * ratio))
    left = rng.uniform(-0.02, 0.35) * size if rng.random() < 0.8 else rng.uniform(0, 1.2) * size
    right = rng.uniform(-0.02, 0.35) * size if rng.random() < 0.8 else rng.uniform(0, 1.2) * size
    width = max(4, round(edges[-1][1] + left + right))
    ink = draw_glyphs(rng, glyphs, (height, width), left, size)
    if rng.random() < style.clutter:
        ink = _clutter(rng, ink, fonts, text, size, style)
    ink = _warp(rng, ink, style.tilt)
    image = _colour(rng, ink, style, backgrounds)
    spans = np.array(edges, np.float32) + np.float32(left)
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
    """Adds what crops of real pages hold besides their line: rules, underlines, the neighbours' ascenders and feet."""
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
    else:  # The neighbouring line shows at the top or the bottom.
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
    """A slight rotation and slant about the centre; characters move sideways by less than a frame."""
    if rng.random() < 0.5:
        return ink
    height, width = ink.shape
    # A long line turned by a degree would leave the crop: a detector's quad follows it, so what remains is less.
    angle = np.deg2rad(rng.uniform(-tilt, tilt)) * min(1.0, 4 * height / width)
    slant = rng.uniform(-0.12, 0.12) if rng.random() < 0.5 else 0.0
    matrix = np.array([[1, slant, -slant * height / 2], [np.tan(angle), 1, -np.tan(angle) * width / 2]], np.float32)
    return cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)


def _colour(
    rng: np.random.Generator, ink: np.ndarray, style: LineStyle, backgrounds: Sequence[np.ndarray]
) -> np.ndarray:
    """Puts the ink on a ground with enough contrast, dark on light or light on dark."""
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
