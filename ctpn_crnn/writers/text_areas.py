"""A page as the formats of OCR have it: areas, paragraphs, lines, words and glyphs, each with its box."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np

from ctpn_crnn.page import Char, Page, TextLine
from ctpn_crnn.structure import Block, lay_out
from ctpn_crnn.writers.char_places import char_places
from ctpn_crnn.writers.safe_text import printable

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels: inside the page, at least one pixel wide and high."""

_CHINESE_DESCENT, _LATIN_DESCENT = 0.1, 0.2
"""Shares of a line's height below its baseline, for Chinese characters and for Latin letters with descenders."""

_DESCENDING = frozenset("gjpqyQ()[]{}|@,;/_$")


@dataclass(slots=True)
class Glyph:
    """One character: its text, its confidence (0..1), its box."""

    text: str
    confidence: float
    box: Box


@dataclass(slots=True)
class Word:
    """A run of characters without white space, Chinese or Latin or both.

    ALTO defines a string so. Programs that read these formats put a space between words, and so get the line back as it
    was read. If a word ended where Chinese and digits meet, they would make "2024 年 5 月" of "2024年5月", which no
    search finds. The glyphs tell where each character of a long word stands.

    Attributes:
        text: Its characters.
        confidence: 0..1, the mean of its characters.
        quad: Float64 (4, 2), source pixels.
        box: Around its glyphs.
        glyphs: Its characters with their boxes.
    """

    text: str
    confidence: float
    quad: np.ndarray
    box: Box
    glyphs: list[Glyph]


@dataclass(slots=True)
class Line:
    """A line of text.

    Attributes:
        source: The line of the page.
        words: At least one.
        box: Around the line's quad and its words.
    """

    source: TextLine
    words: list[Word]
    box: Box

    @property
    def text(self) -> str:
        """The words, with a space between them."""
        return " ".join(word.text for word in self.words)


@dataclass(slots=True)
class Paragraph:
    """Lines (at least one) and the box around them."""

    lines: list[Line]
    box: Box

    @property
    def language(self) -> str | None:
        """Language of all its text, see `language_of`."""
        return language_of("".join(line.text for line in self.lines))


@dataclass(slots=True)
class Area:
    """A block of the page.

    Attributes:
        kind: The `kind` of a block of the layout.
        paragraphs: A table has one for each row.
        box: Around everything in it.
    """

    kind: str
    paragraphs: list[Paragraph]
    box: Box


def text_areas(page: Page) -> list[Area]:
    """Return the areas of a page in reading order. Lines without a printable character are left out."""
    return [area for block in lay_out(page) if (area := _area_of(block, page))]


def words_of(line: TextLine, page: Page) -> list[Word]:
    """Return the words of a line."""
    chars = list(_code_points(line))
    quad = _finite(line.quad)
    boxes = boxes_of(_parts(quad, [char.start for char in chars], [char.end for char in chars]), page)
    glyphs = [Glyph(char.text, char.confidence, box) for char, box in zip(chars, boxes)]
    return [_word(glyphs[run], chars[run], quad) for run in _runs_without_space(chars)]


def language_of(text: str) -> str | None:
    """Return "zh" for a text with a Chinese character, "en" for one with Latin letters only, None without letters."""
    if any("\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff" for char in text):
        return "zh"
    return "en" if any(char.isalpha() and char < "\u0250" for char in text) else None


def baseline(line: TextLine) -> np.ndarray:
    """Return the left and right end of the line on which a text rests, float64 (2, 2), source pixels.

    The quad hugs the ink, so the baseline is above its lower edge by what descends: about a tenth of the height for
    Chinese characters, a fifth for Latin letters with descenders, nothing for other letters.
    """
    quad = _finite(line.quad)
    descent = _descent(line.text)
    return np.stack([quad[3] + descent * (quad[0] - quad[3]), quad[2] + descent * (quad[1] - quad[2])])


