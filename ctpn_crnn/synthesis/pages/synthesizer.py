"""Training pages for the detector: a page of one of the styles is drawn, then turned and degraded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

_LEAST_SIDE = 64
"""Least height and width of a page in pixels."""


@dataclass(frozen=True)
class PageStyle:
    """A kind of page and how it is treated after it is drawn. All numbers were set by hand.

    Attributes:
        draw: Draws a page of a size (height, width).
        share: Share of the pages that are of this kind by default.
        turned: Share of the pages that are turned or seen by a camera.
        sharp: Share of the pages that are not degraded.
        degradation: Largest strength of the degradation, see `degrade`.
    """

    draw: Callable[[np.random.Generator, PageKit, tuple[int, int]], Canvas]
    share: float
    turned: float = 0.55
    sharp: float = 0.3
    degradation: float = 0.7


_STYLES = {
    "document": PageStyle(document_page, 0.11),
    "table": PageStyle(table_page, 0.08),
    "receipt": PageStyle(receipt_page, 0.07),
    "scene": PageStyle(scene_page, 0.20, turned=0.0, sharp=0.3, degradation=0.6),
    "formula": PageStyle(formula_page, 0.19),
    "proof": PageStyle(proof_page, 0.20),
    "screenshot": PageStyle(screen_page, 0.12, turned=0.05, sharp=0.6, degradation=0.4),
    "blank": PageStyle(blank_page, 0.03, turned=0.3, sharp=0.4, degradation=0.6),
}
STYLES: Mapping[str, float] = {name: style.share for name, style in _STYLES.items()}
"""Name of each style of page -> its default share."""


def render_page(
    rng: np.random.Generator,
    fonts: FontLibrary,
    corpus: Corpus,
    backgrounds: Sequence[str | Path] | None = None,
    style: str | None = None,
    size: tuple[int, int] = (512, 512),
) -> PageSample:
    """Render one page.

    Args:
        rng: Source of randomness; the same state gives the same page.
        fonts: Faces to draw with.
        corpus: Text to draw.
        backgrounds: Photographs without text; None generates colour fields instead.
        style: One of `STYLES`. None draws one by its share, without "formula" and "proof" if matplotlib is missing.
        size: (height, width) in pixels, each at least 64.

    Returns:
        The page with a region for every line, table cell and formula on it, all inside the picture.

    Raises:
        ConfigError: Unknown style, or a size that is too small.
        SynthesisError: No font covers the text, a background is not an image, or there is no matplotlib for formulas.
    """
    weights = STYLES if style is None else {style: 1.0}
    return PageSynthesizer(fonts, corpus, backgrounds, size, weights)(rng)


class PageSynthesizer:
    """Renders pages: `synthesizer(rng)` returns one.

    Args:
        fonts: Faces to draw with.
        corpus: Text to draw.
        backgrounds: Photographs without text; None generates colour fields instead.
        size: (height, width) in pixels, each at least 64.
        styles: Style -> relative frequency; default `STYLES`. If there are several styles and matplotlib is missing,
            "formula" and "proof" are left out.

    Raises:
        ConfigError: Unknown style, weights that cannot be drawn from, or a size that is too small.

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
        """Render a page.

        Raises:
            SynthesisError: No font covers the text, a background is not an image, or matplotlib is missing.
        """
        style = _STYLES[self._names[int(rng.choice(len(self._names), p=self._shares))]]
        canvas = style.draw(rng, self._kit, self.size)
        sample = PageSample(canvas.image, canvas.regions)
        if rng.random() < style.turned:
            sample = warp_page(rng, sample, self._kit.photos)
        if rng.random() >= style.sharp:
            sample.image = degrade(rng, sample.image, rng.uniform(0.05, style.degradation))
        return sample


def _shares(styles: Mapping[str, float]) -> tuple[list[str], np.ndarray]:
    """Return the names of the styles that can be drawn, and their probabilities."""
    unknown = sorted(set(styles) - set(_STYLES))
    if unknown:
        raise ConfigError(f"Unknown page style {unknown[0]!r}: choose from {', '.join(_STYLES)}.")
    names = [name for name in _STYLES if styles.get(name, 0) != 0]
    if len(names) > 1 and not formulas.available():
        names = [name for name in names if name not in ("formula", "proof")]
    weights = np.array([styles[name] for name in names], np.float64)
    if not len(weights) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ConfigError(
            f"Page style weights {dict(styles)} cannot be drawn from: give numbers >= 0, one of them > 0."
        )
    return names, weights / weights.sum()
