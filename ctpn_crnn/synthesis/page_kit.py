"""What every kind of page is made from."""

from __future__ import annotations

from dataclasses import dataclass

from ctpn_crnn.synthesis.corpus import Corpus
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.grounds import Photos


@dataclass(frozen=True)
class PageKit:
    """Faces, words and pictures.

    Attributes:
        fonts: faces to draw with.
        corpus: text to draw.
        photos: pictures without text.
    """

    fonts: FontLibrary
    corpus: Corpus
    photos: Photos
