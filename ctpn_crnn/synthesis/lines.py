"""Text lines as the reader sees them: a crop of height 32, its text, and where each character stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.corpus import Corpus
from ctpn_crnn.synthesis.degradation import degrade
from ctpn_crnn.synthesis.fonts import Font, FontLibrary

LINE_HEIGHT = 32
"""Height of a reader's input in pixels (CRNN, section 2.1)."""


@dataclass
class LineSample:
    """A rendered line.

    Attributes:
        image: (32, W) uint8 grey.
        text: what it says.
        spans: (len(text), 2) float32: left and right edge of each character's advance, in pixels of `image`.
    """

    image: np.ndarray
    text: str
    spans: np.ndarray


@dataclass(frozen=True)
class LineStyle:
    """How far rendering may go from a clean black line on white.

    Args:
        strength: of the degradation, 0..1; each line draws its own strength up to this.
        inverted: share of light text on dark.
        mixed_fonts: share of lines whose ASCII is set in another face than its Chinese.
        clutter: share of lines with underlines, table rules or the ink of neighbouring lines at the crop's edge.
        texture: share of lines on a photograph or an uneven ground instead of plain paper.
        tilt: largest rotation in degrees.
    """

    strength: float = 0.6
    inverted: float = 0.15
    mixed_fonts: float = 0.5
    clutter: float = 0.25
    texture: float = 0.2
    tilt: float = 1.5


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
            em = LINE_HEIGHT / rng.uniform(1.06, 1.55)
            length = max(1, int(width / em * (1.0 if rng.random() < 0.7 else rng.uniform(0.3, 1.0))))
            text = self.corpus.line(rng, length)
            if text.isascii() and rng.random() < 0.5:  # Latin letters take about half an em.
                longer = self.corpus.english(rng, int(1.8 * length))
                text = longer if self.corpus.charset.covers(longer) else text
            try:
                sample = render_line(rng, self.fonts, text, em, self.style, self.backgrounds, max_width=width)
            except SynthesisError:
                continue  # No face has every character of this text.
            if sample.text:
                return sample
        raise SynthesisError("Twenty texts in a row could not be drawn: the fonts hardly cover the charset.")


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
    chinese, latin = _faces(rng, fonts, text, style)
    size = max(7, round(em * scale))
    ratio = size / em  # Source pixels to a pixel of the 32-pixel crop.
    glyphs = _layout(rng, text, chinese, latin, size, max_width * ratio if max_width else None)
    text, edges = text[: len(glyphs)], [(g[1], g[2]) for g in glyphs]
    while text.endswith(" "):
        text, glyphs, edges = text[:-1], glyphs[:-1], edges[:-1]
    if not text:
        return LineSample(np.full((LINE_HEIGHT, 4), 255, np.uint8), "", np.zeros((0, 2), np.float32))
    height = max(8, round(LINE_HEIGHT * ratio))
    left = rng.uniform(-0.02, 0.35) * size if rng.random() < 0.8 else rng.uniform(0, 1.2) * size
    right = rng.uniform(-0.02, 0.35) * size if rng.random() < 0.8 else rng.uniform(0, 1.2) * size
    width = max(4, round(edges[-1][1] + left + right))
    ink = _draw(rng, glyphs, (height, width), left, size)
    if rng.random() < style.clutter:
        ink = _clutter(rng, ink, fonts, text, size, style)
    ink = _warp(rng, ink, style.tilt)
    image = _colour(rng, ink, style, backgrounds)
    spans = np.array(edges, np.float32) + np.float32(left)
    image = degrade(rng, image, style.strength * rng.random())
    target = max(4, round(width * LINE_HEIGHT / height))
    spans *= target / width
    image = cv2.resize(
        image, (target, LINE_HEIGHT), interpolation=cv2.INTER_AREA if height > LINE_HEIGHT else cv2.INTER_LINEAR
    )
    if max_width and target > max_width:
        image, spans = image[:, :max_width], np.minimum(spans, max_width)
    return LineSample(image, text, spans)


def _faces(rng: np.random.Generator, fonts: FontLibrary, text: str, style: LineStyle) -> tuple[Font, Font]:
    """The face of the Chinese (and of everything else, where one face does all) and the face of the ASCII."""
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


def _layout(
    rng: np.random.Generator, text: str, chinese: Font, latin: Font, size: int, limit: float | None
) -> list[tuple[str, float, float, object]]:
    """Characters with their left and right edges and face, from x = 0; stops before `limit`."""
    spacing = 0.0 if rng.random() < 0.6 else rng.uniform(-0.04, 0.12) * size
    if rng.random() < 0.04:
        spacing = rng.uniform(0.15, 0.7) * size
    faces = (chinese.at(size), latin.at(size))
    glyphs: list[tuple[str, float, float, object]] = []
    x = 0.0
    for character in text:
        face = faces[character.isascii()]
        end = x + max(1.0, face.getlength(character))
        if limit is not None and end > limit - 0.1 * size:
            break
        glyphs.append((character, x, end, face))
        x = end + spacing
    return glyphs


def _draw(rng: np.random.Generator, glyphs: list, shape: tuple[int, int], left: float, size: int) -> np.ndarray:
    """Coverage of the ink, (H, W) uint8. Every face stands on one baseline, the em box about centred in the crop."""
    height, width = shape
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    slack = max(0.0, height - size)
    baseline = height / 2 + 0.36 * size + rng.uniform(-0.3, 0.3) * slack
    stroke = 1 if size > 24 and rng.random() < 0.05 else 0
    for character, start, _, face in glyphs:
        if character != " ":
            draw.text((left + start, baseline), character, font=face, fill=255, anchor="ls", stroke_width=stroke)
    return np.asarray(canvas)


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
        face = _faces(rng, fonts, text, style)[0].at(size)
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
        ground = _texture(rng, (height, width), backgrounds)
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


def _texture(rng: np.random.Generator, shape: tuple[int, int], backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """A piece of a photograph, or smooth random clouds, compressed to the light half so that ink stands out."""
    height, width = shape
    if backgrounds and rng.random() < 0.7:
        photo = backgrounds[int(rng.integers(len(backgrounds)))]
        rows = int(rng.integers(8, max(9, min(photo.shape[0], 3 * height))))
        columns = min(photo.shape[1], max(8, rows * width // height))
        y, x = int(rng.integers(photo.shape[0] - rows + 1)), int(rng.integers(photo.shape[1] - columns + 1))
        ground = cv2.resize(photo[y : y + rows, x : x + columns], (width, height)).astype(np.float32)
    else:
        cells = rng.uniform(0, 255, (int(rng.integers(2, 6)), int(rng.integers(2, 12)))).astype(np.float32)
        ground = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    spread = rng.uniform(0.1, 0.45)
    return np.clip((ground - ground.mean()) * spread + rng.uniform(140, 235), 0, 255)
