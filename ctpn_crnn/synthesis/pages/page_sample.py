"""A rendered page, and the materials that it is made from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.pages.backgrounds import Photos
from ctpn_crnn.synthesis.text import Corpus


@dataclass
class PageSample:
    """A rendered page.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        regions: Every text line and formula of the page; empty for a page without text. The text of a formula is None.
    """

    image: np.ndarray
    regions: list[TruthRegion] = field(default_factory=list)


@dataclass(frozen=True)
class PageKit:
    """The materials of a page.

    Attributes:
        fonts: Faces to draw with.
        corpus: Text to draw.
        photos: Photographs without text.
    """

    fonts: FontLibrary
    corpus: Corpus
    photos: Photos
