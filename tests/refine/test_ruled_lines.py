"""Rules drawn here among letters drawn here: the former go, the latter stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ctpn_crnn.refine.ruled_lines import erase_ruled_lines

PAPER, INK, HEIGHT = 240, 20, 20


def page(light: int = PAPER) -> np.ndarray:
    return np.full((300, 600), light, np.uint8)


def letters(image: np.ndarray, y: int, count: int = 20, ink: int = INK) -> None:
    """A line of letters like H and E, 14 px wide, 4 px apart, each with level strokes."""
    for x in range(40, 40 + 18 * count, 18):
        cv2.rectangle(image, (x, y), (x + 2, y + HEIGHT - 1), ink, -1)
        for row in (y, y + 9, y + HEIGHT - 2):
            cv2.rectangle(image, (x, row), (x + 13, row + 1), ink, -1)


def dashes(image: np.ndarray, y: int, length: int, gap: int, rise: float = 0.0, ink: int = INK) -> None:
    for x in range(40, 560, length + gap):
        start, end = (x, round(y + rise * (x - 40))), (x + length - 1, round(y + rise * (x + length - 41)))
        cv2.line(image, start, end, ink, 2)


@pytest.mark.parametrize("rise", [-0.1, -0.02, 0.0, 0.05, 0.1])
@pytest.mark.parametrize(("length", "gap"), [(520, 1), (12, 5), (4, 4)])
def test_rules_go_and_letters_stay(rise, length, gap):
    image = page()
    letters(image, 40)
    expected = image.copy()
    dashes(image, 180, length, gap, rise)
    cleaned = erase_ruled_lines(image, HEIGHT)
    assert cleaned[100:].min() > PAPER - 60  # nothing that would count as ink
    np.testing.assert_array_equal(cleaned[:80], expected[:80])


def test_light_rules_on_a_dark_ground():
    image = page(20)
    letters(image, 40, ink=230)
    expected = image.copy()
    dashes(image, 180, 520, 1, 0.03, ink=230)
    cleaned = erase_ruled_lines(image, HEIGHT)
    assert cleaned[100:].max() < 80
    np.testing.assert_array_equal(cleaned[:80], expected[:80])


def test_a_frame_goes_and_what_it_holds_stays():
    image = page()
    letters(image, 130, 8)
    expected = image.copy()
    corners = np.array([[20, 100], [580, 108], [578, 208], [18, 200]], np.int32)
    cv2.polylines(image, [corners], True, INK, 2)
    cleaned = erase_ruled_lines(image, HEIGHT)
    # Its top and bottom; its sides stand between lines' ends anyway.
    assert cleaned[98:112, 30:570].min() > PAPER - 60
    np.testing.assert_array_equal(cleaned[130:150, 38:190], expected[130:150, 38:190])


def test_short_marks_and_thick_ones_stay():
    image = page()
    cv2.rectangle(image, (40, 60), (40 + 3 * HEIGHT, 61), INK, -1)  # a dash as in "——"
    cv2.rectangle(image, (40, 120), (400, 120 + HEIGHT // 2), INK, -1)  # a bar
    cv2.line(image, (40, 160), (300, 280), INK, 2)  # steep
    assert erase_ruled_lines(image, HEIGHT) is image


def test_nothing_on_the_page():
    image = page()
    assert erase_ruled_lines(image, HEIGHT) is image
    tiny = np.full((4, 5), 200, np.uint8)
    assert erase_ruled_lines(tiny, 6.0) is tiny
