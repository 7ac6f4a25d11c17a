"""Join lines to running text: spaces between words, hyphens at the ends of lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ctpn_crnn.structure.text_patterns import is_list_marker

_UNSPACED = re.compile(
    "[\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003ffff]"
)
"""Scripts written without spaces between words: Chinese with its punctuation and full-width forms, Japanese, Yi."""

_BROKEN_WORD = re.compile(r"(?P<start>\w*[^\W\d_])[-\u2010\u00ad]$")
_SOFT_HYPHEN = "\u00ad"
_NO_SPACE_AFTER = ("/", "\\", "@", "_")


def join_lines(texts: Iterable[str]) -> str:
    """Join the lines of a paragraph.

    Two lines are joined without a space where either side is Chinese, and with a space elsewhere. A word divided by a
    hyphen at the end of a line is put together ("recog-", "nition"). The hyphen stays if the next line does not begin
    in lower case ("COVID-", "19"), or if the word has another hyphen ("state-of-the-", "art").

    Example:
        >>> join_lines(["文本", "检测 and recog-", "nition of", "lines"])
        '文本检测 and recognition of lines'

    Args:
        texts: The lines in their order; empty ones are left out.

    Returns:
        The text, without line breaks.
    """
    joined = ""
    for text in texts:
        text = " ".join(text.split())
        if text:
            joined = _join_two(joined, text) if joined else text
    return joined.removesuffix(_SOFT_HYPHEN)


def _join_two(first: str, second: str) -> str:
    broken = _BROKEN_WORD.search(first)
    if first.endswith(_SOFT_HYPHEN):
        return first[:-1] + second
    if broken:
        has_another = first[: broken.start("start")].endswith(("-", "\u2010"))
        return first + second if has_another or not second[0].islower() else first[:-1] + second
    if is_list_marker(first):
        return f"{first} {second}"
    if is_unspaced(first[-1]) or is_unspaced(second[0]) or first.endswith(_NO_SPACE_AFTER):
        return first + second
    return f"{first} {second}"


def is_word_divided(first: str, second: str) -> bool:
    """Whether a line ends with a part of a word and a hyphen, and the next line begins in lower case."""
    return _BROKEN_WORD.search(first) is not None and second[:1].islower()


def is_unspaced(character: str) -> bool:
    """Whether a character belongs to a script written without spaces between words."""
    return _UNSPACED.match(character) is not None
