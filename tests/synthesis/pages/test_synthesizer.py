"""Rendered pages: where quads stand against the ink, and what users may ask for."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import ctpn_crnn
from ctpn_crnn.datasets import TruthRegion
from ctpn_crnn.errors import ConfigError, SynthesisError
from ctpn_crnn.geometry import order_quad, quad_area, quad_iou
from ctpn_crnn.synthesis.fonts import Font, FontLibrary
from ctpn_crnn.synthesis.pages import STYLES, PageSynthesizer, formulas, render_page
from ctpn_crnn.synthesis.pages.backgrounds import Photos, ink_color, luminance
from ctpn_crnn.synthesis.pages.documents import document_page
from ctpn_crnn.synthesis.pages.page_sample import PageKit, PageSample
from ctpn_crnn.synthesis.pages.tables import table_page
from ctpn_crnn.synthesis.pages.typesetting import LINE_EXTENT, Canvas, Typeface
from ctpn_crnn.synthesis.pages.warping import transform, warp_page
from ctpn_crnn.synthesis.text import Corpus

ASSET = Path(ctpn_crnn.__file__).parent / "assets" / "CtpnCrnnSans.woff2"
BLACK = (0, 0, 0)
NEEDS_MATPLOTLIB = pytest.mark.skipif(not formulas.available(), reason="matplotlib is not installed")


@pytest.fixture(scope="module")
def corpus():
    return Corpus()


@pytest.fixture(scope="module")
def font(corpus):
    return Font.open(ASSET, 0, corpus.charset.characters)


@pytest.fixture(scope="module")
def fonts(font):
    return FontLibrary([font])


@pytest.fixture(scope="module")
def kit(fonts, corpus):
    return PageKit(fonts, corpus, Photos())


def white(height, width):
    return Canvas(np.full((height, width, 3), 255, np.uint8))


def inked(image):
    """The box of what is darker than the paper, x1, y1, x2, y2."""
    rows, columns = np.nonzero((image < 200).any(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


class TestLines:
    @pytest.mark.parametrize("text", ["国家标准", "Report 2024", "1", "–", "(1,234)", "年jg"])
    @pytest.mark.parametrize("size", [9, 20, 48])
    def test_quad_ends_where_the_ink_ends(self, font, text, size):
        canvas = white(150, 500)
        assert canvas.write(Typeface(font, size).ink(text), 60, 80, BLACK)
        x1, _, x2, _ = inked(canvas.image)
        quad = canvas.regions[0].quad
        assert abs(quad[0, 0] - x1) <= 1 and abs(quad[1, 0] - x2) <= 1

    def test_height_follows_the_em_not_the_ink(self, font):
        for text in ("国", "一", "1", "gp"):
            canvas = white(150, 200)
            canvas.write(Typeface(font, 40).ink(text), 60, 80, BLACK)
            quad = canvas.regions[0].quad
            assert quad[3, 1] - quad[0, 1] == pytest.approx(40 * LINE_EXTENT)

    def test_middle_is_that_of_a_full_hanzi(self, font):
        canvas = white(150, 200)
        canvas.write(Typeface(font, 40).ink("国"), 60, 80, BLACK)
        _, y1, _, y2 = inked(canvas.image)
        assert canvas.regions[0].quad[:, 1].mean() == pytest.approx((y1 + y2) / 2, abs=1)

    def test_tight_region_holds_the_ink_and_little_more(self, font):
        canvas = white(150, 300)
        canvas.write(Typeface(font, 40).ink("TOTAL"), 60, 80, BLACK, tight=True)
        _, y1, _, y2 = inked(canvas.image)
        top, bottom = canvas.regions[0].quad[0, 1], canvas.regions[0].quad[3, 1]
        assert y1 - 6 <= top <= y1 and y2 <= bottom <= y2 + 5

    def test_text_that_would_be_cut_is_not_drawn(self, font):
        canvas = white(60, 80)
        ink = Typeface(font, 30).ink("很长的文字")
        assert not canvas.write(ink, 5, 40, BLACK)
        assert canvas.image.min() == 255 and not canvas.regions

    def test_nothing_to_draw(self, font):
        face = Typeface(font, 20)
        assert face.ink("") is None and face.ink("  ") is None
        assert not white(64, 64).write(None, 5, 40, BLACK)
        assert face.take("", 100) == ("", "")

    def test_clean_leaves_out_what_no_face_draws(self, font):
        assert Typeface(font, 20).clean(" 文\U0001f600字 ") == "文字"

    def test_take_keeps_words_and_closing_marks_together(self, font):
        face = Typeface(font, 20)
        line, rest = face.take("some words here", face.width("some wor"))
        assert (line, rest) == ("some", "words here")
        line, rest = face.take("一二三四五，六", face.width("一二三四五"))
        assert (line, rest) == ("一二三四", "五，六")
        assert face.take("一二三", face.width("一二三")) == ("一二三", "")

    def test_tracking_widens(self, font):
        face = Typeface(font, 20)
        assert face.ink("文字文字", tracking=5.0).width == pytest.approx(face.ink("文字文字").width + 15, abs=2)

    def test_paint_blends_by_coverage_and_opacity(self):
        canvas = white(4, 4)
        canvas.paint(np.array([[255, 51]], np.uint8), 3, 0, (0, 100, 255), 0.5)  # The second pixel is off the canvas.
        assert canvas.image[0, 3].tolist() == [128, 178, 255]
        assert (canvas.image[:, :3] == 255).all()


class TestWarping:
    def test_transform_by_hand(self):
        # x' = 2x + 3, y' = y / (1 + x): the corner (1, 4) goes to (5, 2) / 2 in x as well, the last row divides both.
        matrix = np.array([[2, 0, 3], [0, 1, 0], [1, 0, 1]], float)
        quad = transform(np.array([[0, 4], [1, 4], [1, 6], [0, 6]]), matrix)
        np.testing.assert_allclose(quad, [[3, 4], [2.5, 2], [2.5, 3], [3, 6]])

    @pytest.mark.parametrize("seed", range(12))
    def test_quads_move_with_the_page(self, seed):
        image = np.full((300, 400, 3), 255, np.uint8)
        image[200:220, 300:360] = (0, 0, 255)
        quad = np.array([[300, 200], [360, 200], [360, 220], [300, 220]], np.float32)
        warped = warp_page(np.random.default_rng(seed), PageSample(image, [TruthRegion(quad, "x")]), Photos())
        blue, green, red = (warped.image[..., i].astype(int) for i in range(3))
        mask = np.zeros((300, 400), np.uint8)
        cv2.fillConvexPoly(mask, np.round(warped.regions[0].quad).astype(np.int32), 1)
        rows, columns = np.nonzero((red > 240) & (blue < 30) & (green < 30) & (cv2.dilate(mask, np.ones((9, 9))) > 0))
        found = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
        np.testing.assert_allclose(warped.regions[0].quad.mean(axis=0), found, atol=0.7)
        # All of the region is red, and it is as large as the red is.
        assert len(rows) == pytest.approx(quad_area(warped.regions[0].quad), rel=0.15)

    @pytest.mark.parametrize("seed", range(20))
    def test_regions_at_the_edge_stay_inside(self, seed):
        box = np.array([[0, 0], [400, 0], [400, 20], [0, 20]], np.float32)
        warped = warp_page(
            np.random.default_rng(seed),
            PageSample(np.zeros((300, 400, 3), np.uint8), [TruthRegion(box, "x")]),
            Photos(),
        )
        quad = warped.regions[0].quad
        assert quad.min() >= -0.01 and quad[:, 0].max() <= 400.01 and quad[:, 1].max() <= 300.01


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

    def test_cells_of_a_row_stand_apart(self, kit):
        canvas = table_page(np.random.default_rng(11), kit, (400, 500))
        for a in canvas.regions:
            for b in canvas.regions:
                same_row = a is not b and abs(a.quad[0, 1] - b.quad[0, 1]) < 1
                if same_row and a.quad[0, 0] < b.quad[0, 0]:
                    assert b.quad[0, 0] - a.quad[1, 0] >= 0.35 * (a.quad[3, 1] - a.quad[0, 1]) / LINE_EXTENT

    def test_backgrounds_are_used(self, fonts, corpus, tmp_path):
        cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 60, 3), (10, 200, 30), np.uint8))
        synthesizer = PageSynthesizer(fonts, corpus, [tmp_path / "a.png"], (128, 128), {"scene": 1})
        close = [
            np.abs(synthesizer(np.random.default_rng(s)).image - np.array([10, 200, 30.0])).max(2) < 40
            for s in range(4)
        ]
        assert np.mean(close) > 0.5

    def test_ink_stands_out(self):
        rng = np.random.default_rng(0)
        for ground in (0, 60, 120, 130, 200, 255):
            for _ in range(30):
                assert abs(luminance(ink_color(rng, ground)) - ground) > 35


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


class TestFormulas:
    @NEEDS_MATPLOTLIB
    @pytest.mark.parametrize("kind", ["inline", "sign", "displayed"])
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
    def test_signs_are_narrower_than_formulas_in_text(self):
        widths = {
            kind: np.median([formulas.formula_mask(np.random.default_rng(s), 20, kind)[0].shape[1] for s in range(40)])
            for kind in ("sign", "inline", "displayed")
        }
        assert widths["sign"] < 0.8 * widths["inline"] < widths["displayed"]

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
