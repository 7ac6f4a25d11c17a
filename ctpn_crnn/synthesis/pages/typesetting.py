"""Text on a canvas: typefaces, the ink of a line, and the region that it leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from ctpn_crnn.crnn.chinese_script import is_hanzi
from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.synthesis.fonts import Font, FontLibrary

Color = tuple[int, int, int]
"""Blue, green, red, 0..255."""

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""

LINE_EXTENT = 1.22
"""Height of a line's region in em, whatever its ink; the ground truth of published page sets has 1.2 to 1.35."""
_TIGHT_ABOVE, _TIGHT_BELOW, _TIGHT_LEAST = 0.09, 0.06, 0.5
"""Room above and below the ink, and least height, of a region that follows the ink, in em."""
_LATIN_RUN = re.compile("([\u0020-\u024f]+)")
_NO_LINE_START = frozenset("，。、；：？！）》」』】”’％…,.;:?!)]}%>")
_PROBE = 64
"""Em in pixels at which a face is measured."""


@dataclass(frozen=True)
class Ink:
    """The coverage of a piece of text.

    Attributes:
        mask: (H, W) uint8 0..255, cut tight to the ink.
        left: x of the mask's left edge from the start of the text, in pixels.
        top: y of the mask's upper edge from the baseline, in pixels; negative above it.
        em_top, em_bottom: y of the line's region from the baseline; it does not depend on the ink.
        text: The text.
    """

    mask: np.ndarray
    left: int
    top: int
    em_top: float
    em_bottom: float
    text: str

    @property
    def width(self) -> int:
        return self.mask.shape[1]

    @property
    def right(self) -> int:
        """x of the mask's right edge from the start of the text."""
        return self.left + self.width

    def start(self, x1: float, x2: float, align: str) -> float:
        """Return the x at which the text starts so that its ink is aligned ("left", "center", "right") in x1..x2."""
        return {"left": x1, "right": x2 - self.right, "center": (x1 + x2 - self.width) / 2 - self.left}[align]

    def tight_extent(self) -> tuple[float, float]:
        """Return top and bottom, from the baseline, of a region that follows the ink, as signs are annotated."""
        size = (self.em_bottom - self.em_top) / LINE_EXTENT
        top, bottom = self.top - _TIGHT_ABOVE * size, self.top + self.mask.shape[0] + _TIGHT_BELOW * size
        lacking = _TIGHT_LEAST * size - (bottom - top)
        return (top - lacking / 2, bottom + lacking / 2) if lacking > 0 else (top, bottom)


