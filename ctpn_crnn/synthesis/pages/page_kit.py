"""What every kind of page is made from."""

from __future__ import annotations

from dataclasses import dataclass

from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.pages.grounds import Photos
from ctpn_crnn.synthesis.text.corpus import Corpus


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
