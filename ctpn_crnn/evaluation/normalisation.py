"""Which differences between two texts do not count as errors."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

Normalise = Callable[[str], str]
"""Text -> the form that is compared."""


def keep_raw(text: str) -> str:
    """Return the text as it is: case, width and spaces count."""
    return text


def fold_width(text: str) -> str:
    """Return the text in Unicode form NFKC, without spaces; case counts. The rule for whole pages."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def fold_case(text: str) -> str:
    """Return the text in Unicode form NFKC, in lower case, without spaces. The rule for single lines."""
    return fold_width(text).lower()


def fold_english(text: str) -> str:
    """Return letters and digits only, in lower case. The rule of the English word sets (IIIT5K, ICDAR, SVT).

    Letters of other scripts stay: a Chinese character read in place of an English letter is an error.
    """
    return "".join(c for c in fold_case(text) if c.isalnum())


NORMALISATIONS: dict[str, Normalise] = {"default": fold_case, "english": fold_english, "raw": keep_raw}
"""The rules for single lines, by the names that reports use."""
