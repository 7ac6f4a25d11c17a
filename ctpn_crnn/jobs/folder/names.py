"""Names of outputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count


def free_stem(stem: str, is_free: Callable[[str], bool]) -> str:
    """`stem`, or the first of "stem-2", "stem-3" ... that is free."""
    return next(name for number in count(1) if is_free(name := stem if number == 1 else f"{stem}-{number}"))


def unnumbered(name: str) -> str:
    """What the picture of a page would be called if it were the only one: "a-ocr-12.png" -> "a-ocr.png"."""
    return re.sub(r"(-ocr)-\d+(?=\.png$)", r"\1", name)
