"""Lines fitted to ink that is drawn here, so that its place is known to the pixel."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad, quad_iou, quad_to_box
from ctpn_crnn.page import Region
from ctpn_crnn.refine import regions
from ctpn_crnn.refine.ink import NO_STRIPS, InkParams, fit_to_ink, rest_of_rows
from ctpn_crnn.refine.views import is_page

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


def fit(image: np.ndarray, *boxes: tuple[float, float, float, float], **params: float) -> list:
    return fit_to_ink(image, [box_to_quad(*box) for box in boxes], params=InkParams(**params))


def assert_near(quad: np.ndarray, box: tuple[float, float, float, float], within: float = 4.0) -> None:
    np.testing.assert_allclose(quad_to_box(quad), box, atol=within)


def with_room(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
    """The box of a line as it is given on a photograph."""
    along, across = (share * (y2 - y1) for share in regions.ROOM)
    return x1 - along, y1 - across, x2 + along, y2 + across


@pytest.mark.parametrize("shift", [-9, -6, 0, 6, 9])
def test_a_line_half_a_line_off_is_put_on_its_ink(shift):
    image = paper()
    upper, lower = write(image, 100, 100, 12), write(image, 100, 128, 12)
    ((quad,),) = fit(image, (100, 128 + shift, 338, 150 + shift))
    assert_near(quad, lower if shift > -14 else upper)
    assert max(quad_iou(quad, box_to_quad(*lower)), quad_iou(quad, box_to_quad(*upper))) > 0.7


@pytest.mark.parametrize(("cut_left", "cut_right"), [(0, 9), (9, 0), (25, 60), (100, 100)])
def test_cut_ends_reach_the_last_letter(cut_left, cut_right):
    image = paper()
    x1, y1, x2, y2 = write(image, 60, 100, 28)
    ((quad,),) = fit(image, (x1 + cut_left, y1 - 2, x2 - cut_right, y2 + 2))
    assert_near(quad, (x1, y1, x2, y2))


def test_too_wide_a_box_is_drawn_in():
    image = paper()
    box = write(image, 200, 100, 8)
    ((quad,),) = fit(image, (170, 98, 390, 122))
    assert_near(quad, box)


@pytest.mark.parametrize(("gap", "lines"), [(6, 1), (18, 1), (28, 2), (60, 2)])
def test_a_wide_gap_parts_two_cells(gap, lines):
    image = paper()
    left = write(image, 60, 100, 6)
    right = write(image, left[2] + gap, 100, 6)
    (quads,) = fit(image, (left[0], 98, right[2], 122))
    assert len(quads) == lines
    assert_near(quads[0], left if lines == 2 else (*left[:2], *right[2:]))
    assert_near(quads[-1], right if lines == 2 else (*left[:2], *right[2:]))


def test_the_gap_is_a_parameter():
    image = paper()
    left = write(image, 60, 100, 6)
    right = write(image, left[2] + 40, 100, 6)
    assert len(fit(image, (left[0], 98, right[2], 122), gap=3.0)[0]) == 1


def test_an_upright_rule_parts_cells_that_a_narrow_gap_does_not():
    image = paper()
    left = write(image, 60, 100, 6)
    right = write(image, left[2] + 13, 100, 6)
    cv2.line(image, (left[2] + 6, 40), (left[2] + 6, 200), INK, 1)
    (quads,) = fit(image, (left[0], 98, right[2], 122))
    assert len(quads) == 2
    assert_near(quads[0], left)
    assert_near(quads[1], right)


@pytest.mark.parametrize("distance", [2, 4, 8])
def test_level_rules_are_no_part_of_a_line(distance):
    image = paper()
    box = write(image, 200, 100, 10)
    for y in (box[1] - distance - 2, box[3] + distance):
        cv2.line(image, (100, y), (600, y), INK, 2)
    ((quad,),) = fit(image, (190, 94, 420, 126))
    assert_near(quad, box, within=5)


@pytest.mark.parametrize("tails", [1, 3])
def test_few_descenders_are_kept(tails):
    image = paper()
    x1, y1, x2, y2 = write(image, 60, 100, 28)
    for number in range(tails):
        cv2.line(image, (x1 + 200 * number, y2), (x1 + 200 * number, y2 + 6), INK, 2)
    ((quad,),) = fit(image, (x1, y1 - 2, x2, y2 + 2))
    assert quad[2, 1] >= y2 + 6


def test_white_on_black():
    image = np.full((300, 700), 20, np.uint8)
    box = write(image, 200, 100, 10, colour=240)
    ((quad,),) = fit(image, (215, 104, 360, 130))
    assert_near(quad, box)


def test_a_dash_keeps_the_height_of_its_line():
    image = paper()
    cv2.rectangle(image, (300, 109), (315, 110), INK, -1)
    ((quad,),) = fit(image, (290, 98, 330, 122))
    assert_near(quad, (300, 98, 316, 122))


@pytest.mark.parametrize("degrees", [-8, -2, 0.7, 4])
def test_slanted_lines_keep_their_slope(degrees):
    image = paper(500, 900)
    x1, y1, x2, y2 = write(image, 200, 240, 24)
    turn = cv2.getRotationMatrix2D((450, 250), -degrees, 1)
    image = cv2.warpAffine(image, turn, (900, 500), borderValue=GROUND)
    whole = (turn[:, :2] @ box_to_quad(x1, y1, x2, y2).T + turn[:, 2:]).T.astype(np.float32)
    seen = (turn[:, :2] @ box_to_quad(x1 + 30, y1 - 5, x2 - 40, y2 - 3).T + turn[:, 2:]).T.astype(np.float32)
    ((quad,),) = fit_to_ink(image, [seen])
    assert quad_iou(quad, whole) > 0.7
    slope = math.degrees(math.atan2(*(quad[1] - quad[0])[::-1]))
    assert slope == pytest.approx(degrees, abs=0.5)


def test_a_short_line_lies_like_the_long_ones():
    """Slopes fitted to a few strips are mostly noise; the ink decides."""
    image = paper()
    long, short = write(image, 60, 60, 28), write(image, 60, 140, 5)
    tilted = box_to_quad(short[0], short[1], short[2], short[3]) + np.float32([[0, -8], [0, 8], [0, 8], [0, -8]])
    _, (quad,) = fit_to_ink(image, [box_to_quad(*long), tilted])
    assert quad[0, 1] == pytest.approx(quad[1, 1], abs=0.1)
    assert_near(quad, short)


def test_a_line_that_does_slant_keeps_its_slope_among_level_ones():
    image = paper(500, 900)
    x1, y1, x2, y2 = write(image, 200, 240, 16)
    turn = cv2.getRotationMatrix2D((450, 250), -9, 1)
    image = cv2.warpAffine(image, turn, (900, 500), borderValue=GROUND)
    level = write(image, 20, 20, 40)
    whole = (turn[:, :2] @ box_to_quad(x1, y1, x2, y2).T + turn[:, 2:]).T.astype(np.float32)
    _, (quad,) = fit_to_ink(image, [box_to_quad(*level), whole])
    assert quad_iou(quad, whole) > 0.7


def test_a_box_on_blank_paper_is_no_line():
    image = paper()
    write(image, 60, 60, 10)
    assert fit(image, (300, 200, 400, 220)) == [[]]


def test_dust_is_no_line_and_faint_print_is_left_alone():
    image = paper()
    image[110:114, 200:204] = INK
    assert fit(image, (195, 100, 210, 120), (190, 95, 222, 125)) == [[], []]
    image = paper()
    image[110, 200] = GROUND - 100  # one grain: too little for a contrast, too much for blank paper
    assert fit(image, (195, 100, 211, 120)) == [[]]
    write(image, 100, 200, 12, colour=GROUND - 25)  # below the least contrast, but there is something
    assert fit(image, (100, 198, 338, 222)) == [None]


def test_a_box_beside_its_ink_is_no_line():
    image = paper()
    write(image, 60, 60, 10)
    assert fit(image, (60, 84, 250, 104)) == [[]]


def test_a_photograph_is_left_alone():
    noise = np.random.default_rng(0).integers(0, 255, (75, 175), np.uint8)
    image = cv2.resize(noise, (700, 300), interpolation=cv2.INTER_CUBIC)
    write(image, 60, 100, 10)
    assert fit(image, (60, 98, 260, 122)) == [None]


def test_lines_at_the_border_of_the_image():
    image = paper(40, 120)
    write(image, 2, 2, 6)
    for quads in fit(image, (0, 0, 120, 24), (-30, -10, 200, 30)):
        assert quads is not None
        for quad in quads:
            assert (quad >= -5).all() and (quad[:, 0] <= 125).all()


@pytest.mark.parametrize("box", [(10, 10, 10, 10), (10, 10, 300, 12), (10, 10, 11, 30), (-50, -50, -10, -20)])
def test_degenerate_boxes_do_no_harm(box):
    assert len(fit(paper(), box)) == 1


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


def fitted(grey: np.ndarray, sure: list[Region], weak: list[Region]) -> list[Region]:
    """As the detector does it for an image that its network sees as it is."""
    return regions.fitted(grey, sure, weak, NO_STRIPS, regions.TALL, is_page(grey))


class TestWordGaps:
    """What is too far apart for one line is one where CTPN saw text in between, such as words of a typewriter."""

    STRIPS = np.array([[x, 98, x + 16, 122] for x in range(48, 512, 16)], np.float32)

    def spans(self, gap: int, strips: np.ndarray, turned: float = 0.0, rule: bool = False) -> int:
        image = paper()
        x1, y1, first, y2 = write(image, 60, 100, 8)
        last = write(image, first + gap, 100, 8)[2]
        if rule:
            cv2.line(image, (first + gap // 2, 40), (first + gap // 2, 200), INK, 1)
        quad = box_to_quad(x1, y1, last, y2)
        if turned:
            matrix = cv2.getRotationMatrix2D((300, 110), turned, 1.0)
            image = cv2.warpAffine(image, matrix, image.shape[::-1], borderValue=GROUND)
            quad = (quad @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
            middles = (strips[:, :2] + strips[:, 2:]) / 2
            strips = strips + np.tile(middles @ matrix[:, :2].T + matrix[:, 2] - middles, 2).astype(np.float32)
        (found,) = fit_to_ink(image, [quad], strips)
        return len(found)

    @pytest.mark.parametrize("turned", [0.0, 4.0])
    @pytest.mark.parametrize("gap", [30, 80])  # 1.5 and 4 heights
    def test_strips_hold_words_together(self, gap, turned):
        assert self.spans(gap, NO_STRIPS, turned) == 2
        assert self.spans(gap, self.STRIPS, turned) == 1

    def test_all_of_the_gap_must_be_text(self):
        in_gap = (self.STRIPS[:, 0] > 214) & (self.STRIPS[:, 2] < 251)
        assert in_gap.sum() == 1
        assert self.spans(34, self.STRIPS[~in_gap]) == 2

    def test_in_the_same_row(self):
        assert self.spans(30, self.STRIPS + [0, 24, 0, 24]) == 2

    def test_a_rule_ends_a_line_all_the_same(self):
        assert self.spans(30, self.STRIPS, rule=True) == 2


class TestFittedRegions:
    """What the detector makes of the fits."""

    def regions(self, *boxes: tuple[float, float, float, float]) -> list[Region]:
        return [Region(box_to_quad(*box), 0.9, "text") for box in boxes]

    def page(self, lines: int) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
        image = paper(40 + 40 * lines, 700)
        return image, [write(image, 60, 30 + 40 * i, 20) for i in range(lines)]

    def test_two_pieces_of_a_line_become_one(self):
        image, (box,) = self.page(1)
        x1, y1, x2, y2 = box
        (region,) = fitted(image, self.regions((x1, y1, x1 + 150, y2), (x1 + 190, y1, x2, y2)), [])
        assert_near(region.quad, box)

    def test_a_line_is_as_long_as_two_that_each_lack_an_end(self):
        """Over a stamp no end is certain: what is not fitted overlaps."""
        noise = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 44), np.uint8), (700, 320))
        (region,) = fitted(noise, self.regions((100, 100, 400, 122), (180, 101, 520, 123)), [])
        assert_near(region.quad, with_room(100, 100, 520, 122), within=0.1)

    def test_of_a_line_and_its_part_the_stronger_stays(self):
        noise = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 44), np.uint8), (700, 320))
        boxes = (100, 100, 200, 122), (90, 101, 520, 123)
        (region,) = fitted(noise, self.regions(*boxes), [])
        assert_near(region.quad, with_room(*boxes[0]), within=0.1)

    def test_on_a_photograph_a_line_has_room_and_follows_no_edge(self):
        """A street sign, from which a railing runs on in the row of its letters."""
        street = np.random.default_rng(0).integers(0, 255, (900, 700)).astype(np.uint8)
        street[60:140] = GROUND
        _, y1, x2, y2 = box = write(street, 60, 90, 12)
        for x in range(x2 + 4, 690, 8):
            cv2.line(street, (x, y1), (x, y2), INK, 3)
        (found,) = fitted(street, self.regions(box), [])
        assert_near(found.quad, with_room(*box), within=0.01)

    def test_cells_in_a_row_of_a_page_are_found(self):
        image, boxes = self.page(12)
        cell = write(image, 560, boxes[5][1], 1)
        found = fitted(image, self.regions(*boxes), [])
        assert len(found) == 13
        assert_near(found[-1].quad, cell)
        assert found[-1].score == regions.ROW_SCORE

    def test_a_weak_line_counts_on_a_page(self):
        image, boxes = self.page(12)
        found = fitted(image, self.regions(*boxes[:-1]), self.regions(boxes[-1]))
        assert len(found) == 12

    def test_a_weak_line_does_not_count_on_a_sign(self):
        image, boxes = self.page(2)
        assert len(fitted(image, self.regions(boxes[0]), self.regions(boxes[1]))) == 1

    def test_on_a_poster_in_a_street_neither_weak_lines_nor_cells_count(self):
        image, boxes = self.page(12)
        street = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 44), np.uint8), (700, 600))
        write(image, 560, boxes[5][1], 1)
        found = fitted(np.vstack([image, street]), self.regions(*boxes[:-1]), self.regions(boxes[-1]))
        assert len(found) == 11

    def test_a_weak_line_without_ink_does_not_count(self):
        image, boxes = self.page(12)
        assert len(fitted(image, self.regions(*boxes), self.regions((500, 200, 600, 220)))) == 12

    def test_formulas_are_drawn_in_to_their_ink(self):
        """A box that is too high holds the feet of the line above as well."""
        image, (above, box) = self.page(2)
        x1, y1, x2, y2 = box
        formula = Region(box_to_quad(x1 - 12, above[3] - 3, x2 + 9, y2 + 8), 0.8, "formula")
        (found,) = fitted(image, [formula], [])
        assert found.kind == "formula"
        assert_near(found.quad, box, within=6)

    def test_formulas_on_an_uneven_ground_stay_as_they_are(self):
        noise = np.random.default_rng(0).integers(0, 255, (200, 700), np.uint8)
        formula = Region(box_to_quad(100, 60, 400, 120), 0.8, "formula")
        (found,) = fitted(noise, [formula], [])
        np.testing.assert_array_equal(found.quad, formula.quad)

    def test_a_formula_parts_the_line_in_which_it_stands(self):
        image, (box,) = self.page(1)
        x1, y1, x2, y2 = box
        third = (x2 - x1 + 6) / 20 * 7
        formula = Region(box_to_quad(x1 + third, y1, x1 + 2 * third - 6, y2), 0.8, "formula")
        left, right, same = fitted(image, [*self.regions(box), formula], [])
        assert (left.kind, right.kind, same.kind) == ("text", "text", "formula")
        assert_near(left.quad, (x1, y1, x1 + third - 4, y2))
        assert_near(right.quad, (x1 + 2 * third - 4, y1, x2, y2))

    def test_text_on_both_sides_of_a_formula_stays(self):
        """A line that reached over the formula, and one that did not, were taken for the same one."""
        image = paper()
        left, (x1, y1, x2, y2) = write(image, 60, 100, 8), write(image, 237, 100, 6)
        image[100:104, 60:217] = GROUND  # The left line is lower, so that it reaches less far.
        right = write(image, x2 + 20, 100, 8)
        formula = Region(box_to_quad(x1 - 3, y1 - 3, x2 + 3, y2 + 3), 0.8, "formula")
        found = fitted(image, [*self.regions((left[0], 104, *left[2:]), right), formula], [])
        assert [r.kind for r in found] == ["text", "text", "formula"]
        assert_near(found[0].quad, (left[0], 104, *left[2:]))
        assert_near(found[1].quad, right)

    def test_a_formula_in_another_row_parts_nothing(self):
        image, (box, below) = self.page(2)
        formula = Region(box_to_quad(below[0] + 60, below[1], below[0] + 160, below[3]), 0.8, "formula")
        line, _ = fitted(image, [*self.regions(box), formula], [])
        assert_near(line.quad, box)

    def test_a_tall_line_does_not_run_on_over_other_ink(self):
        """A sign on a wall: next to its letters there are joints, shadows, windows as dark as they."""
        image = paper(200, 900)
        x1, y1, x2, y2 = write(image, 60, 60, 20)
        sign = self.regions((x1, y1, x1 + 0.25 * (x2 - x1), y2))
        (longer,) = regions.fitted(image, sign, [], NO_STRIPS, tall=2 * (y2 - y1), page=True)
        assert longer.quad[1, 0] > x1 + 0.4 * (x2 - x1)
        (kept,) = regions.fitted(image, sign, [], NO_STRIPS, tall=0.9 * (y2 - y1), page=True)
        np.testing.assert_array_equal(kept.quad, sign[0].quad)

    def test_a_tall_line_is_fitted_to_ink_that_agrees_with_it(self):
        image = paper(200, 900)
        box = write(image, 60, 60, 8)
        near = self.regions(tuple(np.add(box, (5, -2, -4, 2))))
        (found,) = regions.fitted(image, near, [], NO_STRIPS, tall=4, page=True)
        assert_near(found.quad, box)
