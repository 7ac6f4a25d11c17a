"""What becomes of found lines on pages and photographs that are drawn here."""

from __future__ import annotations

import cv2
import numpy as np

from ctpn_crnn.geometry import box_to_quad, quad_to_box
from ctpn_crnn.page import Region
from ctpn_crnn.refine.ink import NO_STRIPS
from ctpn_crnn.refine.page_lines import DEFAULTS, Source, improve_lines
from ctpn_crnn.refine.paper import Paper

STRIDE = 16

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


def with_room(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
    """The box of a line as it is given on a photograph."""
    along, across = (share * (y2 - y1) for share in DEFAULTS.room)
    return x1 - along, y1 - across, x2 + along, y2 + across


def improved(grey: np.ndarray, sure: list[Region], weak: list[Region], tall: float = 32.0) -> list[Region]:
    """As the detector does it for an image that its network sees as it is, lines being tall from so many pixels on."""
    return improve_lines(Source(grey, Paper(grey).is_page, tall / DEFAULTS.tall, NO_STRIPS), sure, weak)


class TestImproveLines:
    def regions(self, *boxes: tuple[float, float, float, float]) -> list[Region]:
        return [Region(box_to_quad(*box), 0.9, "text") for box in boxes]

    def page(self, lines: int) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
        image = paper(40 + 40 * lines, 700)
        return image, [write(image, 60, 30 + 40 * i, 20) for i in range(lines)]

    def test_two_pieces_of_a_line_become_one(self):
        image, (box,) = self.page(1)
        x1, y1, x2, y2 = box
        (region,) = improved(image, self.regions((x1, y1, x1 + 150, y2), (x1 + 190, y1, x2, y2)), [])
        assert_near(region.quad, box)

    def test_a_line_is_as_long_as_two_that_each_lack_an_end(self):
        """Over a stamp no end is certain: what is not fitted overlaps."""
        noise = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 44), np.uint8), (700, 320))
        (region,) = improved(noise, self.regions((100, 100, 400, 122), (180, 101, 520, 123)), [])
        assert_near(region.quad, with_room(100, 100, 520, 122), within=0.1)

    def test_of_a_line_and_its_part_the_stronger_stays(self):
        noise = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 44), np.uint8), (700, 320))
        boxes = (100, 100, 200, 122), (90, 101, 520, 123)
        (region,) = improved(noise, self.regions(*boxes), [])
        assert_near(region.quad, with_room(*boxes[0]), within=0.1)

    def test_on_a_photograph_a_line_has_room_and_follows_no_edge(self):
        """A street sign, from which a railing runs on in the row of its letters."""
        street = np.random.default_rng(0).integers(0, 255, (900, 700)).astype(np.uint8)
        street[60:140] = GROUND
        _, y1, x2, y2 = box = write(street, 60, 90, 12)
        for x in range(x2 + 4, 690, 8):
            cv2.line(street, (x, y1), (x, y2), INK, 3)
        (found,) = improved(street, self.regions(box), [])
        assert_near(found.quad, with_room(*box), within=0.01)

    def test_cells_in_a_row_of_a_page_are_found(self):
        image, boxes = self.page(12)
        cell = write(image, 560, boxes[5][1], 1)
        found = improved(image, self.regions(*boxes), [])
        assert len(found) == 13
        assert_near(found[-1].quad, cell)
        assert found[-1].score == DEFAULTS.row_score

    def test_a_weak_line_counts_on_a_page(self):
        image, boxes = self.page(12)
        found = improved(image, self.regions(*boxes[:-1]), self.regions(boxes[-1]))
        assert len(found) == 12

    def test_a_weak_line_does_not_count_on_a_sign(self):
        image, boxes = self.page(2)
        assert len(improved(image, self.regions(boxes[0]), self.regions(boxes[1]))) == 1

    def test_on_a_poster_in_a_street_neither_weak_lines_nor_cells_count(self):
        image, boxes = self.page(12)
        street = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 44), np.uint8), (700, 600))
        write(image, 560, boxes[5][1], 1)
        found = improved(np.vstack([image, street]), self.regions(*boxes[:-1]), self.regions(boxes[-1]))
        assert len(found) == 11

    def test_a_weak_line_without_ink_does_not_count(self):
        image, boxes = self.page(12)
        assert len(improved(image, self.regions(*boxes), self.regions((500, 200, 600, 220)))) == 12

    def test_formulas_are_drawn_in_to_their_ink(self):
        """A box that is too high holds the feet of the line above as well."""
        image, (above, box) = self.page(2)
        x1, y1, x2, y2 = box
        formula = Region(box_to_quad(x1 - 12, above[3] - 3, x2 + 9, y2 + 8), 0.8, "formula")
        (found,) = improved(image, [formula], [])
        assert found.kind == "formula"
        assert_near(found.quad, box, within=6)

    def test_formulas_on_an_uneven_ground_stay_as_they_are(self):
        noise = np.random.default_rng(0).integers(0, 255, (200, 700), np.uint8)
        formula = Region(box_to_quad(100, 60, 400, 120), 0.8, "formula")
        (found,) = improved(noise, [formula], [])
        np.testing.assert_array_equal(found.quad, formula.quad)

    def test_a_line_goes_on_through_the_formula_in_it(self):
        image, (box,) = self.page(1)
        x1, y1, x2, y2 = box
        formula = Region(box_to_quad(x1 + 140, y1, x1 + 280, y2), 0.8, "formula")
        line, same = improved(image, [*self.regions((x1, y1, x1 + 200, y2)), formula], [])
        assert (line.kind, same.kind) == ("text", "formula")
        assert_near(line.quad, box)

    def test_a_tall_line_does_not_run_on_over_other_ink(self):
        """A sign on a wall: next to its letters there are joints, shadows, windows as dark as they."""
        image = paper(200, 900)
        x1, y1, x2, y2 = write(image, 60, 60, 20)
        sign = self.regions((x1, y1, x1 + 0.25 * (x2 - x1), y2))
        (longer,) = improved(image, sign, [], tall=2 * (y2 - y1))
        assert longer.quad[1, 0] > x1 + 0.4 * (x2 - x1)
        (kept,) = improved(image, sign, [], tall=0.9 * (y2 - y1))
        np.testing.assert_array_equal(kept.quad, sign[0].quad)

    def test_a_tall_line_is_fitted_to_ink_that_agrees_with_it(self):
        image = paper(200, 900)
        box = write(image, 60, 60, 8)
        near = self.regions(tuple(np.add(box, (5, -2, -4, 2))))
        (found,) = improved(image, near, [], tall=4)
        assert_near(found.quad, box)
