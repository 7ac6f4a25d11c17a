"""Views: what the network is shown of pages and of photographs."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ctpn_crnn.refine.paper import Paper
from ctpn_crnn.refine.scales import DEFAULTS, View, coarse_view, groups_of, view_of

STRIDE = 16


def seen(image: np.ndarray, small_print: float | None, **params: float) -> View | None:
    return view_of(image, STRIDE, replace(DEFAULTS, small_print=small_print, **params))


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


def test_margins_go_and_come_back_in_the_quads():
    image, margin = page(15), DEFAULTS.margin * STRIDE
    view = seen(image, 100)  # so much would be no reason to shrink it
    inked = np.argwhere(image[..., 0] < 128)
    (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0)
    assert view.scales == (1.0, 1.0)
    assert view.corner == pytest.approx((left - margin, top - margin), abs=6)
    assert view.size == pytest.approx((bottom - top + 2 * margin, right - left + 2 * margin), abs=12)
    x, y = view.corner
    quad = np.float32([[left - x, top - y], [right - x, top - y], [right - x, bottom - y], [left - x, bottom - y]])
    assert view.to_source(quad) == pytest.approx(
        np.float32([[left, top], [right, top], [right, bottom], [left, bottom]])
    )
    assert (view.pixels[int(top) - y : int(bottom) - y, int(left) - x : int(right) - x, 0] < 128).any()


def test_a_page_is_shrunk_to_its_small_print_but_not_too_far():
    assert seen(page(15), 12).scales[0] == pytest.approx(12 / 15, abs=0.2)
    assert seen(page(30), 12).scales[0] == pytest.approx(DEFAULTS.min_scale, abs=0.01)
    assert seen(page(15), None).scales == (1.0, 1.0)
    assert seen(page(15), None).size == (1400, 1000)


def test_points_survive_the_way_there_and_back():
    image = page(30)
    image[500:510, 400:440] = (0, 0, 255)
    view = seen(image, 12)
    red = (view.pixels[..., 0].astype(int) - view.pixels[..., 1]) > 120
    (y1, x1), (y2, x2) = np.argwhere(red).min(axis=0), np.argwhere(red).max(axis=0) + 1
    quad = view.to_source(np.float32([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]))
    assert quad == pytest.approx(np.float32([[400, 500], [440, 500], [440, 510], [400, 510]]), abs=3)


def test_photographs_are_shown_whole_as_in_the_paper():
    view = seen(photograph((500, 800)), 9)
    assert view.size == (600, 960)
    assert view.corner == (0, 0)
    assert max(seen(photograph((1500, 3000)), 9).size) == 1792


def test_nothing_to_see():
    assert seen(np.full((3, 500, 3), 9, np.uint8), None) is None
    assert seen(np.full((300, 500, 3), 9, np.uint8), 9) is None


def test_groups_are_of_one_size_and_within_the_memory():
    views = [seen(photograph((640, w)), 9) for w in (640, 800, 640, 640)] + [None]
    assert sorted(map(sorted, groups_of(views, 2 * 640 * 640))) == [[0, 2], [1], [3]]


def test_print_is_enlarged_as_far_as_asked_and_not_beyond():
    image = page(15)[200:900, 100:900]
    scales = [seen(image, 22, page_enlargement=most).scales[1] for most in (1.0, 1.2, 3.0)]
    assert scales == pytest.approx([1, 1.2, 22 / Paper(image[..., 0]).print_height()], abs=0.01)


def test_a_long_page_is_shown_as_large_as_a_short_one_with_the_same_print():
    short, long = page(20, 25), np.concatenate([page(20, 25)] * 5)
    assert max(seen(long, 9.5).size) > DEFAULTS.max_side
    assert seen(long, 9.5).scales[0] == pytest.approx(seen(short, 9.5).scales[0], abs=0.02)


def test_a_long_photograph_keeps_its_size_up_to_a_short_side():
    assert seen(photograph((800, 6400)), 9.5).size == (800, 6400)
    assert seen(photograph((8064, 1680)), 9.5).size == (6451, DEFAULTS.tiled_short_side)


@pytest.mark.parametrize("size", [(3508, 2480), (1792, 400), (2400, 1000), (600, 1792)])
def test_other_pictures_stay_within_the_reach(size):
    assert max(seen(photograph(size), None).size) <= DEFAULTS.max_side


def test_a_coarse_view_leads_back_to_the_source():
    image = np.full((600, 800, 3), 255, np.uint8)
    image[100:500, 200:600] = 0
    view = view_of(image, 16)
    coarse = coarse_view(view, 0.25, 16)
    assert all(side % 16 == 0 for side in coarse.pixels.shape[:2])
    rows, columns = np.nonzero(coarse.pixels[..., 0] < 128)
    box = [[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]
    corners = coarse.to_source(np.float32([box[0], [box[1][0], box[0][1]], box[1], [box[0][0], box[1][1]]]))
    np.testing.assert_allclose(corners[[0, 2]], [[200, 100], [600, 500]], atol=6)
