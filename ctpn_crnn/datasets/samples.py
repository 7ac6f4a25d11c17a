"""What a data set holds: lines with their text, pages with their regions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class LabelledLine:
    """An image of one line of text and what it says.

    Attributes:
        path: The image file.
        text: The text, never empty.
    """

    path: Path
    text: str


@dataclass(eq=False)
class TruthRegion:
    """One annotated region of a page.

    Attributes:
        quad: float32 (4, 2), pixels (edges), clockwise from the text's own top left.
        text: What it says, or None where the set does not tell.
        kind: "text" or "formula".
        ignore: The region is neither to be found nor a fault when found ("do not care").
    """

    quad: np.ndarray
    text: str | None = None
    kind: str = "text"
    ignore: bool = False


@dataclass(eq=False)
class PageTruth:
    """An image and all the regions that are annotated in it; no regions for a page without text.

    Attributes:
        path: The image file.
        regions: In the order of the annotation file.
    """

    path: Path
    regions: list[TruthRegion] = field(default_factory=list)
