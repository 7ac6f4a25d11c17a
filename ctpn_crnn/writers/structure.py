"""A page as the formats of OCR see it: areas of paragraphs of lines of words of glyphs, each with its box."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np

from ctpn_crnn.layout import Block, lay_out
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.characters import printable

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels: inside the page, at least one pixel wide and high."""


@dataclass(slots=True)
class Glyph:
    """One character: its text, its confidence (0..1), its box."""

    text: str
    confidence: float
    box: Box


@dataclass(slots=True)
class Word:
    """A run of characters without white space, Chinese or Latin or both.

    ALTO defines a string so, and the readers of all these formats put a space between words: this way they get the
    line back as it was read. Were a word to end where Chinese and digits meet, they would make "2024 年 5 月" of
    "2024年5月", which no search for it finds; and a character a word would tear every phrase apart. Where exactly a
    character stands within a long word, its glyph tells.

    Attributes:
        text: What it says.
        confidence: 0..1, the mean of its characters.
        quad: Float64 (4, 2), source pixels.
        box: Around its glyphs.
        glyphs: Its characters.
    """

    text: str
    confidence: float
    quad: np.ndarray
    box: Box
    glyphs: list[Glyph]


@dataclass(slots=True)
class Line:
    """A line of text: where it comes from, its words (at least one), the box around its quad and them."""

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
        """Of all its text, see `language_of`."""
        return language_of("".join(line.text for line in self.lines))


@dataclass(slots=True)
class Area:
    """A block of the page.

    Attributes:
        kind: That of `ctpn_crnn.layout.Block`.
        paragraphs: Of a table one for each row; of a formula none.
        box: Around everything in it.
        source: The formula; None for other kinds.
    """

    kind: str
    paragraphs: list[Paragraph]
    box: Box
    source: TextLine | None = None


def structure(page: Page) -> list[Area]:
    """The areas of a page in reading order. Lines without a printable character are left out."""
    return [area for block in lay_out(page) for area in _areas_of(block, page)]


def words_of(line: TextLine, page: Page) -> list[Word]:
    """The words of a line.

    Characters without a place of their own (a line made by hand) are spread evenly, wide ones taking twice the room.
    """
    placed = list(_placed(line))
    quad = _finite(line.quad)
    boxes = boxes_of(_parts(quad, [char.start for char in placed], [char.end for char in placed]), page)
    glyphs = [Glyph(char.text, char.confidence, box) for char, box in zip(placed, boxes)]
    return [_word(glyphs[run], placed[run], quad) for run in _runs(placed)]


def language_of(text: str) -> str | None:
    """Its language: "zh" when it has a Chinese character, "en" when it has only Latin letters, None without letters."""
    if any("\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff" for char in text):
        return "zh"
    return "en" if any(char.isalpha() and char < "\u0250" for char in text) else None


def baseline(line: TextLine) -> np.ndarray:
    """The line on which the text rests, its left and its right end, float64 (2, 2), source pixels.

    The quad hugs the ink, so the baseline lies above its lower edge by what hangs down: about a tenth of the height
    for Chinese characters, a fifth for Latin lines with descenders, nothing for those without.
    """
    quad = _finite(line.quad)
    hanging = _hanging(line.text)
    return np.stack([quad[3] + hanging * (quad[0] - quad[3]), quad[2] + hanging * (quad[1] - quad[2])])


def angle_of(line: TextLine) -> float:
    """Direction of a line in degrees, clockwise from rightwards, in (-180, 180]."""
    (x1, y1), (x2, y2) = baseline(line)
    return math.degrees(math.atan2(y2 - y1, x2 - x1))


def boxes_of(quads: np.ndarray, page: Page) -> list[Box]:
    """The smallest `Box` around each of the quads (n, 4, 2)."""
    # The rounding keeps a box at a pixel's edge when interpolation along the line has left it a hair outside.
    points = np.round(_finite(quads), 3).reshape(-1, 4, 2)
    limits = np.maximum(1, [page.width, page.height])
    low = np.clip(np.floor(points.min(axis=1)), 0, limits - 1)
    high = np.clip(np.ceil(points.max(axis=1)), low + 1, limits)
    return [tuple(box) for box in np.hstack([low, high]).astype(int).tolist()]


def box_of(quad: np.ndarray, page: Page) -> Box:
    """The smallest `Box` around a quad."""
    return boxes_of(quad, page)[0]


def share(confidence: float) -> float:
    """A confidence as a number in 0..1; 0 for what is not a number."""
    return min(1.0, max(0.0, confidence)) if math.isfinite(confidence) else 0.0


@dataclass(slots=True)
class _Placed:
    """A character with its place along the line, 0..1."""

    text: str
    confidence: float
    start: float
    end: float


def _areas_of(block: Block, page: Page) -> Iterator[Area]:
    groups = _rows(block) if block.kind == "table" else [block.lines]
    paragraphs = [paragraph for lines in groups if (paragraph := _paragraph(lines, page))]
    if paragraphs:
        yield Area(block.kind, paragraphs, _around(paragraph.box for paragraph in paragraphs))
    for line in block.lines:
        if line.kind == "formula":
            yield Area("formula", [], box_of(line.quad, page), line)


def _rows(block: Block) -> list[list[TextLine]]:
    return [[line for cell in row for line in cell.lines] for row in block.rows]


def _paragraph(lines: Iterable[TextLine], page: Page) -> Paragraph | None:
    found = []
    for line in lines:
        words = words_of(line, page) if line.kind != "formula" else []
        if words:
            found.append(Line(line, words, _around([box_of(line.quad, page), *(word.box for word in words)])))
    return Paragraph(found, _around(line.box for line in found)) if found else None


def _placed(line: TextLine) -> Iterator[_Placed]:
    """The characters of a line, each one code point, without those that cannot be printed."""
    known = "".join(char.text for char in line.chars) == line.text
    spans = _known_spans(line) if known else _even_spans(line)
    for placed in spans:
        if printable(placed.text):
            yield placed


def _known_spans(line: TextLine) -> Iterator[_Placed]:
    for char in line.chars:
        start = share(char.start)
        step = max(0.0, share(char.end) - start) / max(1, len(char.text))
        for index, text in enumerate(char.text):
            yield _Placed(text, share(char.confidence), start + index * step, start + (index + 1) * step)


def _even_spans(line: TextLine) -> Iterator[_Placed]:
    widths = [2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line.text]
    edges = np.cumsum([0, *widths]) / max(1, sum(widths))
    for text, start, end in zip(line.text, edges, edges[1:]):
        yield _Placed(text, share(line.confidence), float(start), float(end))


def _runs(chars: list[_Placed]) -> Iterator[slice]:
    """Where the characters of each word are."""
    first = 0
    for is_space, group in groupby(chars, key=lambda char: char.text.isspace()):
        end = first + sum(1 for _ in group)
        if not is_space:
            yield slice(first, end)
        first = end


def _word(glyphs: list[Glyph], placed: list[_Placed], quad: np.ndarray) -> Word:
    return Word(
        text="".join(glyph.text for glyph in glyphs),
        confidence=sum(glyph.confidence for glyph in glyphs) / len(glyphs),
        quad=_parts(quad, [min(char.start for char in placed)], [max(char.end for char in placed)])[0],
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


def _hanging(text: str) -> float:
    """Share of the line's height below the baseline."""
    if any(unicodedata.east_asian_width(char) in "WF" for char in text):
        return 0.1
    return 0.2 if any(char in "gjpqyQ()[]{}|@,;/_$" for char in text) else 0.0
