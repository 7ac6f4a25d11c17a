"""Chinese words set with wide blanks between their characters, such as "目　录" and "姓　名：", as one line.

The detector finds each of their characters as a line of its own, since columns of a table are no further apart. What
the lines say shows that they are one word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ctpn_crnn.crnn.chinese_script import HANZI
from ctpn_crnn.geometry import Quad
from ctpn_crnn.layout.params import LayoutParams
from ctpn_crnn.layout.upright_boxes import upright_boxes
from ctpn_crnn.page import Char, TextLine

_CHINESE = re.compile(f"[{HANZI}]")
_LABEL_END = re.compile(f"[{HANZI}]{{1,2}}[:：]")
"""End of a label whose first character stands apart, with what follows."""


def join_spaced_words(lines: Sequence[TextLine], params: LayoutParams = LayoutParams()) -> list[TextLine]:
    """Join words whose characters were found one by one.

    Args:
        lines: Lines of an upright page, in any order.
        params: Tuned numbers; `max_lean`, `reading_order.same_row` and `spaced_words` are used.

    Returns:
        The lines. A joined word, with the label that it may begin, is one line, where its first part was.
    """
    is_single = [line.kind == "text" and _CHINESE.fullmatch(line.text) is not None for line in lines]
    if not any(is_single):
        return list(lines)
    boxes, leans = upright_boxes([line.quad for line in lines], params)
    may_follow = [single or _LABEL_END.match(line.text) is not None for single, line in zip(is_single, lines)]
    seen: set[int] = set()
    joined: dict[int, TextLine | None] = {}  # None for a line that is a part of another one
    for first in np.argsort(boxes[:, 0]).tolist():
        word = [first]
        if not is_single[first] or abs(leans[first]) > params.max_lean or first in seen:
            continue
        while is_single[word[-1]]:
            following = _next_line(boxes, word[-1], params)
            if following is None or following in seen or not may_follow[following]:
                break
            word.append(following)
        seen.update(word)
        if 2 <= len(word) <= params.spaced_words.max_characters:
            joined |= dict.fromkeys(word) | {first: _join([lines[index] for index in word])}
    return [line for index, given in enumerate(lines) if (line := joined.get(index, given)) is not None]


def _next_line(boxes: np.ndarray, index: int, params: LayoutParams) -> int | None:
    """The nearest line to the right of a character in its row, if it is near enough to be of one word with it."""
    last = boxes[index]
    height = last[3] - last[1]
    heights = boxes[:, 3] - boxes[:, 1]
    off = np.abs(boxes[:, 1] + boxes[:, 3] - last[1] - last[3]) / 2
    is_right = boxes[:, 0] + boxes[:, 2] > last[0] + last[2]
    beside = np.flatnonzero(is_right & (off < np.maximum(height, heights) / 2))
    if len(beside) == 0:
        return None
    found = int(beside[np.argmin(boxes[beside, 0])])
    is_level = off[found] <= params.reading_order.same_row * min(height, heights[found])
    return found if is_level and boxes[found, 0] - last[2] <= params.spaced_words.max_gap * height else None


def _join(parts: Sequence[TextLine]) -> TextLine:
    first, last = parts[0].quad, parts[-1].quad
    quad = np.stack([first[0], last[1], last[2], first[3]])
    chars = [char for part in parts for char in _chars_along(part, quad)]
    confidence = float(np.prod([part.confidence for part in parts]))
    formulas = [formula for part in parts for formula in part.formulas]
    return TextLine("".join(part.text for part in parts), confidence, quad, "text", chars, formulas)


def _chars_along(part: TextLine, quad: Quad) -> list[Char]:
    """The characters of a part of a line, with their places along the quad of the whole line."""
    begin, end = _ends(quad)
    along = (end - begin) / max(float((end - begin) @ (end - begin)), 1e-6)
    left, right = ((point - begin) @ along for point in _ends(part.quad))
    edges = [left + (right - left) * np.clip([char.start, char.end], 0, 1) for char in part.chars]
    return [Char(char.text, char.confidence, *np.clip(edge, 0, 1)) for char, edge in zip(part.chars, edges)]


def _ends(quad: Quad) -> tuple[np.ndarray, np.ndarray]:
    """The middles of a quad's left and right side, each (2,)."""
    return (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
