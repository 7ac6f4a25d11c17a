"""The two scripts of Chinese: a line is in simplified or in traditional characters, hardly ever in both.

Many characters look much like their form in the other script (减 and 減), and a network that reads both takes one for
the other now and then. The rest of the line says which of them is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ctpn_crnn.crnn.frame_probabilities import FrameProbabilities
from ctpn_crnn.crnn.params import DEFAULTS
from ctpn_crnn.page import Char

SIMPLIFIED, UNKNOWN, TRADITIONAL = -1, 0, 1

HANZI = "\u3400-\u4dbf\u4e00-\u9fff"
"""Chinese characters (hanzi), for the brackets of a regular expression: the ideographs of Unicode's first block and of
its extension A."""

TABLE = Path(__file__).parent.parent / "assets" / "scripts.txt"
"""Two lines: characters that occur in simplified text only, and characters that occur in traditional text only."""


def is_hanzi(character: str) -> bool:
    """Return whether a string is one Chinese character."""
    return len(character) == 1 and ("\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf")


def has_hanzi(text: str) -> bool:
    """Return whether a text contains a Chinese character."""
    return any(map(is_hanzi, text))


@lru_cache(maxsize=1)
def script_table() -> dict[str, int]:
    """Return the script, `SIMPLIFIED` or `TRADITIONAL`, of each character that occurs in one of them only."""
    simplified, traditional = TABLE.read_text("utf-8").splitlines()
    return dict.fromkeys(simplified, SIMPLIFIED) | dict.fromkeys(traditional, TRADITIONAL)


class ScriptRule:
    """A line is in one script: finds out which, and makes characters of the other one less probable.

    Args:
        characters: Characters of the reader in the order of their classes; the first one is class 1.
        foreign_factor: Factor on the probability of characters of the other script.
    """

    def __init__(self, characters: Sequence[str], foreign_factor: float = DEFAULTS.foreign_factor) -> None:
        self._table = script_table()
        of_class = np.array([UNKNOWN, *(self._table.get(c, UNKNOWN) for c in characters)])
        self._factors = {s: np.where(of_class == -s, foreign_factor, 1.0) for s in (SIMPLIFIED, TRADITIONAL)}

    def script_of(self, line: Sequence[Char]) -> int:
        """Return the script that a line was read in: `SIMPLIFIED`, `TRADITIONAL`, or `UNKNOWN`.

        It is the script with more evidence: the sum of the probabilities of the characters that occur in it only.
        """
        return int(np.sign(self._evidence(line, TRADITIONAL) - self._evidence(line, SIMPLIFIED)))

    def is_mixed(self, line: Iterable[Char], script: int) -> bool:
        """Return whether a line of this script holds characters of the other one."""
        return script != UNKNOWN and any(self._table.get(char.text) == -script for char in line)

    def hold_to(self, script: int, line: FrameProbabilities) -> FrameProbabilities:
        """Return a line of this script with the characters of the other one made less probable."""
        return line if script == UNKNOWN else line.scaled(self._factors[script])

    def _evidence(self, line: Iterable[Char], script: int) -> float:
        """Return the sum of the probabilities of the characters of a line that occur in this script only."""
        return sum(char.confidence for char in line if self._table.get(char.text) == script)
