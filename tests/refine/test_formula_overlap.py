"""Text on and beside formulas, with shares worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad, quad_to_box
from ctpn_crnn.page import Region
from ctpn_crnn.refine.formula_overlap import blank_formulas, cut_by_formulas, drop_covered, drop_text_in_formulas


def region(*box: float, kind: str = "text") -> Region:
    return Region(box_to_quad(*box), 0.9, kind)


def test_text_mostly_in_a_formula_goes_and_the_rest_comes_before_formulas():
    formula = region(100, 0, 200, 40, kind="formula")
    inside, beside, brushing = region(110, 5, 190, 25), region(0, 5, 90, 25), region(60, 5, 130, 25)
    assert drop_text_in_formulas([formula, inside, beside, brushing]) == [beside, brushing, formula]


def test_regions_of_other_kinds_stay():
    stamp = region(100, 0, 200, 40, kind="stamp")
    assert drop_text_in_formulas([region(100, 0, 200, 40, kind="formula"), stamp])[1] is stamp


@pytest.mark.parametrize(("right", "kept"), [(45, True), (55, False)])
def test_a_region_is_covered_from_the_share_on(right, kept):
    line = region(0, 0, 100, 20)
    assert (drop_covered([line], [region(0, 0, right, 20)], 0.5) == [line]) is kept
    assert drop_covered([line], [], 0.5) == [line]


def test_a_line_is_cut_by_a_formula_in_its_row():
    pieces = cut_by_formulas([region(0, 0, 300, 20)], [box_to_quad(100, -5, 160, 25)])
    assert [quad_to_box(piece.quad) for piece in pieces] == [(0, 0, 100, 20), (160, 0, 300, 20)]


def test_a_formula_at_the_end_of_a_line_leaves_one_piece():
    pieces = cut_by_formulas([region(0, 0, 300, 20)], [box_to_quad(0.5, 0, 160, 20)])
    assert [quad_to_box(piece.quad) for piece in pieces] == [(160, 0, 300, 20)]


def test_a_formula_in_the_next_row_cuts_nothing():
    line = region(0, 0, 300, 20)
    (same,) = cut_by_formulas([line], [box_to_quad(100, 15, 160, 45)])
    np.testing.assert_array_equal(same.quad, line.quad)


def test_formulas_are_blanked_in_the_grey_of_most_of_them():
    image = np.full((60, 100), 240, np.uint8)
    image[20:24, 20:60] = 10
    blanked = blank_formulas(image, [box_to_quad(15, 10, 70, 40)])
    assert (blanked == 240).all() and image.min() == 10
    assert blank_formulas(image, []) is image
