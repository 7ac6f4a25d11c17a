"""Pages that the detector is trained on: real or rendered, with the regions that are on them.

Nothing here imports Keras, so that worker processes stay small.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ctpn_crnn.datasets.samples import PageTruth
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import ConfigError, DatasetError, ImageError, SynthesisError
from ctpn_crnn.training.labelled_regions import LabelledRegion, unlabelled_ink

if TYPE_CHECKING:
    from ctpn_crnn.synthesis.fonts import FontLibrary
    from ctpn_crnn.synthesis.pages import PageSynthesizer
    from ctpn_crnn.synthesis.text import Corpus

_log = logging.getLogger(__name__)

_ATTEMPTS = 20
"""Pages drawn, one after another failing, before a source gives up."""

PageSource = Callable[[np.random.Generator], tuple[np.ndarray, Sequence[LabelledRegion]]]
"""Gives a page (BGR uint8) and its regions for a random generator; picklable, for worker processes."""


@dataclass(frozen=True)
class FolderPages:
    """Real pages, drawn at random; a page that cannot be read is passed over for another.

    Attributes:
        pages: The pages to draw from.
        partial: Whether only some of the text is annotated (formulas, say), so that other ink is neither text nor
            background.
    """

    pages: Sequence[PageTruth]
    partial: bool = False

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
        """Return a page (BGR uint8) and its regions."""
        for _ in range(_ATTEMPTS):
            page = self.pages[int(rng.integers(len(self.pages)))]
            try:
                image = load_image(page.path)
            except ImageError:
                continue
            regions = [LabelledRegion(r.quad, r.kind, r.ignore) for r in page.regions]
            return image, regions + (unlabelled_ink(image, regions) if self.partial else [])
        raise ImageError(f"{_ATTEMPTS} pages drawn could not be read, the last one was {page.path}; check the set.")


@dataclass(frozen=True)
class MixedPages:
    """Pages from several sources.

    Attributes:
        sources: The sources.
        weights: How often each is drawn, relative to the others.

    Raises:
        ConfigError: No source, or weights that do not match the sources or are all 0.
    """

    sources: Sequence[PageSource]
    weights: Sequence[float]

    def __post_init__(self) -> None:
        matched = self.sources and len(self.sources) == len(self.weights)
        if not matched or min(self.weights) < 0 or sum(self.weights) <= 0:
            raise ConfigError(
                f"{len(self.sources)} sources with the weights {tuple(self.weights)}: "
                "give at least one source, and a weight of 0 or more for each, not all 0."
            )

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, Sequence[LabelledRegion]]:
        """Return a page (BGR uint8) and its regions."""
        share = np.asarray(self.weights, float) / np.sum(self.weights)
        return self.sources[int(rng.choice(len(self.sources), p=share))](rng)


@dataclass(frozen=True)
class RenderedPages:
    """Pages that `ctpn_crnn.synthesis` renders; each process loads fonts and text at its first page.

    Attributes:
        corpus: Folder of .txt files; None for a few built-in sentences.
        fonts: Folders of fonts; None for those of the system.
        photos: Folder of photographs without text to write on; None for plain grounds.
        sizes: (height, width) in pixels; one of them is drawn for each page.
    """

    corpus: Path | None = None
    fonts: tuple[Path, ...] | None = None
    photos: Path | None = None
    sizes: tuple[tuple[int, int], ...] = ((640, 640), (896, 704), (640, 896))

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
        """Return a page (BGR uint8) and its regions."""
        size = self.sizes[int(rng.integers(len(self.sizes)))]
        synthesizer = _synthesizer(self.corpus, self.fonts, self.photos, size)
        for _ in range(_ATTEMPTS):
            try:
                page = synthesizer(rng)
            except Exception as error:
                # One page in thousands that cannot be rendered must not end a training of hours.
                _log.warning("a page could not be rendered (%s: %s)", type(error).__name__, error)
                continue
            return page.image, [LabelledRegion(r.quad, r.kind) for r in page.regions]
        raise SynthesisError(f"{_ATTEMPTS} pages in a row could not be rendered; the log says why.")


@functools.lru_cache(maxsize=16)
def _synthesizer(
    corpus: Path | None, fonts: tuple[Path, ...] | None, photos: Path | None, size: tuple[int, int]
) -> PageSynthesizer:
    from ctpn_crnn.synthesis.pages import PageSynthesizer

    return PageSynthesizer(_library(fonts), _corpus(corpus), _pictures(photos), size)


@functools.lru_cache(maxsize=2)
def _library(fonts: tuple[Path, ...] | None) -> FontLibrary:
    from ctpn_crnn.synthesis.fonts import FontLibrary

    return FontLibrary.discover(fonts)


@functools.lru_cache(maxsize=2)
def _corpus(folder: Path | None) -> Corpus:
    from ctpn_crnn.synthesis.text import Corpus

    return Corpus(folder)


def _pictures(folder: Path | None) -> list[Path] | None:
    if folder is None:
        return None
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder of photos; check the path, or leave it out for plain grounds.")
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
