"""Training lines for the reader: lines of documents and scene text, mixed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.crnn.spec import INPUT_HEIGHT
from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.lines.document_lines import render_line
from ctpn_crnn.synthesis.lines.line_sample import LineSample, LineStyle
from ctpn_crnn.synthesis.lines.signs import render_sign
from ctpn_crnn.synthesis.text import Corpus

_SIGN_WIDTH = 160
"""Width in pixels at which `LineStyle.signs` is the share of scene text."""
_ATTEMPTS = 20


class LineSynthesizer:
    """Renders lines: `synthesizer(rng, width)` returns one that fits into `width` pixels.

    Args:
        fonts: Faces to draw with.
        corpus: Text to draw.
        backgrounds: Grey photographs (uint8) to put text on, besides plain and uneven grounds.
        style: How far the rendering goes.
    """

    def __init__(
        self, fonts: FontLibrary, corpus: Corpus, backgrounds: Sequence[np.ndarray] = (), style: LineStyle = LineStyle()
    ) -> None:
        self.fonts = fonts
        self.corpus = corpus
        self.backgrounds = tuple(backgrounds)
        self.style = style

    def __call__(self, rng: np.random.Generator, width: int | None = None) -> LineSample:
        """Render a line at most `width` pixels wide (None: a random width) that usually fills most of it.

        Raises:
            SynthesisError: Twenty texts in a row could not be drawn.
        """
        if width is None:
            width = int(rng.choice([64, 96, 160, 240, 320, 480]))
        for _ in range(_ATTEMPTS):
            if rng.random() < self.style.signs * min(1.25, _SIGN_WIDTH / width):
                sample = self._sign(rng, width)
                if sample is not None:
                    return sample
            sample = self._document_line(rng, width)
            if sample is not None:
                return sample
        raise SynthesisError("Twenty texts in a row could not be drawn: the fonts hardly cover the charset.")

    def _document_line(self, rng: np.random.Generator, width: int) -> LineSample | None:
        """Render a line of a document; None if no face draws the text or not one character fits."""
        # A small em in the crop is a loose crop, such as a box of a PDF or a line cut out by hand.
        em = INPUT_HEIGHT / (rng.uniform(1.06, 1.55) if rng.random() < 0.85 else rng.uniform(1.55, 2.1))
        length = max(1, int(width / em * (1.0 if rng.random() < 0.7 else rng.uniform(0.3, 1.0))))
        text = self.corpus.line(rng, length)
        try:
            sample = render_line(rng, self.fonts, text, em, self.style, self.backgrounds, max_width=width)
        except SynthesisError:
            return None
        return sample if sample.text else None

    def _sign(self, rng: np.random.Generator, width: int) -> LineSample | None:
        """Render a short text on a sign; None if no face draws the text or not one character fits."""
        try:
            text = self.corpus.sign(rng, max(1, width // 14))
            sample = render_sign(rng, self.fonts, text, self.style, self.backgrounds, width)
        except SynthesisError:
            return None
        return sample if sample.text else None
