"""Which characters are hanzi: the ideographs of Unicode's first block and of its extension A."""

from __future__ import annotations

HANZI = "\u3400-\u4dbf\u4e00-\u9fff"
"""For a regular expression's brackets."""


def is_hanzi(character: str) -> bool:
    """Whether one character is a hanzi; text of another length is none."""
    return len(character) == 1 and ("\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf")


def has_hanzi(text: str) -> bool:
    """Whether a text holds a hanzi."""
    return any(map(is_hanzi, text))
