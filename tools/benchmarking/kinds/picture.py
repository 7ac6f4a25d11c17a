"""One picture of a kind, and how what was read of it is scored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class KindPicture:
    """A picture and what is written in it.

    Attributes:
        image: uint8 BGR (H, W, 3).
        lines: Its lines, or the cells of its rows, as they should be read.
    """

    image: np.ndarray
    lines: list[str]


@dataclass
class KindScore:
    """Lines read exactly, and characters lost and added, over the pictures of a kind.

    Runs of blanks count as one; everything else counts as written, without NFKC. Characters are compared as bags, a
    picture at a time, without blanks.
    """

    lines: int = 0
    exact: int = 0
    lost: int = 0
    added: int = 0

    def update(self, truth: list[str], read: list[str]) -> int:
        """Count one picture; return how many of its lines were read exactly."""
        want, got = _tidy(truth), _tidy(read)
        exact = sum((Counter(want) & Counter(got)).values())
        wanted, found = (Counter("".join(lines).replace(" ", "")) for lines in (want, got))
        self.lines += len(want)
        self.exact += exact
        self.lost += sum((wanted - found).values())
        self.added += sum((found - wanted).values())
        return exact


def _tidy(lines: list[str]) -> list[str]:
    """Return lines without those that are blank, each run of blanks as one."""
    return [tidy for line in lines if (tidy := " ".join(line.split()))]
