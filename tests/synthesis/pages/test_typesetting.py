"""Text on a canvas: where regions stand against the ink."""

import numpy as np
import pytest

from ctpn_crnn.synthesis.pages.typesetting import LINE_EXTENT, Canvas, Ink, Typeface

BLACK = (0, 0, 0)


@pytest.fixture
def font(shipped_font):
    return shipped_font


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

    @pytest.mark.parametrize(("align", "first"), [("left", 103), ("right", 200), ("center", 150)])
    def test_ink_is_aligned_in_a_box(self, align, first):
        """100 pixels of ink in a box from 100 to 300; at the left the text starts 3 pixels before its ink."""
        ink = Ink(np.full((10, 100), 255, np.uint8), 3, -8, -10.0, 2.0, "x")
        assert ink.start(100, 300, align) + 3 == first

    def test_fitted_is_what_fits_of_what_can_be_drawn(self, font):
        face = Typeface(font, 20)
        assert face.fitted("文\U0001f600字母", face.width("文字") + 1).text == "文字"
        assert face.fitted("\U0001f600", 100) is None