class Typeface:
    """A face at a size, perhaps with a second face for Latin letters and digits.

    Args:
        font: The face.
        size: Em in pixels.
        latin: Face of Latin letters and digits; None for `font`.
    """

    def __init__(self, font: Font, size: int, latin: Font | None = None) -> None:
        self.font = font
        self.latin = latin
        self.size = int(size)
        self._advances: dict[str, float] = {}
        self._hanzi_advance = _hanzi_advance(font, self.size)
        middle = _ink_middle(font) * self.size
        self._extent = (middle - LINE_EXTENT / 2 * self.size, middle + LINE_EXTENT / 2 * self.size)

    def resized(self, size: float) -> Typeface:
        """Return the same faces at another size."""
        return Typeface(self.font, max(5, round(size)), self.latin)

    def baseline(self, top: float, height: float) -> float:
        """Return the y of the baseline of a line in the middle of a row of `height` pixels that begins at y = `top`."""
        return top + height / 2 - sum(self._extent) / 2

    def clean(self, text: str) -> str:
        """Drop the characters that the faces cannot draw, and spaces at the ends."""
        if not (self.font.covers(text) or (self.latin and all(map(self._draws, text)))):
            text = "".join(filter(self._draws, text))
        return text.strip()

    def width(self, text: str) -> float:
        """Return the advance of `text` in pixels, without kerning."""
        return sum(map(self._advance, text))

    def take(self, text: str, width: float) -> tuple[str, str]:
        """Split `text` into (line, rest), where the line fits into `width` pixels; it is empty if no break fits."""
        ends = np.cumsum([self._advance(character) for character in text])
        count = int(np.searchsorted(ends, width, side="right"))
        if count == len(text):
            return text.strip(), ""
        end = _break_before(text, count)
        return text[:end].strip(), text[end:].strip()

    def fitted(self, text: str, width: float, tracking: float = 0.0) -> Ink | None:
        """Draw the beginning of `text` that fits into `width` pixels without tracking, in what the faces can draw."""
        return self.ink(self.take(self.clean(text), width)[0], tracking)

    def ink(self, text: str, tracking: float = 0.0) -> Ink | None:
        """Draw `text`; returns None if it leaves no ink.

        Args:
            text: The text, as `clean` returns it.
            tracking: Pixels added after each character.
        """
        pieces = [piece for piece in (_LATIN_RUN.split(text) if self.latin else [text]) if piece]
        if tracking:
            pieces = list(text)
        pad = self.size
        # The advances of single characters are cached; measuring the whole text costs as much as drawing it.
        advances = [self.width(piece) + tracking for piece in pieces]
        image = Image.new("L", (int(1.1 * sum(advances)) + 2 * pad + 1, 3 * self.size + 2))
        draw, x = ImageDraw.Draw(image), float(pad)
        for piece, advance in zip(pieces, advances):
            draw.text((x, 2 * self.size), piece, font=self._font_of(piece[0]).at(self.size), fill=255, anchor="ls")
            x += advance
        box = image.getbbox()
        if box is None:
            return None
        return Ink(np.asarray(image.crop(box)), box[0] - pad, box[1] - 2 * self.size, *self._extent, text)

    def _advance(self, character: str) -> float:
        if self._hanzi_advance and is_hanzi(character):
            return self._hanzi_advance
        if character not in self._advances:
            self._advances[character] = self._font_of(character).at(self.size).getlength(character)
        return self._advances[character]

    def _font_of(self, character: str) -> Font:
        return self.latin if self.latin and character < "\u0250" and self.latin.covers(character) else self.font

    def _draws(self, character: str) -> bool:
        return self.font.covers(character) or (
            self.latin is not None and character < "\u0250" and self.latin.covers(character)
        )


class Canvas:
    """A page while it is drawn.

    Args:
        image: (H, W, 3) uint8 BGR; it is changed in place.

    Attributes:
        regions: The lines and formulas written so far.
    """

    def __init__(self, image: np.ndarray) -> None:
        self.image = image
        self.regions: list[TruthRegion] = []

    @property
    def height(self) -> int:
        return self.image.shape[0]

    @property
    def width(self) -> int:
        return self.image.shape[1]

    def write(
        self, ink: Ink | None, x: float, baseline: float, color: Color, *, opacity: float = 1.0, tight: bool = False
    ) -> bool:
        """Draw a text and note its region.

        A text that does not fit on the canvas as a whole is not drawn at all: a cut line has no exact ground truth.

        Args:
            ink: The text; None draws nothing.
            x, baseline: Start of the text in pixels; rounded.
            color: Of the ink.
            opacity: 0..1.
            tight: The region follows the height of the ink instead of the em.

        Returns:
            Whether the text was drawn.
        """
        if ink is None:
            return False
        x, baseline = round(x), round(baseline)
        left, top = x + ink.left, baseline + ink.top
        if not self._holds(left, top, ink.mask):
            return False
        self.paint(ink.mask, left, top, color, opacity)
        y1, y2 = ink.tight_extent() if tight else (ink.em_top, ink.em_bottom)
        self.note(left, max(0.0, baseline + y1), left + ink.width, min(float(self.height), baseline + y2), ink.text)
        return True

    def note(self, x1: float, y1: float, x2: float, y2: float, text: str | None, kind: str = "text") -> None:
        """Note an upright region; the text of a formula is None."""
        self.regions.append(TruthRegion(box_to_quad(x1, y1, x2, y2), text, kind))

    def paint(self, mask: np.ndarray, left: int, top: int, color: Color, opacity: float = 1.0) -> None:
        """Blend `color` in where `mask` (uint8) covers the canvas."""
        y1, x1, y2, x2 = (
            max(0, top),
            max(0, left),
            min(self.height, top + mask.shape[0]),
            min(self.width, left + mask.shape[1]),
        )
        if y1 >= y2 or x1 >= x2:
            return
        cover = mask[y1 - top : y2 - top, x1 - left : x2 - left, None].astype(np.int32)
        scale = max(0, min(256, round(256 * opacity)))
        area = self.image[y1:y2, x1:x2]
        difference = np.asarray(color, np.int32) - area
        area[:] = area + (difference * cover * scale + (1 << 15)) // (255 * 256)

    def box(self, x1: float, y1: float, x2: float, y2: float, color: Color) -> None:
        """Fill an upright box, at least a pixel wide and high, cut at the canvas."""
        left, top = max(0, round(x1)), max(0, round(y1))
        right, bottom = max(round(x2), left + 1), max(round(y2), top + 1)
        self.image[top : max(0, bottom), left : max(0, right)] = color

    def rule(self, x1: float, x2: float, y: float, color: Color, thickness: int = 1) -> None:
        """Draw a horizontal rule."""
        self.box(x1, y, x2, round(y) + thickness, color)

    def frame(self, x1: float, y1: float, x2: float, y2: float, color: Color, thickness: int = 1) -> None:
        """Draw the outline of a box."""
        self.box(x1, y1, x2, y1 + thickness, color)
        self.box(x1, y2 - thickness, x2, y2, color)
        self.box(x1, y1, x1 + thickness, y2, color)
        self.box(x2 - thickness, y1, x2, y2, color)

    def _holds(self, left: int, top: int, mask: np.ndarray) -> bool:
        return left >= 0 and top >= 0 and left + mask.shape[1] <= self.width and top + mask.shape[0] <= self.height


