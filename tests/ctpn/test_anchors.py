from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ctpn_crnn.ctpn.anchors import IGNORE, anchor_grid, strips_of_quads
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS


def box(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def test_heights_are_exact() -> None:
    assert ANCHOR_HEIGHTS[0] == 11.0
    assert len(ANCHOR_HEIGHTS) == 10
    assert ANCHOR_HEIGHTS[9] == pytest.approx(272.59, abs=0.01)
    for lower, higher in pairwise(ANCHOR_HEIGHTS):
        assert higher * 0.7 == pytest.approx(lower)


def test_anchor_grid() -> None:
    grid = anchor_grid(2, 3, (10.0, 40.0))
    assert grid.shape == (2, 3, 2, 4)
    np.testing.assert_allclose(grid[1, 2, 0], [32, 19, 48, 29])
    np.testing.assert_allclose(grid[0, 0, 1], [0, -12, 16, 28])


def test_level_line_on_the_grid() -> None:
    strips = strips_of_quads([box(32, 20, 128, 50)], [2], (96, 160))
    np.testing.assert_allclose(strips[:, 0], [32, 48, 64, 80, 96, 112])
    np.testing.assert_allclose(strips[:, 1:5], [[20, 32 + 16 * (i + 1), 50, 2] for i in range(6)])
    # Centres 40, 56, 72, 88, 104, 120; the ends 32 and 128 lie within 32 px of the first two and the last two.
    np.testing.assert_allclose(strips[:, 5], [1, 1, 0, 0, 1, 1])
    np.testing.assert_allclose(strips[:, 6], [-0.5, -1.5, 0, 0, 1.5, 0.5])


def test_columns_that_a_line_hardly_covers_are_ignored() -> None:
    strips = strips_of_quads([box(12, 0, 57, 20)], [1], (32, 64))
    # 4 px of column 0, all of 1 and 2, 9 px of column 3.
    np.testing.assert_allclose(strips[:, 4], [IGNORE, 1, 1, 1])
    # Column 1 (centre 24): its line begins 12 px to the left.
    assert strips[1, 6] == pytest.approx(-0.75)


def test_a_line_narrower_than_half_a_column_keeps_one_strip() -> None:
    strips = strips_of_quads([box(13, 5, 18, 25)], [1], (32, 64))
    np.testing.assert_allclose(strips[:, 4], [1, IGNORE])


def test_a_slanted_line_has_its_own_height_everywhere() -> None:
    quad = np.array([[0, 10], [160, 90], [160, 120], [0, 40]], np.float32)  # falls by half a pixel a pixel, 30 high
    strips = strips_of_quads([quad], [1], (160, 160))
    centres = (strips[:, 0] + strips[:, 2]) / 2
    np.testing.assert_allclose(strips[:, 1], 10 + centres / 2, atol=1e-4)
    np.testing.assert_allclose(strips[:, 3], 40 + centres / 2, atol=1e-4)


@pytest.mark.parametrize("turn", range(4))
def test_the_order_of_the_corners_does_not_matter(turn: int) -> None:
    quad = np.roll(np.array([[10, 12], [150, 40], [147, 66], [7, 38]], np.float32), turn, axis=0)
    np.testing.assert_allclose(
        strips_of_quads([quad], [1], (96, 160)),
        strips_of_quads([np.array([[10, 12], [150, 40], [147, 66], [7, 38]])], [1], (96, 160)),
    )


def test_a_line_cut_by_the_image_has_no_end_there() -> None:
    strips = strips_of_quads([box(-20, 10, 200, 30)], [1], (48, 64))
    assert len(strips) == 4
    assert not strips[:, 5].any()
    np.testing.assert_allclose(strips_of_quads([box(0, 10, 64, 30)], [1], (48, 64))[:, 5], 1)


def test_the_last_pixels_of_a_line_are_no_strip() -> None:
    strips = strips_of_quads([box(-100, 10, 5, 30)], [1], (48, 64))
    np.testing.assert_allclose(strips[:, 4], [IGNORE])


def test_little_visible_or_too_small_is_ignored() -> None:
    assert set(strips_of_quads([box(0, -20, 32, 10)], [1], (48, 64))[:, 4]) == {IGNORE}  # 10 of 30 px
    cut = strips_of_quads([box(0, -10, 32, 20)], [1], (48, 64))
    assert set(cut[:, 4]) == {1.0}
    np.testing.assert_allclose(cut[:, 1], 0)
    assert set(strips_of_quads([box(0, 10, 32, 14)], [1], (48, 64))[:, 4]) == {IGNORE}
    assert set(strips_of_quads([box(0, 10, 32, 40)], [IGNORE], (48, 64))[:, 4]) == {IGNORE}


@pytest.mark.parametrize(
    "quad",
    [box(70, 10, 90, 30), box(-30, 0, -2, 20), box(0, 60, 30, 90), np.full((4, 2), np.nan), box(5, 5, 5, 20)],
    ids=["right of the image", "left", "below", "not a number", "no width"],
)
def test_nothing_to_see(quad: np.ndarray) -> None:
    assert strips_of_quads([quad], [1], (48, 64)).shape == (0, 7)


def test_no_lines() -> None:
    assert strips_of_quads([], [], (48, 64)).shape == (0, 7)


def test_an_upright_line_stays_within_its_box() -> None:
    quad = np.array([[40, 10], [40, 110], [20, 110], [20, 10]], np.float32)  # text that runs downwards
    strips = strips_of_quads([quad], [1], (128, 64))
    np.testing.assert_allclose(strips[:, :4], [[16, 10, 32, 110], [32, 10, 48, 110]])
    np.testing.assert_allclose(strips[:, 4], [1, 1])
