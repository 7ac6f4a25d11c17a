"""Lines fitted to ink that is drawn here, so that its place is known to the pixel."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad, quad_iou, quad_to_box
from ctpn_crnn.refine.ink import NO_STRIPS, InkParams, fit_to_ink

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
