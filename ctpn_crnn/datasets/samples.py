"""The contents of data sets: lines with their text, pages with their regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class LabelledLine:
    """The image of one line and its true text.

    Attributes:
        path: The image file.
        text: The true text, never empty.
    """

    path: Path
    text: str


@dataclass(eq=False)
class TruthRegion:
    """A true region of a page, annotated or rendered.

    Attributes:
        quad: float32 (4, 2), in pixels counted from pixel edges, clockwise from the text's own top left.
        text: The true text, or None if it is unknown.
        kind: "text" or "formula".
        ignore: The region need not be found, and finding it is no error ("do not care").
    """

    quad: np.ndarray
    text: str | None = None
    kind: str = "text"
    ignore: bool = False


@dataclass(eq=False)
class PageTruth:
    """An image and its true regions.

    Attributes:
        path: The image file.
        regions: In the order of the annotation file; empty for a page without text.
    """

    path: Path
    regions: list[TruthRegion] = field(default_factory=list)
