"""Whole pages with exact truth, for training and checking the detector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.synthesis.degradation import degrade
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.pages import formulas
from ctpn_crnn.synthesis.pages.backgrounds import Photos
from ctpn_crnn.synthesis.pages.blank_pages import blank_page
from ctpn_crnn.synthesis.pages.documents import document_page, formula_page, proof_page
from ctpn_crnn.synthesis.pages.page_sample import PageKit, PageSample
from ctpn_crnn.synthesis.pages.receipts import receipt_page
from ctpn_crnn.synthesis.pages.scenes import scene_page
from ctpn_crnn.synthesis.pages.screens import screen_page
from ctpn_crnn.synthesis.pages.tables import table_page
from ctpn_crnn.synthesis.pages.typesetting import Canvas
from ctpn_crnn.synthesis.pages.warping import warp_page
from ctpn_crnn.synthesis.text import Corpus

_Draw = Callable[[np.random.Generator, PageKit, tuple[int, int]], Canvas]
_PAGES: dict[str, _Draw] = {
    "document": document_page, "table": table_page, "receipt": receipt_page, "scene": scene_page,
    "formula": formula_page, "proof": proof_page, "screenshot": screen_page, "blank": blank_page,
}  # fmt: skip
STYLES: Mapping[str, float] = {
    "document": 0.11, "table": 0.08, "receipt": 0.07, "scene": 0.20, "formula": 0.19, "proof": 0.20, "screenshot": 0.12,
    "blank": 0.03,
}  # fmt: skip
"""Every style with the share of pages it has unless told otherwise."""
_LEAST_SIDE = 64
# (share of pages turned, share left sharp, greatest degradation): a screenshot is neither turned nor printed.
_TREATMENT = {"scene": (0.0, 0.3, 0.6), "screenshot": (0.05, 0.6, 0.4), "blank": (0.3, 0.4, 0.6)}
_PAPER_TREATMENT = (0.55, 0.3, 0.7)


def render_page(
    rng: np.random.Generator,
    fonts: FontLibrary,
    corpus: Corpus,
    backgrounds: Sequence[str | Path] | None = None,
    style: str | None = None,
    size: tuple[int, int] = (512, 512),
) -> PageSample:
    """Renders one page.

    Args:
        rng: the source of randomness; the same state gives the same page.
        fonts: faces to draw with.
        corpus: text to draw.
        backgrounds: picture files without text; None generates colour fields in their place.
        style: one of `STYLES`; None draws one by its share, leaving "formula" and "proof" out where matplotlib is
            missing.
        size: (height, width) in pixels, each at least 64.

    Returns:
        The page with a region for every line, table cell and formula on it, all inside of the picture.

    Raises:
        ConfigError: unknown style, or a size that is too small.
        SynthesisError: no font covers the text, a background is not an image, or there is no matplotlib for formulas.
    """
    weights = STYLES if style is None else {style: 1.0}
    return PageSynthesizer(fonts, corpus, backgrounds, size, weights)(rng)


class PageSynthesizer:
    """Renders pages: `synthesizer(rng)` gives one.

    Args:
        fonts: faces to draw with.
        corpus: text to draw.
        backgrounds: picture files without text; None generates colour fields in their place.
        size: (height, width) in pixels, each at least 64.
        styles: style -> relative frequency; default `STYLES`. Where more than one style is named and matplotlib is
            missing, "formula" and "proof" are left out.

    Raises:
        ConfigError: unknown style, weights that cannot be drawn from, or a size that is too small.

    Example:
        >>> synthesizer = PageSynthesizer(fonts, corpus, size=(512, 512), styles={"table": 1.0})  # doctest: +SKIP
        >>> synthesizer(np.random.default_rng(0)).regions[0].text  # doctest: +SKIP
    """

    def __init__(
        self,
        fonts: FontLibrary,
        corpus: Corpus,
        backgrounds: Sequence[str | Path] | None = None,
        size: tuple[int, int] = (512, 512),
        styles: Mapping[str, float] | None = None,
    ) -> None:
        height, width = (int(side) for side in size)
        if min(height, width) < _LEAST_SIDE:
            raise ConfigError(
                f"A page of {width}x{height} pixels is too small to set text on: take {_LEAST_SIDE} or more."
            )
        self.size = (height, width)
        self._kit = PageKit(fonts, corpus, Photos(backgrounds))
        self._names, self._shares = _shares(STYLES if styles is None else styles)

    def __call__(self, rng: np.random.Generator) -> PageSample:
        """The next page that `rng` gives."""
        style = self._names[int(rng.choice(len(self._names), p=self._shares))]
        canvas = _PAGES[style](rng, self._kit, self.size)
        sample = PageSample(canvas.image, canvas.regions)
        turned, sharp, strength = _TREATMENT.get(style, _PAPER_TREATMENT)
        if rng.random() < turned:
            sample = warp_page(rng, sample, self._kit.photos)
        if rng.random() >= sharp:
            sample.image = degrade(rng, sample.image, rng.uniform(0.05, strength))
        return sample


def _shares(styles: Mapping[str, float]) -> tuple[list[str], np.ndarray]:
    unknown = sorted(set(styles) - set(_PAGES))
    if unknown:
        raise ConfigError(f"Unknown page style {unknown[0]!r}: choose from {', '.join(_PAGES)}.")
    names = [name for name in _PAGES if styles.get(name, 0) != 0]
    if len(names) > 1 and not formulas.available():
        names = [name for name in names if name not in ("formula", "proof")]
    weights = np.array([styles[name] for name in names], np.float64)
    if not len(weights) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ConfigError(
            f"Page style weights {dict(styles)} cannot be drawn from: give numbers >= 0, one of them > 0."
        )
    return names, weights / weights.sum()
