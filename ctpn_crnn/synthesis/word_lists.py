"""The word lists in assets/words/: UTF-8, one item a line."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "assets" / "words"


@cache
def word_list(name: str) -> tuple[str, ...]:
    """Return the items of assets/words/`name`.txt in their order."""
    return tuple((_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines())
