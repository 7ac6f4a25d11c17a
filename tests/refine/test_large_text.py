"""Lines of large characters from coarse views."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.page import Region
from ctpn_crnn.refine.large_text import with_large_lines


def region(x1: float, y1: float, x2: float, y2: float, kind: str = "text") -> Region:
    return Region(np.float32([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]), 0.9, kind)


def test_pieces_of_a_large_character_go_and_small_text_beside_it_stays():
    pieces = [region(20, 30, 80, 60), region(30, 150, 90, 190)]
    beside = region(320, 20, 420, 40)
    formula = region(320, 100, 420, 140, "formula")
    large = region(0, 0, 300, 300)
    assert with_large_lines([*pieces, beside, formula], [large]) == [beside, large, formula]


def test_a_block_of_small_text_is_no_large_line():
    lines = [region(0, y, 300, y + 25) for y in range(0, 280, 40)]
    assert with_large_lines(lines, [region(0, 0, 300, 290)]) == lines


def test_a_line_cut_in_two_in_the_view_itself_gives_way_to_the_whole_line():
    halves = [region(0, 0, 200, 210), region(210, 0, 400, 200)]
    whole = region(0, 0, 400, 220)
    assert with_large_lines(halves, [whole]) == [whole]


def test_of_two_coarse_views_the_coarser_one_decides():
    coarser, finer = region(0, 0, 300, 300), region(10, 10, 300, 280)
    assert with_large_lines([], [coarser, finer]) == [coarser]
