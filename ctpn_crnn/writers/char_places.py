"""Where each character of a line stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from ctpn_crnn.page import Char, TextLine


def char_places(line: TextLine) -> Sequence[Char]:
    """Return the characters of a line with their places.

    A line whose characters are not known, as in a page made by hand, has them spread evenly along it: wide ones take
    twice the room of others, combining marks none.
    """
    if "".join(char.text for char in line.chars) == line.text:
        return line.chars
    widths = [_relative_width(char) for char in line.text]
    edges = np.cumsum([0, *widths]) / max(1, sum(widths))
    return [Char(text, line.confidence, start, end) for text, start, end in zip(line.text, edges, edges[1:])]


def _relative_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
