"""Small angles: estimated on drawn pages that OpenCV turns."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.geometry import Rotation
from ctpn_crnn.refine.skew import estimate_skew, is_full_of_lines, lies_on_its_side


def draw_page(width=800, height=1000, background=255, ink=0, rows=20):
    """Lines of capitals of varying length."""
    page = np.full((height, width, 3), background, np.uint8)
    rng = np.random.default_rng(1)
    for row in range(rows):
        letters = "".join(rng.choice(list("ABCDEFGHIKLMNORSTUVXZ "), int(rng.integers(20, 38))))
        cv2.putText(page, letters, (60, 80 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (ink,) * 3, 1, cv2.LINE_AA)
    return page


def lean(page, degrees, border=255):
    """Turn clockwise as seen; OpenCV counts the other way round."""
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return cv2.warpAffine(page, matrix, (width, height), borderValue=(border,) * 3)


class TestEstimate:
    @pytest.mark.parametrize("degrees", [-9.6, -3.33, -0.4, 0.0, 0.15, 1.0, 5.27, 9.6])
    def test_angle(self, degrees):
        assert estimate_skew(lean(draw_page(), degrees)) == pytest.approx(degrees, abs=0.1)

    def test_positive_runs_down_to_the_right(self):
        page = np.full((600, 900), 255, np.uint8)
        for row in range(10):
            for column in range(40):
                x, y = 50 + 20 * column, 60 + 50 * row + column  # 1 down in 20 across: 2.86 degrees
                page[y : y + 14, x : x + 10] = 0
        assert estimate_skew(page) == pytest.approx(np.degrees(np.arctan(1 / 20)), abs=0.1)

    def test_white_on_black(self):
        assert estimate_skew(lean(draw_page(background=10, ink=230), 2.5, 10)) == pytest.approx(2.5, abs=0.15)

    def test_rules_and_a_dark_border_have_no_say(self):
        page = lean(draw_page(), 3.0)
        page[:40] = page[-60:] = 0
        page[:, :30] = 0
        cv2.line(page, (0, 500), (799, 500), (0, 0, 0), 3)
        cv2.rectangle(page, (100, 300), (700, 900), (0, 0, 0), 2)
        assert estimate_skew(page) == pytest.approx(3.0, abs=0.1)

    def test_noise_and_low_contrast(self):
        page = lean(draw_page(background=200, ink=90), -1.7, 200).astype(int)
        page += np.random.default_rng(2).integers(-8, 9, page.shape)
        assert estimate_skew(page.clip(0, 255).astype(np.uint8)) == pytest.approx(-1.7, abs=0.15)

    def test_a_large_scan(self):
        page = cv2.resize(lean(draw_page(), 2.2), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        assert estimate_skew(page) == pytest.approx(2.2, abs=0.1)

    def test_turned_back_it_stands_upright(self):
        page = lean(draw_page(), 4.0)
        assert abs(estimate_skew(Rotation(-estimate_skew(page), 800, 1000).apply(page))) < 0.1

    @pytest.mark.parametrize("shape", [(1, 1), (1, 500), (7, 7), (300, 400), (300, 400, 3)])
    def test_empty(self, shape):
        assert estimate_skew(np.full(shape, 255, np.uint8)) == 0.0
        assert estimate_skew(np.zeros(shape, np.uint8)) == 0.0

    def test_no_lines(self):
        rng = np.random.default_rng(3)
        assert estimate_skew(rng.integers(0, 256, (500, 500), np.uint8)) == 0.0
        dots = np.full((1000, 800), 255, np.uint8)
        for x, y in rng.integers(10, 780, (600, 2)):
            dots[y : y + 12, x : x + 9] = 0
        assert estimate_skew(dots) == 0.0
        assert estimate_skew(draw_page(rows=1)[:, :100]) == 0.0  # a few letters
        assert estimate_skew(np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1))) == 0.0

    def test_grey_and_colour_agree(self):
        page = lean(draw_page(), 1.3)
        assert estimate_skew(page[..., 0]) == estimate_skew(page)


class TestFullOfLines:
    @pytest.mark.parametrize("degrees", [0.0, 4.0])
    def test_dense_text_on_any_ground(self, degrees):
        page = lean(draw_page(background=190, ink=40, rows=22), degrees, 60).astype(int)
        page += np.random.default_rng(2).integers(-25, 26, page.shape)
        assert is_full_of_lines(page.clip(0, 255).astype(np.uint8))

    def test_few_lines_and_no_lines(self):
        assert not is_full_of_lines(draw_page(rows=6))
        dots = np.full((900, 900), 255, np.uint8)
        for x, y in np.random.default_rng(4).integers(10, 880, (600, 2)):
            dots[y : y + 12, x : x + 8] = 0
        assert not is_full_of_lines(dots)


class TestLiesOnItsSide:
    @pytest.mark.parametrize("degrees", [90, 270])
    def test_lines_from_top_to_bottom(self, degrees):
        assert lies_on_its_side(Rotation(degrees, 800, 1000).apply(draw_page()))

    @pytest.mark.parametrize("degrees", [0, 180, 3])
    def test_lines_from_left_to_right(self, degrees):
        assert not lies_on_its_side(Rotation(degrees, 800, 1000).apply(draw_page()))

    def test_no_lines(self):
        assert not lies_on_its_side(np.full((300, 200, 3), 255, np.uint8))
