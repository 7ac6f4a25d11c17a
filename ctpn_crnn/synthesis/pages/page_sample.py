"""What page synthesis gives: a picture and where its text stands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

TEXT = "text"
FORMULA = "formula"


@dataclass
class PageRegion:
    """A line of text, or a formula, on a rendered page.

    Attributes:
        quad: (4, 2) float32, clockwise from the text's top left, in pixels (pixel edges).
        text: what it says; for a formula the word "formula".
        kind: "text" or "formula".
    """

    quad: np.ndarray
    text: str
    kind: str = TEXT


@dataclass
class PageSample:
    """A rendered page.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        regions: every text line and formula of it; empty for a page without text.
    """

    image: np.ndarray
    regions: list[PageRegion] = field(default_factory=list)
