"""Makes ctpn_crnn/assets/scripts.txt: which characters occur in simplified or in traditional Chinese only.

    python docs/make_script_table.py CORPUS [OUTPUT]

CORPUS is a folder of UTF-8 .txt files in simplified characters. Half of it is put into traditional characters by OpenCC
(`pip install opencc`), as in general, in Hong Kong and in Taiwan. A character is of one script if OpenCC replaces it in
text of the other one, whatever the variant, and if it is rare there in the corpus: many simplified forms, such as 台
and 里, are traditional characters too.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import opencc

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.chinese_script import TABLE

SEEN = 20
"""Occurrences from which on the corpus has a say."""

RARE_IN_TRADITIONAL, RARE_IN_SIMPLIFIED = 0.05, 0.2
"""Greatest share of its frequency in the one script that a character may have in the other. Simplified text quotes
traditional one, which the conversion leaves as it is; traditional text, being converted, holds no simplified one."""

_LINES = 3000


def build(corpus: Path) -> str:
    """The table: a line of simplified characters and a line of traditional ones."""
    simplified, traditional = count(corpus)
    to_traditional, to_simplified = _converters("s2t", "s2hk", "s2tw"), _converters("t2s", "hk2s", "tw2s")
    only_simplified, only_traditional = [], []
    for c in Charset.default().characters:
        is_simplified = all(convert(c) != c for convert in to_traditional) and all(f(c) == c for f in to_simplified)
        is_traditional = all(convert(c) != c for convert in to_simplified)
        seen = simplified[c] + traditional[c] >= SEEN
        if is_simplified and not (seen and traditional[c] >= RARE_IN_TRADITIONAL * simplified[c]):
            only_simplified.append(c)
        elif is_traditional and not (seen and simplified[c] >= RARE_IN_SIMPLIFIED * traditional[c]):
            only_traditional.append(c)
    return "".join(only_simplified) + "\n" + "".join(only_traditional) + "\n"


def count(corpus: Path) -> tuple[Counter, Counter]:
    """Characters of half of the corpus, as it is and in traditional characters."""
    converters = _converters("s2t", "s2hk", "s2tw")
    simplified, traditional = Counter(), Counter()
    for path in sorted(corpus.glob("*.txt")):
        lines = path.read_text("utf-8", errors="ignore").split("\n")[::2]
        for number, start in enumerate(range(0, len(lines), _LINES)):
            text = "\n".join(lines[start : start + _LINES])
            simplified.update(text)
            traditional.update(converters[number % len(converters)](text))
    return simplified, traditional


def _converters(*names: str) -> list[Callable[[str], str]]:
    return [opencc.OpenCC(name).convert for name in names]


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    (Path(sys.argv[2]) if len(sys.argv) == 3 else TABLE).write_text(build(Path(sys.argv[1])), "utf-8")
