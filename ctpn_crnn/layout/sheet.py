"""The lines of a page laid straight: what all parts of the layout work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.geometry import Rotation
from ctpn_crnn.layout.joining import is_unspaced, join_lines
from ctpn_crnn.layout.marks import is_marker
from ctpn_crnn.layout.reading_order import upright_boxes
from ctpn_crnn.page import Page

_LEANING = 30.0
"""Degrees away from the rest of the page: such a line is a stamp or stands along the margin."""


_NARROW = frozenset(" .,:;'|!ijl")


@dataclass(frozen=True)
class Strip:
    """What stands side by side and is read together: mostly one line, or a list marker and a line.

    Attributes:
        members: Indices of the lines, from the left.
        left: Where the text begins; what hangs out to the left of it as a list marker does not count.
        right, top, bottom: Its extent.
        height: Of its text.
        em: Width of a Chinese character in its print, worked out from width and text; 0 where there is too little.
        text: Its pieces joined.
        hanging: Whether a list marker stands before it as a piece of its own.
    """

    members: list[int]
    left: float
    right: float
    top: float
    bottom: float
    height: float
    em: float
    text: str
    hanging: bool

    @property
    def middle(self) -> float:
        """Of top and bottom."""
        return (self.top + self.bottom) / 2

    def is_larger(self, height: float, em: float, ratio: float) -> bool:
        """Whether its print is larger by `ratio` than print of that height and em.

        The height of a box alone does not tell: it varies by a third with what stands in the line.
        """
        wider = self.em > (1 + (ratio - 1) / 2) * em if self.em and em else True
        return self.height >= ratio * height and wider


class Sheet:
    """The lines of a page with their upright boxes.

    Args:
        page: With at least one line.

    Attributes:
        lines: Those of the page.
        height: Of the page turned upright, in pixels.
        boxes: Float64 (N, 4): x1, y1, x2, y2 after the page is turned upright and its slant taken out.
        heights: (N,) of the boxes.
        astray: (N,) bool, lines that run in another direction than the page.
        body: Height of most of the text.
        body_em: Em of most of the text, see `Strip.em`.
    """

    def __init__(self, page: Page) -> None:
        self.lines = page.lines
        turn = Rotation(page.orientation, page.width, page.height)
        self.boxes, leans = upright_boxes(turn.to_turned([line.quad for line in page.lines]))
        self.height = max(turn.size[1], float(self.boxes[:, 3].max()))
        self.heights = np.maximum(self.boxes[:, 3] - self.boxes[:, 1], 1e-3)
        self.astray = np.abs((leans + 180) % 360 - 180) > _LEANING
        lengths = np.array([max(1, len(line.text)) for line in self.lines], float)
        self.body = _most(self.heights, lengths)
        widths = (self.boxes[:, 2] - self.boxes[:, 0]).tolist()
        ems = np.array([_em(width, line.text) for width, line in zip(widths, self.lines)])
        self.body_em = _most(ems[ems > 0], lengths[ems > 0]) if (ems > 0).any() else 0.0

    def is_marker(self, index: int) -> bool:
        """Whether a line is a list marker and nothing else."""
        return self.lines[index].kind == "text" and is_marker(self.lines[index].text)

    def has_hanging_marker(self, row: Sequence[int]) -> bool:
        """Whether a row is a list marker followed, not too far away, by text."""
        if len(row) < 2 or not self.is_marker(row[0]):
            return False
        gap = self.boxes[row[1], 0] - self.boxes[row[0], 2]
        return bool(gap < 4 * self.heights[row[1]])

    def gaps(self, row: Sequence[int]) -> list[tuple[float, float]]:
        """The gaps (from x, to x) that run through a row from top to bottom, from the left."""
        spans = sorted((float(self.boxes[index, 0]), float(self.boxes[index, 2])) for index in row)
        gaps, reach = [], spans[0][1]
        for left, right in spans[1:]:
            if left > reach:
                gaps.append((reach, left))
            reach = max(reach, right)
        return gaps

    def strip(self, row: Sequence[int]) -> Strip:
        """A row as one line of text."""
        hanging = self.has_hanging_marker(row)
        text_members = row[1:] if hanging else row
        boxes = self.boxes[list(row)]
        widths = boxes[:, 2] - boxes[:, 0]
        return Strip(
            members=list(row),
            left=float(self.boxes[text_members[0], 0]),
            right=float(boxes[:, 2].max()),
            top=float(boxes[:, 1].min()),
            bottom=float(boxes[:, 3].max()),
            height=float(np.median(self.heights[list(text_members)])),
            em=_em(float(widths.sum()), "".join(self.lines[index].text for index in row)),
            text=self._row_text(row),
            hanging=hanging,
        )

    def _row_text(self, row: Sequence[int]) -> str:
        """Pieces of a row joined: Chinese ones with a space only where there is a gap of a character."""
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
    """Width of a Chinese character of the print in which `text` takes `width`; 0 for less than two of them."""
    units = sum(_units(character) for character in text)
    return width / units if units >= 2 else 0.0


def _units(character: str) -> float:
    """Usual width of a character, in Chinese ones."""
    if is_unspaced(character):
        return 1.0
    return 0.62 if character.isupper() else 0.28 if character in _NARROW else 0.5


def _most(values: np.ndarray, weights: np.ndarray) -> float:
    """The weighted median."""
    order = np.argsort(values)
    heap = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(heap, heap[-1] / 2)])