def pick_typeface(rng: np.random.Generator, fonts: FontLibrary, size: float, language: str) -> Typeface:
    """Pick a face for running text: Latin for "en", else Chinese, half of the time with a second face for Latin.

    Raises:
        SynthesisError: No face covers the script.
    """
    if language == "en":
        return Typeface(fonts.pick(rng, "Text 0123,.", script="latin"), max(5, round(size)))
    font = fonts.pick(rng, "文字。，", script="simplified")
    pair = rng.random() < 0.5 or not font.covers("Text 0123,.")
    latin = fonts.pick(rng, "Text 0123,.", script="latin") if pair else None
    return Typeface(font, max(5, round(size)), latin)


@lru_cache(maxsize=2048)
def _ink_middle(font: Font) -> float:
    """Return the y of a line's middle from the baseline in em: that of 国, or the usual one of a Latin face."""
    if not font.covers("国"):
        return -0.34
    image = Image.new("L", (3 * _PROBE, 3 * _PROBE))
    ImageDraw.Draw(image).text((_PROBE, 2 * _PROBE), "国", font=font.at(_PROBE), fill=255, anchor="ls")
    _, top, _, bottom = image.getbbox() or (0, 1.2 * _PROBE, 0, 2.1 * _PROBE)
    return ((top + bottom) / 2 - 2 * _PROBE) / _PROBE


@lru_cache(maxsize=4096)
def _hanzi_advance(font: Font, size: int) -> float:
    """Return the advance that all Chinese characters of the face share; 0 if they differ or there are none."""
    if not font.covers("一国"):
        return 0.0
    advances = {font.at(size).getlength(character) for character in "一国" + ("人" if font.covers("人") else "")}
    return advances.pop() if len(advances) == 1 else 0.0


def _break_before(text: str, index: int) -> int:
    """Return the last place up to `index` where a line may end: not in a word, not before closing punctuation."""
    end = index
    while end > 0 and (_joined(text[end - 1], text[end]) or text[end] in _NO_LINE_START):
        end -= 1
    # A word longer than the line, such as a web address, is broken where the line ends.
    return end if end > index // 3 else index


def _joined(before: str, after: str) -> bool:
    return before < "\u0250" and after < "\u0250" and before not in " -/" and after != " "
