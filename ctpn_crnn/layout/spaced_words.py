"""Chinese words set with wide blanks between their characters, such as "目　录" and "姓　名：", in one piece.

Each character of them is found as a line of its own, since columns of a table stand no further apart; their text tells
that they are none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ctpn_crnn.crnn.chinese_script import HANZI
from ctpn_crnn.geometry import Quad
from ctpn_crnn.layout.reading_order import upright_boxes
from ctpn_crnn.page import Char, TextLine

_HANZI = re.compile(f"[{HANZI}]")
_END_OF_LABEL = re.compile(f"[{HANZI}]{{1,2}}[:：]")
"""What a label ends in whose first character stands apart."""

_GAP = 2.5
"""Widest blank between the characters, in heights."""

_EVEN = 0.35
"""In heights: by how much the blanks of a word of more than two characters may differ."""

_SAME_ROW = 0.3
"""Largest distance of the centres, in heights."""

_ALIKE = 0.6
"""Least height of the lower one in that of the higher one; 一 is found as high as its neighbours are."""

_MOST = 6
"""Characters of a word; a row of more is a row of a calendar or of another table."""

_UPRIGHT = 15.0


def join_spaced_words(lines: Sequence[TextLine]) -> list[TextLine]:
    """Put words together whose characters were found one by one.

    Args:
        lines: Of a page, in any order.

    Returns:
        The lines, of which each such word, with the label that it may begin, is one.
    """
    is_single = [line.kind == "text" and _HANZI.fullmatch(line.text) is not None for line in lines]
    if not any(is_single):
        return list(lines)
    boxes, lean = upright_boxes([line.quad for line in lines])
    begins = [index for index in np.argsort(boxes[:, 0]).tolist() if is_single[index] and abs(lean[index]) < _UPRIGHT]
    goes_on = [single or _END_OF_LABEL.match(line.text) is not None for single, line in zip(is_single, lines)]
    seen: set[int] = set()
    words: dict[int, TextLine | None] = {}  # None: what went into the word that stands where its first part was
    for first in begins:
        word = [first]
        while first not in seen and is_single[word[-1]]:
            following = _next(boxes, word)
            if following is None or following in seen or not goes_on[following]:
                break
            word.append(following)
        seen.update(word)
        if 2 <= len(word) <= _MOST:
            words |= dict.fromkeys(word) | {first: _joined([lines[index] for index in word])}
    return [line for index, given in enumerate(lines) if (line := words.get(index, given)) is not None]


def _next(boxes: np.ndarray, word: Sequence[int]) -> int | None:
    """The line right of a word's last one, as near as its characters are to each other; None where there is none."""
    last = boxes[word[-1]]
    height = last[3] - last[1]
    heights = boxes[:, 3] - boxes[:, 1]
    off = np.abs(boxes[:, 1] + boxes[:, 3] - last[1] - last[3]) / 2
    in_row = off < np.maximum(height, heights) / 2
    right = np.flatnonzero(in_row & (boxes[:, 0] + boxes[:, 2] > last[0] + last[2]))
    if len(right) == 0:
        return None
    found = int(right[np.argmin(boxes[right, 0])])
    gap = boxes[found, 0] - last[2]
    is_alike = min(height, heights[found]) >= _ALIKE * max(height, heights[found]) and off[found] <= _SAME_ROW * height
    before = gap if len(word) == 1 else last[0] - boxes[word[-2], 2]
    is_even = abs(gap - before) <= _EVEN * height
    return found if is_alike and is_even and gap <= _GAP * height else None


def _joined(parts: Sequence[TextLine]) -> TextLine:
    first, last = parts[0].quad, parts[-1].quad
    quad = np.stack([first[0], last[1], last[2], first[3]])
    chars = [char for part in parts for char in _placed(part, quad)]
    confidence = float(np.prod([part.confidence for part in parts]))
    return TextLine("".join(part.text for part in parts), confidence, quad, "text", chars)


def _placed(part: TextLine, quad: Quad) -> list[Char]:
    """The characters of a part, with their places along the whole."""
    begin, end = _ends(quad)
    along = (end - begin) / max(float((end - begin) @ (end - begin)), 1e-6)
    left, right = ((point - begin) @ along for point in _ends(part.quad))
    edges = [left + (right - left) * np.clip([char.start, char.end], 0, 1) for char in part.chars]
    return [Char(char.text, char.confidence, *np.clip(edge, 0, 1)) for char, edge in zip(part.chars, edges)]


def _ends(quad: Quad) -> tuple[np.ndarray, np.ndarray]:
    """The middles of a quad's left and right side, each (2,)."""
    return (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
