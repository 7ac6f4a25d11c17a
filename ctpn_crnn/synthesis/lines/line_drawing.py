"""What rendered lines and signs share: a sample, its style, faces, glyphs on a baseline, grounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ctpn_crnn.crnn.spec import INPUT_HEIGHT
from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.fonts import Font, FontLibrary


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
        signs: share of lines 160 pixels wide that are scene text (`signs.render_sign`); of narrower lines up to a
            quarter more, of wider ones fewer in proportion.
    """

    strength: float = 0.6
    inverted: float = 0.15
    mixed_fonts: float = 0.5
    clutter: float = 0.25
    texture: float = 0.2
    tilt: float = 1.5
    signs: float = 0.3


def empty_line() -> LineSample:
    """What is left where not a character fits: a sample without text."""
    return LineSample(np.full((INPUT_HEIGHT, 4), 255, np.uint8), "", np.zeros((0, 2), np.float32))


def at_line_height(image: np.ndarray) -> np.ndarray:
    """An image (H, W) uint8 resized to the reader's height, (32, W') with W' in proportion."""
    height, width = image.shape
    way = cv2.INTER_AREA if height > INPUT_HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(image, (max(4, round(width * INPUT_HEIGHT / height)), INPUT_HEIGHT), interpolation=way)


def pick_faces(rng: np.random.Generator, fonts: FontLibrary, text: str, style: LineStyle) -> tuple[Font, Font]:
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


def place_glyphs(
    rng: np.random.Generator,
    text: str,
    chinese: Font,
    latin: Font,
    size: int,
    limit: float | None,
    spaced_out: float = 0.04,
) -> list[tuple[str, float, float, object]]:
    """Characters with their left and right edges and face, from x = 0; stops before `limit`.

    `spaced_out` is the share of texts whose characters stand far apart.
    """
    spacing = 0.0 if rng.random() < 0.6 else rng.uniform(-0.04, 0.12) * size
    if rng.random() < spaced_out:
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


def draw_glyphs(
    rng: np.random.Generator, glyphs: list, shape: tuple[int, int], left: float, size: int, bold: float = 0.0
) -> np.ndarray:
    """Coverage of the ink, (H, W) uint8. Every face stands on one baseline, the em box about centred in the crop.

    `bold` is how much each edge of a stroke is moved outwards, in ems.
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
    """A piece of a photograph, or smooth random clouds, compressed to the light half so that ink stands out."""
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
