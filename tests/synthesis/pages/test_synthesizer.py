"""Rendered pages: their regions, and what users may ask for."""

import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError, SynthesisError
from ctpn_crnn.geometry import order_quad, quad_area, quad_iou
from ctpn_crnn.synthesis.pages import STYLES, PageSynthesizer, formulas, render_page
from ctpn_crnn.synthesis.pages.documents import document_page
from ctpn_crnn.synthesis.pages.tables import table_page


class TestPages:
    @pytest.mark.parametrize("style", STYLES)
    @pytest.mark.parametrize("size", [(320, 320), (200, 480), (64, 64)])
    def test_regions_are_sound(self, fonts, corpus, style, size):
        if style == "formula" and not formulas.available():
            pytest.skip("matplotlib is not installed")
        for seed in range(3):
            page = render_page(np.random.default_rng(seed), fonts, corpus, style=style, size=size)
            assert page.image.shape == (*size, 3) and page.image.dtype == np.uint8
            for region in page.regions:
                quad = region.quad
                assert quad.dtype == np.float32 and quad.shape == (4, 2)
                assert quad.min() >= -0.01 and (quad.max(axis=0) <= np.array(size[::-1]) + 0.01).all()
                assert quad_area(quad) > 4
                np.testing.assert_array_equal(order_quad(quad), quad)
                if region.kind == "formula":
                    assert region.text is None
                    continue
                assert region.kind == "text"
                assert region.text == region.text.strip() != "" and "\n" not in region.text

    def test_deterministic(self, fonts, corpus):
        synthesizer = PageSynthesizer(fonts, corpus, size=(200, 260))
        for seed in range(6):
            a, b = (synthesizer(np.random.default_rng(seed)) for _ in range(2))
            np.testing.assert_array_equal(a.image, b.image)
            assert [r.text for r in a.regions] == [r.text for r in b.regions]
        assert not np.array_equal(a.image, synthesizer(np.random.default_rng(99)).image)

    def test_most_pages_have_text_and_blank_ones_hardly_any(self, fonts, corpus):
        counts = {
            style: [
                len(render_page(np.random.default_rng(s), fonts, corpus, None, style, (320, 320)).regions)
                for s in range(4)
            ]
            for style in ("document", "table", "receipt", "screenshot", "blank")
        }
        assert max(counts.pop("blank")) <= 1
        assert all(min(numbers) >= 1 and max(numbers) >= 8 for numbers in counts.values())

    @pytest.mark.parametrize("draw", [document_page, table_page])
    def test_lines_hold_ink_and_hardly_overlap(self, kit, draw):
        canvas = draw(np.random.default_rng(5), kit, (400, 400))
        assert len(canvas.regions) > 3
        for index, region in enumerate(canvas.regions):
            x1, y1, x2, y2 = (*region.quad[0], *region.quad[2])
            assert canvas.image[int(y1) : int(y2), int(x1) : int(x2)].std() > 5
            for other in canvas.regions[:index]:
                assert quad_iou(region.quad, other.quad) < 0.2


class TestErrors:
    def test_unknown_style(self, fonts, corpus):
        with pytest.raises(ConfigError, match=r"letter.*document"):
            render_page(np.random.default_rng(0), fonts, corpus, style="letter")

    @pytest.mark.parametrize("styles", [{}, {"table": 0}, {"table": -1}, {"table": float("nan")}])
    def test_weights_that_cannot_be_drawn_from(self, fonts, corpus, styles):
        with pytest.raises(ConfigError, match="weights"):
            PageSynthesizer(fonts, corpus, styles=styles)

    def test_too_small(self, fonts, corpus):
        with pytest.raises(ConfigError, match="63"):
            PageSynthesizer(fonts, corpus, size=(200, 63))

    def test_background_that_is_no_image(self, fonts, corpus, tmp_path):
        bad = tmp_path / "bad.jpg"
        bad.write_text("no image")
        synthesizer = PageSynthesizer(fonts, corpus, [bad], (128, 128), {"scene": 1})
        with pytest.raises(SynthesisError, match=r"bad\.jpg"):
            for seed in range(5):
                synthesizer(np.random.default_rng(seed))
