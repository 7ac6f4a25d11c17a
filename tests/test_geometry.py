"""Quads against values worked out by hand and against shapely."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad, intersection_area, order_quad, quad_area, quad_iou, quad_size, quad_to_box

DIAMOND = np.array([[2, 0], [4, 2], [2, 4], [0, 2]], np.float32)  # area 8


def rotated(width: float, height: float, degrees: float, centre: tuple[float, float] = (100.0, 80.0)) -> np.ndarray:
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    half = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    return (half @ turn + centre).astype(np.float32)


def test_box_and_quad_are_inverse():
    quad = box_to_quad(1, 2, 5, 10)
    assert quad.dtype == np.float32
    assert quad.tolist() == [[1, 2], [5, 2], [5, 10], [1, 10]]
    assert quad_to_box(quad) == (1, 2, 5, 10)


def test_box_of_a_slanted_quad_is_its_bounding_box():
    assert quad_to_box(DIAMOND) == (0, 0, 4, 4)


def test_size_is_the_mean_of_opposite_sides():
    trapezium = [[0, 0], [10, 0], [10, 6], [0, 4]]  # top 10, right 6, bottom sqrt(104), left 4
    assert quad_size(trapezium) == pytest.approx(((10 + math.sqrt(104)) / 2, 5))
    assert quad_size(rotated(60, 20, 15)) == pytest.approx((60, 20), rel=1e-5)


def test_area():
    assert quad_area(box_to_quad(1, 2, 5, 10)) == 32
    assert quad_area(DIAMOND) == 8
    assert quad_area(DIAMOND[::-1]) == 8


@pytest.mark.parametrize("flat", [[[3, 3]] * 4, [[0, 0], [5, 0], [5, 0], [0, 0]], [[0, 0], [1, 1], [2, 2], [3, 3]]])
def test_degenerate_quads_have_no_area_and_no_overlap(flat):
    assert quad_area(flat) == 0
    assert intersection_area(flat, box_to_quad(-9, -9, 9, 9)) == 0
    assert quad_iou(flat, flat) == 0
    assert order_quad(flat).shape == (4, 2)
    assert all(side >= 0 for side in quad_size(flat))


def test_overlap_of_boxes():
    a, b = box_to_quad(0, 0, 4, 4), box_to_quad(2, 1, 6, 5)
    assert intersection_area(a, b) == pytest.approx(6)
    assert quad_iou(a, b) == pytest.approx(6 / 26)
    assert quad_iou(a, a) == pytest.approx(1)
    assert quad_iou(a, box_to_quad(4, 0, 8, 4)) == 0  # they only touch
    assert quad_iou(a, box_to_quad(50, 50, 60, 60)) == 0


def test_one_inside_the_other():
    assert intersection_area(box_to_quad(0, 0, 10, 10), box_to_quad(2, 3, 4, 5)) == pytest.approx(4)
    assert quad_iou(box_to_quad(0, 0, 4, 4), DIAMOND) == pytest.approx(0.5)


def test_orientation_of_the_corners_does_not_matter():
    a, b = box_to_quad(0, 0, 4, 4), box_to_quad(2, 1, 6, 5)
    assert quad_iou(a[::-1], b) == pytest.approx(6 / 26)


def test_overlap_agrees_with_shapely():
    polygon = pytest.importorskip("shapely").Polygon
    rng = np.random.default_rng(7)
    for _ in range(200):
        a, b = (
            rotated(*rng.uniform(5, 90, 2), rng.uniform(-180, 180), tuple(rng.uniform(3000, 3060, 2))) for _ in range(2)
        )
        p, q = polygon(a.astype(float)), polygon(b.astype(float))
        assert quad_iou(a, b) == pytest.approx(p.intersection(q).area / p.union(q).area, abs=1e-3)


@pytest.mark.parametrize("degrees", [-40, -15, 0, 15, 40])
def test_order_starts_at_the_texts_own_top_left(degrees):
    quad = rotated(80, 20, degrees)
    for permutation in ([0, 1, 2, 3], [2, 0, 3, 1], [3, 2, 1, 0], [1, 3, 0, 2]):
        assert order_quad(quad[permutation]) == pytest.approx(quad)


def test_order_of_a_tall_region_keeps_reading_left_to_right():
    quad = rotated(12, 60, 10)
    assert order_quad(quad[[2, 3, 0, 1]]) == pytest.approx(quad)
