"""Ink in one row with a fitted line, drawn here."""

from __future__ import annotations

import cv2
import numpy as np

from ctpn_crnn.geometry import box_to_quad, quad_iou, quad_to_box
from ctpn_crnn.refine.ink import rest_of_rows

GROUND, INK = 235, 25
HEIGHT = 20
"""Of a letter, in pixels."""


def paper(height: int = 300, width: int = 700) -> np.ndarray:
    return np.full((height, width), GROUND, np.uint8)


def write(
    image: np.ndarray, x: int, y: int, letters: int, space: int = 6, colour: int = INK
) -> tuple[int, int, int, int]:
    """Draws letters of 14 x 20 px as frames, the way a hanzi fills its square; returns their box."""
    for number in range(letters):
        left = x + number * (14 + space)
        cv2.rectangle(image, (left, y), (left + 13, y + HEIGHT - 1), colour, 2)
        cv2.line(image, (left + 7, y), (left + 7, y + HEIGHT - 1), colour, 2)
    return x, y, x + letters * (14 + space) - space, y + HEIGHT


def assert_near(quad: np.ndarray, box: tuple[float, float, float, float], within: float = 4.0) -> None:
    np.testing.assert_allclose(quad_to_box(quad), box, atol=within)


class TestRestOfRows:
    """What stands in a row with a fitted line."""

    def rest(self, image: np.ndarray, *boxes: tuple[int, int, int, int]) -> list:
        found = rest_of_rows(image, [box_to_quad(*box) for box in boxes])
        return [q for q in found if all(quad_iou(q, box_to_quad(*box)) < 0.1 for box in boxes)]

    def test_short_cells_and_dashes_are_found(self):
        image = paper()
        first, one = write(image, 60, 100, 10), write(image, 400, 100, 1)
        cv2.rectangle(image, (520, 109), (533, 111), INK, -1)
        cell, dash = self.rest(image, first)
        assert_near(cell, one)
        assert_near(dash, (520, 100, 534, 120), within=5)

    def test_specks_are_not(self):
        image = paper()
        first = write(image, 60, 100, 10)
        cv2.circle(image, (500, 110), 2, INK, -1)
        assert self.rest(image, first) == []

    def test_what_rises_above_the_row_is_not(self):
        """A picture, a stamp, or a line of another column half a line lower."""
        image = paper()
        first = write(image, 60, 100, 10)
        write(image, 400, 90, 6)
        cv2.rectangle(image, (560, 60), (640, 160), INK, -1)
        assert self.rest(image, first) == []

    def test_rules_part_cells(self):
        image = paper()
        first, second = write(image, 60, 100, 10), write(image, 400, 100, 2)
        third = write(image, second[2] + 13, 100, 2)
        cv2.line(image, (second[2] + 6, 40), (second[2] + 6, 200), INK, 1)
        found = self.rest(image, first)
        assert len(found) == 2
        assert_near(found[0], second)
        assert_near(found[1], third)
