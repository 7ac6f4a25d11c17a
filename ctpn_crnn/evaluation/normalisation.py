"""What is taken as equal when texts are compared."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

Normalise = Callable[[str], str]
"""Text -> the form that is compared."""


def keep_raw(text: str) -> str:
    """Compare as written: case, width and spaces count."""
    return text


def fold_width(text: str) -> str:
    """Compare characters, however wide: NFKC, no spaces; case counts. The rule for whole pages."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def fold_case(text: str) -> str:
    """NFKC, lower case, no spaces. The rule for single lines."""
    return fold_width(text).lower()


def fold_english(text: str) -> str:
    """As `fold_case`, letters and digits only. The rule of the English word sets (IIIT5K, ICDAR, SVT).

    Letters of other scripts stay: a word misread as a Chinese character is misread.
    """
    return "".join(c for c in fold_case(text) if c.isalnum())


NORMALISATIONS: dict[str, Normalise] = {"default": fold_case, "english": fold_english, "raw": keep_raw}
"""The rules for single lines, by the names that reports use."""
