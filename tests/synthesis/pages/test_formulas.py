"""Formulas: their masks and regions, and what happens without matplotlib."""

import sys

import numpy as np
import pytest

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.pages import PageSynthesizer, formulas, render_page
from ctpn_crnn.synthesis.pages.typesetting import Canvas

BLACK = (0, 0, 0)
NEEDS_MATPLOTLIB = pytest.mark.skipif(not formulas.available(), reason="matplotlib is not installed")


def white(height, width):
    return Canvas(np.full((height, width, 3), 255, np.uint8))


def inked(image):
    """The box of what is darker than the paper, x1, y1, x2, y2."""
    rows, columns = np.nonzero((image < 200).any(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


class TestFormulas:
    @NEEDS_MATPLOTLIB
    @pytest.mark.parametrize("kind", ["inline", "variable", "displayed"])
    def test_masks_are_tight(self, kind):
        rng = np.random.default_rng(1)
        for _ in range(4):
            mask, depth = formulas.formula_mask(rng, 32, kind)
            assert mask.dtype == np.uint8 and 0 <= depth < mask.shape[0]
            assert mask[:, :3].any() and mask[:, -3:].any() and mask[:2].any() and mask[-2:].any()

    @NEEDS_MATPLOTLIB
    def test_region_holds_the_ink(self):
        canvas = white(200, 900)
        mask, depth = formulas.formula_mask(np.random.default_rng(3), 24, "displayed")
        assert formulas.write_formula(canvas, mask, depth, 20, 120, 24, BLACK)
        x1, y1, x2, y2 = inked(canvas.image)
        (left, top), (right, bottom) = canvas.regions[0].quad[0], canvas.regions[0].quad[2]
        assert 0 <= x1 - left <= 4 and 0 <= y1 - top <= 4 and 0 <= right - x2 <= 4 and 0 <= bottom - y2 <= 4

    @NEEDS_MATPLOTLIB
    @pytest.mark.parametrize("style", ["formula", "proof"])
    def test_formula_pages_hold_both_kinds(self, fonts, corpus, style):
        pages = [render_page(np.random.default_rng(s), fonts, corpus, None, style, (400, 400)) for s in range(5)]
        kinds = [region.kind for page in pages for region in page.regions]
        assert kinds.count("formula") >= 5 and kinds.count("text") >= 5

    @NEEDS_MATPLOTLIB
    def test_single_variables_are_narrower_than_formulas_in_text(self):
        widths = {
            kind: np.median([formulas.formula_mask(np.random.default_rng(s), 20, kind)[0].shape[1] for s in range(40)])
            for kind in ("variable", "inline", "displayed")
        }
        assert widths["variable"] < 0.8 * widths["inline"] < widths["displayed"]

    def test_without_matplotlib_the_style_is_skipped(self, fonts, corpus, monkeypatch):
        monkeypatch.setattr(formulas, "available", lambda: False)
        synthesizer = PageSynthesizer(fonts, corpus, size=(128, 128), styles={"formula": 1e9, "proof": 1e9, "blank": 1})
        assert all(region.kind == "text" for region in synthesizer(np.random.default_rng(0)).regions)

    def test_without_matplotlib_asking_for_it_says_so(self, fonts, corpus, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib.mathtext", None)
        monkeypatch.setitem(sys.modules, "matplotlib.font_manager", None)
        formulas._drawn.cache_clear()
        with pytest.raises(SynthesisError, match="matplotlib"):
            for seed in range(5):
                render_page(np.random.default_rng(seed), fonts, corpus, None, "formula", (400, 400))
