"""The two scripts of Chinese: a line is in simplified or in traditional characters, hardly ever in both.

Many characters look much like their form in the other script (减 and 減), and a network that reads both takes one for
the other now and then. The rest of the line says which of them is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ctpn_crnn.page import Char

SIMPLIFIED, UNKNOWN, TRADITIONAL = -1, 0, 1

HANZI = "\u3400-\u4dbf\u4e00-\u9fff"
"""Chinese characters (hanzi), for the brackets of a regular expression: the ideographs of Unicode's first block and of
its extension A."""

TABLE = Path(__file__).parent.parent / "assets" / "scripts.txt"
"""A line of characters that occur in simplified text only, and one of those in traditional text only."""

STRANGER = 0.03
"""What a character of the other script is worth, as a factor of its probability."""

CLEAR = 0.8
"""Characters of one script, less those of the other, weighted by their probabilities, from which on a line is in it."""

PAGE_CLEAR = 5.0
"""The same for a page, ..."""

PAGE_MIXED = 0.2
"""... of whose characters that tell no more than this share may be of the other script, ..."""

PAGE_VOICE = 2.0
"""... and what the page's script counts in each of its lines."""


def is_hanzi(character: str) -> bool:
    """Return whether a string is one Chinese character."""
    return len(character) == 1 and ("\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf")


def has_hanzi(text: str) -> bool:
    """Return whether a text contains a Chinese character."""
    return any(map(is_hanzi, text))


@lru_cache(maxsize=1)
def leanings() -> dict[str, int]:
    """Script of each character that occurs in one of them only: `SIMPLIFIED` or `TRADITIONAL`."""
    simplified, traditional = TABLE.read_text("utf-8").splitlines()
    return dict.fromkeys(simplified, SIMPLIFIED) | dict.fromkeys(traditional, TRADITIONAL)


class Scripts:
    """Tells in which script lines are, and what that makes of the logits of a line.

    Args:
        characters: Those of the reader; class 1 is the first.
    """

    def __init__(self, characters: Sequence[str]) -> None:
        self._leanings = leanings()
        known = np.array([UNKNOWN, *(self._leanings.get(c, UNKNOWN) for c in characters)])
        self._classes = {script: np.flatnonzero(known == script) for script in (SIMPLIFIED, TRADITIONAL)}

    def of_lines(self, lines: Sequence[Sequence[Char]], *, one_page: bool) -> list[int]:
        """Script of each line as it was read, `UNKNOWN` where nothing tells.

        Args:
            lines: The characters of each line.
            one_page: The lines are those of one page: where they agree, lines that say nothing follow the others.
        """
        told = np.array([[self._said(line, s) for s in (SIMPLIFIED, TRADITIONAL)] for line in lines]).reshape(-1, 2)
        evidence = told[:, 1] - told[:, 0]
        if one_page:
            less, more = sorted(told.sum(axis=0))
            if more - less >= PAGE_CLEAR and less <= PAGE_MIXED * (less + more):
                evidence = evidence + PAGE_VOICE * np.sign(evidence.sum())
        return [int(np.sign(e)) if abs(e) >= CLEAR else UNKNOWN for e in evidence]

    def has_strangers(self, line: Iterable[Char], script: int) -> bool:
        """Whether a line of this script was read with characters of the other one."""
        return script != UNKNOWN and any(self._leanings.get(char.text) == -script for char in line)

    def hold_to(self, script: int, logits: np.ndarray) -> np.ndarray:
        """Logits (T, C) of a line in which characters of the other script are less probable by `STRANGER`."""
        if script == UNKNOWN:
            return logits
        held = logits.copy()
        held[:, self._classes[-script]] += np.log(STRANGER)
        return held

    def _said(self, line: Iterable[Char], script: int) -> float:
        return sum(char.confidence for char in line if self._leanings.get(char.text) == script)
