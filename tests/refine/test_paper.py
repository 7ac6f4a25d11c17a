"""Pages and photographs told apart, the height of their print, and where their content lies."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ctpn_crnn.refine.paper import Paper


def page(cap_height: int, lines: int = 12, size: tuple[int, int] = (1400, 1000)) -> np.ndarray:
    """Words in capitals of a height, in the middle of white paper."""
    image = np.full((*size, 3), 250, np.uint8)
    scale = cap_height / 21  # of the font at scale 1
    for line in range(lines):
        at = (150, 300 + line * cap_height * 2)
        cv2.putText(image, "SMALL WORDS IN A ROW", at, cv2.FONT_HERSHEY_SIMPLEX, scale, (20, 20, 20), 2, cv2.LINE_AA)
    return image


def photograph(size: tuple[int, int] = (700, 900)) -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 255, (size[0] // 8, size[1] // 8, 3), np.uint8)
    return cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("height", [12, 16, 24, 30])
def test_print_height_is_that_of_the_ink(height):
    assert Paper(page(height)[..., 0]).print_height() == pytest.approx(height, abs=4)


def test_the_smaller_print_of_a_page_counts():
    image = page(40, lines=4)
    image[600:] = page(14, lines=16)[200:1000]
    assert Paper(image[..., 0]).print_height() == pytest.approx(14, abs=4)


def test_photographs_and_blank_pages_have_no_print():
    assert Paper(photograph()[..., 0]).print_height() is None
    assert Paper(np.full((300, 300), 7, np.uint8)).print_height() is None


def test_print_of_a_shadowed_page_is_found():
    shadow = np.linspace(1.0, 0.6, 1000)[None, :, None]
    assert Paper((page(20) * shadow).astype(np.uint8)[..., 0]).print_height() == pytest.approx(20, abs=4)


def test_paper_is_a_page_in_shadow_too_and_a_photograph_is_none():
    shadow = np.linspace(1.0, 0.6, 1000)[None, :, None]
    assert Paper(page(20)[..., 0]).is_page and Paper((page(20) * shadow).astype(np.uint8)[..., 0]).is_page
    assert Paper(255 - page(20)[..., 0]).is_page
    assert not Paper(photograph()[..., 0]).is_page


def noisy(image: np.ndarray) -> np.ndarray:
    grain = np.random.default_rng(5).integers(-25, 26, image.shape[:2])[..., None]
    return (image.astype(int) // 2 + 60 + grain).clip(0, 255).astype(np.uint8)


def test_what_is_full_of_lines_is_a_page_on_any_ground():
    full, few = (noisy(page(16, lines=lines, size=(1500, 1000))) for lines in (40, 6))
    assert Paper(full[..., 0]).is_page and not Paper(few[..., 0]).is_page
    assert Paper(full[..., 0]).print_height() == pytest.approx(16, abs=5) and Paper(few[..., 0]).print_height() is None


def test_content_box_of_blank_and_busy_images_is_all_of_them():
    assert Paper(np.full((80, 90), 200, np.uint8)).content_box(5) == (0, 0, 90, 80)
    assert Paper(photograph()[..., 0]).content_box(5) == (0, 0, 900, 700)


def test_faint_thin_writing_is_no_margin():
    grey = np.full((400, 400), 255, np.uint8)
    grey[300:316:2, 40:360:3] = 220
    x1, y1, x2, y2 = Paper(grey).content_box(4)
    assert x1 <= 40 and y1 <= 300 and x2 >= 360 and y2 >= 316
    assert y1 > 200
