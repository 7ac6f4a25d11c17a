"""Which characters training text is drawn from, and how often."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from ctpn_crnn.crnn.chinese_script import is_hanzi

LOOKALIKES = str.maketrans(
    {
        "―": "—",
        "─": "—",
        "‐": "-",
        "‑": "-",
        "‒": "–",
        "・": "·",
        "‧": "·",
        "\u3000": " ",
        "\xa0": " ",
        "\t": " ",
        "˝": '"',
        "｡": "。",
        "､": "、",
    }
)
"""Characters that look alike in print -> the one of them that text uses most, so that they are one class."""

PUNCTUATION = "!\"#$%&'*+/;<=>?@\\^_`|~！？；：、…—～“”‘’·￥＋－＝＜＞＆＊＃＠％｜／"
"""ASCII and full-width marks that are much rarer in running text than the comma."""

BRACKETS = ("〔〕", "〈〉", "〖〗", "『』", "［］", "｛｝", "「」", "【】", "《》", "‘’", "“”")

COMMON_SYMBOLS = "①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤ±×÷≤≥≠≈→←↑↓℃°ΩμαβγδλπσθφΔΣ★☆☑☐□■●○◆◇▲△※§©®™√∞№²³½‰〔〕"

_COUNTED = 2_000_000
"""Characters at the start of each text whose frequencies are counted."""


def is_symbol(character: str) -> bool:
    """Return whether a character is a symbol or a letter beyond ASCII: no Chinese, no full-width letter or digit."""
    wide = "\uff10" <= character <= "\uff5a" and unicodedata.normalize("NFKC", character).isalnum()
    return not character.isascii() and not is_hanzi(character) and not wide


def encodable(character: str, coding: str) -> bool:
    """Return whether a character is in a character set, such as "gb2312" (simplified) or "big5" (traditional)."""
    try:
        return bool(character.encode(coding))
    except UnicodeEncodeError:
        return False


def tempered_frequencies(
    characters: np.ndarray, texts: Sequence[str], converters: Sequence[Callable[[str], str]] = (), power: float = 0.4
) -> np.ndarray:
    """Return probabilities between those of running text (power 1) and equal ones (power 0).

    Args:
        characters: Single characters.
        texts: Running text to count in.
        converters: Each converts a text to another form, such as traditional characters, which is counted too.
        power: Exponent of the frequencies.

    Returns:
        (len(characters),) float, sum 1. A character missing in the texts counts as one in a million.
    """
    counts = Counter()
    for text in texts:
        counts.update(text[:_COUNTED])
    forms = list(counts.items())
    for convert in converters:
        for character, count in forms:
            if (form := convert(character)) != character:
                counts[form] += count / len(converters) / 2
    total = max(1.0, sum(counts[c] for c in characters))
    weights = np.array([(counts[c] / total + 1e-6) ** power for c in characters])
    return weights / weights.sum()


def traditional_converters() -> list[Callable[[str], str]]:
    """Return converters to traditional characters: general, Hong Kong, Taiwan; none where OpenCC is missing."""
    try:
        import opencc
    except ImportError:
        return []
    return [opencc.OpenCC(variant).convert for variant in ("s2t", "s2hk", "s2tw")]
