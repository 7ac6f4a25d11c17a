"""Lines of text -> running text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ctpn_crnn.layout.marks import is_marker

_UNSPACED = re.compile(
    "[\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003ffff]"
)
"""Scripts written without spaces between words: Chinese with its punctuation and full-width forms, Japanese, Yi."""

_BROKEN_WORD = re.compile(r"(?P<start>\w*[^\W\d_])[-\u2010\u00ad]$")
_SOFT_HYPHEN = "\u00ad"
_NO_SPACE_AFTER = ("/", "\\", "@", "_")


def join_lines(texts: Iterable[str]) -> str:
    """Join the lines of a paragraph.

    Nothing stands between two lines where either side is Chinese, a space where both are in a script with spaces. A
    word divided by a hyphen at the end of a line is put together ("recog-", "nition"); the hyphen stays where what
    follows does not begin in lower case ("COVID-", "19"), or the word has another one ("state-of-the-", "art").

    Example:
        >>> join_lines(["文本", "检测 and recog-", "nition of", "lines"])
        '文本检测 and recognition of lines'

    Args:
        texts: From the first to the last; empty ones do not count.

    Returns:
        One line.
    """
    joined = ""
    for text in texts:
        text = " ".join(text.split())
        if text:
            joined = join_two(joined, text) if joined else text
    return joined.removesuffix(_SOFT_HYPHEN)


def join_two(first: str, second: str) -> str:
    """Join the ends of two lines, neither empty; see `join_lines`."""
    broken = _BROKEN_WORD.search(first)
    if first.endswith(_SOFT_HYPHEN):
        return first[:-1] + second
    if broken:
        has_another = first[: broken.start("start")].endswith(("-", "\u2010"))
        return first + second if has_another or not second[0].islower() else first[:-1] + second
    if is_marker(first):
        return f"{first} {second}"
    if is_unspaced(first[-1]) or is_unspaced(second[0]) or first.endswith(_NO_SPACE_AFTER):
        return first + second
    return f"{first} {second}"


def is_divided(first: str, second: str) -> bool:
    """Whether the first line ends in a word with a hyphen that the second one goes on with in lower case."""
    return _BROKEN_WORD.search(first) is not None and second[:1].islower()


def is_unspaced(character: str) -> bool:
    """Whether a character belongs to a script written without spaces between words."""
    return _UNSPACED.match(character) is not None