def angle_of(line: TextLine) -> float:
    """Return the direction of a line in degrees, clockwise from rightwards, in (-180, 180]."""
    (x1, y1), (x2, y2) = baseline(line)
    return math.degrees(math.atan2(y2 - y1, x2 - x1))


def boxes_of(quads: np.ndarray, page: Page) -> list[Box]:
    """Return the smallest `Box` around each of the quads (n, 4, 2)."""
    # Rounded, since interpolation along a line may leave a box a hair outside the pixel at whose edge it ends.
    points = np.round(_finite(quads), 3).reshape(-1, 4, 2)
    limits = np.maximum(1, [page.width, page.height])
    low = np.clip(np.floor(points.min(axis=1)), 0, limits - 1)
    high = np.clip(np.ceil(points.max(axis=1)), low + 1, limits)
    return [tuple(box) for box in np.hstack([low, high]).astype(int).tolist()]


def box_of(quad: np.ndarray, page: Page) -> Box:
    """Return the smallest `Box` around a quad."""
    return boxes_of(quad, page)[0]


def unit_interval(value: float) -> float:
    """Return a confidence or place limited to 0..1; 0 for what is not a finite number."""
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0


def _area_of(block: Block, page: Page) -> Area | None:
    """A block as an area; None without any text."""
    groups = [block.lines]
    if block.kind == "table":
        groups = [[line for cell in row for line in cell.lines] for row in block.rows]
    paragraphs = [paragraph for lines in groups if (paragraph := _paragraph(lines, page))]
    return Area(block.kind, paragraphs, _around(paragraph.box for paragraph in paragraphs)) if paragraphs else None


def _paragraph(lines: Iterable[TextLine], page: Page) -> Paragraph | None:
    found = []
    for line in lines:
        words = words_of(line, page)
        if words:
            found.append(Line(line, words, _around([box_of(line.quad, page), *(word.box for word in words)])))
    return Paragraph(found, _around(line.box for line in found)) if found else None


def _code_points(line: TextLine) -> Iterator[Char]:
    """The printable code points of a line; those of one character share its place."""
    for char in char_places(line):
        start = unit_interval(char.start)
        step = max(0.0, unit_interval(char.end) - start) / max(1, len(char.text))
        for index, text in enumerate(char.text):
            if printable(text):
                yield Char(text, unit_interval(char.confidence), start + index * step, start + (index + 1) * step)


def _runs_without_space(chars: Sequence[Char]) -> Iterator[slice]:
    """The places of the characters of each word."""
    first = 0
    for is_space, group in groupby(chars, key=lambda char: char.text.isspace()):
        end = first + sum(1 for _ in group)
        if not is_space:
            yield slice(first, end)
        first = end


def _word(glyphs: list[Glyph], chars: Sequence[Char], quad: np.ndarray) -> Word:
    return Word(
        text="".join(glyph.text for glyph in glyphs),
        confidence=sum(glyph.confidence for glyph in glyphs) / len(glyphs),
        quad=_parts(quad, [min(char.start for char in chars)], [max(char.end for char in chars)])[0],
        box=_around(glyph.box for glyph in glyphs),
        glyphs=glyphs,
    )


def _parts(quad: np.ndarray, starts: list[float], ends: list[float]) -> np.ndarray:
    """The pieces of a quad between two fractions of its length, (n, 4, 2)."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    start, end = np.reshape(starts, (-1, 1)), np.reshape(ends, (-1, 1))
    corners = [quad[0] + start * top, quad[0] + end * top, quad[3] + end * bottom, quad[3] + start * bottom]
    return np.stack(corners, axis=1)


def _finite(quad: np.ndarray) -> np.ndarray:
    """Float64, without infinities: a quad made by hand may hold anything."""
    return np.clip(np.nan_to_num(np.asarray(quad, np.float64)), -1e6, 1e6)


def _around(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _descent(text: str) -> float:
    """Share of a line's height below the baseline."""
    if any(unicodedata.east_asian_width(char) in "WF" for char in text):
        return _CHINESE_DESCENT
    return _LATIN_DESCENT if any(char in _DESCENDING for char in text) else 0.0
