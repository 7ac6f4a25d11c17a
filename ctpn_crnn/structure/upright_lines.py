"""The lines of a page with their upright boxes and their size of print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ctpn_crnn.layout.upright_boxes import upright_boxes, upright_quads, weighted_median
from ctpn_crnn.page import Page
from ctpn_crnn.structure.joining import is_unspaced, join_lines
from ctpn_crnn.structure.params import StructureParams
from ctpn_crnn.structure.text_patterns import is_list_marker

Row: TypeAlias = list[int]
"""Indices of the lines that stand side by side, from the left."""

Interval: TypeAlias = tuple[float, float]
"""Left and right, in pixels."""

_UPPER_CASE_WIDTH, _NARROW_WIDTH, _LATIN_WIDTH = 0.62, 0.28, 0.5
"""Widths of printed characters, in those of a Chinese one."""

_NARROW = frozenset(" .,:;'|!ijl")


@dataclass(frozen=True)
class PrintSize:
    """How large a text is printed.

    Attributes:
        height: Height of its lines, in pixels.
        em: Width of a Chinese character in this print, in pixels, worked out from the width and the characters of a
            line; 0 where that has too few characters.
    """

    height: float
    em: float

    def is_larger_than(self, other: PrintSize, ratio: float) -> bool:
        """Whether this print is larger than another by a ratio.

        The height alone does not tell: it varies by a third with the characters of a line. So the em, where both are
        known, has to be larger by half of that.
        """
        is_wider = self.em > (1 + (ratio - 1) / 2) * other.em if self.em and other.em else True
        return self.height >= ratio * other.height and is_wider


@dataclass(frozen=True)
class TextRow:
    """A row as one line of text.

    Attributes:
        members: Indices of its lines, from the left.
        left: Where the text begins, to the right of a list marker that stands apart.
        right: Where the text ends.
        top: Upper edge.
        bottom: Lower edge.
        size: Of its print.
        text: The text of its lines, joined.
        has_marker: Whether a list marker that stands apart is its first line.
    """

    members: Row
    left: float
    right: float
    top: float
    bottom: float
    size: PrintSize
    text: str
    has_marker: bool

    @property
    def height(self) -> float:
        """Height of its print, in pixels."""
        return self.size.height

    @property
    def width(self) -> float:
        """Width of the text, in pixels."""
        return self.right - self.left

    @property
    def centre(self) -> float:
        """Horizontal middle of the text."""
        return (self.left + self.right) / 2

    @property
    def middle(self) -> float:
        """Vertical middle of the row."""
        return (self.top + self.bottom) / 2


class UprightLines:
    """The lines of a page in upright coordinates.

    Args:
        page: With at least one line.
        params: Tuned numbers of the layout.

    Attributes:
        lines: N lines, as the page has them.
        params: Tuned numbers of the layout.
        boxes: Float64 (N, 4): left, top, right, bottom.
        heights: Float64 (N,): heights of the boxes, above 0.
        page_height: Height of the upright page, in pixels.
        is_astray: Bool (N,): lines that run in another direction than the rest of the page.
        body: Print of most of the text.
    """

    def __init__(self, page: Page, params: StructureParams = StructureParams()) -> None:
        self.lines = page.lines
        self.params = params
        quads, page_height = upright_quads(page)
        self.boxes, leans = upright_boxes(quads, params.layout)
        self.page_height = max(page_height, float(self.boxes[:, 3].max()))
        self.heights = np.maximum(self.boxes[:, 3] - self.boxes[:, 1], 1e-3)
        self.is_astray = np.abs((leans + 180) % 360 - 180) > params.layout.max_lean
        self.body = self._body_size()

    def has_list_marker(self, row: Row) -> bool:
        """Whether a row is a list marker followed by text."""
        marker = self.lines[row[0]]
        return len(row) >= 2 and marker.kind == "text" and is_list_marker(marker.text)

    def gaps(self, row: Row) -> list[Interval]:
        """The gaps that run through a row from top to bottom, from the left."""
        spans = sorted((float(self.boxes[index, 0]), float(self.boxes[index, 2])) for index in row)
        gaps, reach = [], spans[0][1]
        for left, right in spans[1:]:
            if left > reach:
                gaps.append((reach, left))
            reach = max(reach, right)
        return gaps

    def distance(self, above: Row, below: Row) -> float:
        """Vertical distance from one row to the next, in pixels; negative where they overlap."""
        return float(self.boxes[below, 1].min() - self.boxes[above, 3].max())

    def height_of(self, row: Row) -> float:
        """Median height of the lines of a row, in pixels."""
        return float(np.median(self.heights[row]))

    def text_row(self, row: Row) -> TextRow:
        """Return a row as one line of text."""
        has_marker = self.has_list_marker(row)
        text_members = row[1:] if has_marker else row
        boxes = self.boxes[row]
        width = float((boxes[:, 2] - boxes[:, 0]).sum())
        return TextRow(
            members=list(row),
            left=float(self.boxes[text_members[0], 0]),
            right=float(boxes[:, 2].max()),
            top=float(boxes[:, 1].min()),
            bottom=float(boxes[:, 3].max()),
            size=PrintSize(self.height_of(text_members), _em(width, "".join(self.lines[index].text for index in row))),
            text=self._text_of(row),
            has_marker=has_marker,
        )

    def _body_size(self) -> PrintSize:
        lengths = np.array([max(1, len(line.text)) for line in self.lines], float)
        widths = (self.boxes[:, 2] - self.boxes[:, 0]).tolist()
        ems = np.array([_em(width, line.text) for width, line in zip(widths, self.lines)])
        known = ems > 0
        em = weighted_median(ems[known], lengths[known]) if known.any() else 0.0
        return PrintSize(weighted_median(self.heights, lengths), em)

    def _text_of(self, row: Sequence[int]) -> str:
        """The texts of a row joined; between Chinese ones a space only where there is a gap of a character."""
        parts: list[str] = []
        for place, index in enumerate(row):
            text = self.lines[index].text.strip()
            if place and parts and text and is_unspaced(parts[-1][-1:] or " ") and is_unspaced(text[:1]):
                gap = self.boxes[index, 0] - self.boxes[row[place - 1], 2]
                parts.append(" " if gap > self.heights[index] else "")
            elif parts and text:
                parts.append(" ")
            if text:
                parts.append(text)
        return join_lines(["".join(parts)])


def _em(width: float, text: str) -> float:
    """Width of a Chinese character in the print of a text that is so wide; 0 for a text shorter than two of them."""
    ems = sum(_width_in_ems(character) for character in text)
    return width / ems if ems >= 2 else 0.0


def _width_in_ems(character: str) -> float:
    if is_unspaced(character):
        return 1.0
    if character.isupper():
        return _UPPER_CASE_WIDTH
    return _NARROW_WIDTH if character in _NARROW else _LATIN_WIDTH
