"""Quads against values worked out by hand and against shapely."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import (
    Rotation,
    box_to_quad,
    crop_quad,
    intersection_area,
    order_quad,
    quad_area,
    quad_axes,
    quad_iou,
    quad_size,
    quad_to_box,
)

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


def test_axes_of_a_quad_run_along_and_across_its_text():
    middle, along, down = quad_axes(rotated(40, 10, 0, (30, 20)))
    assert middle.tolist() == [30, 20] and along.tolist() == [1, 0] and down.tolist() == [0, 1]
    _, along, down = quad_axes(rotated(40, 10, 90))  # read from top to bottom
    np.testing.assert_allclose([abs(along), abs(down)], [[0, 1], [1, 0]], atol=1e-6)
    assert along @ down == pytest.approx(0)


class TestCropQuad:
    image = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)

    def test_upright_box_is_a_slice(self):
        crop = crop_quad(self.image, np.array([(5, 7), (25, 7), (25, 17), (5, 17)], np.float32))
        np.testing.assert_array_equal(crop, self.image[7:17, 5:25])

    def test_padding_is_in_heights(self):
        quad = np.array([(10, 10), (30, 10), (30, 20), (10, 20)], np.float32)
        crop = crop_quad(self.image, quad, pad=(0.3, 0.2))
        np.testing.assert_array_equal(crop, self.image[8:22, 7:33])

    def test_quarter_turns(self):
        box = [(5, 7), (25, 7), (25, 17), (5, 17)]
        for turns in range(4):
            quad = np.array(box[turns:] + box[:turns], np.float32)
            np.testing.assert_array_equal(crop_quad(self.image, quad), np.rot90(self.image[7:17, 5:25], turns))

    def test_grey_image(self):
        crop = crop_quad(self.image[..., 0], np.array([(5, 7), (25, 7), (25, 17), (5, 17)]))
        np.testing.assert_array_equal(crop, self.image[7:17, 5:25, 0])

    def test_slanted_line_comes_out_level(self):
        flat = np.full((30, 120), 255, np.uint8)
        flat[10:20, 10:110] = 0
        turn = cv2.getRotationMatrix2D((100, 100), 20, 1.0)
        turn[:, 2] += (0, 0)
        canvas = np.full((200, 200), 255, np.uint8)
        canvas[90:120, 40:160] = flat
        canvas = cv2.warpAffine(canvas, turn, (200, 200), borderValue=255)
        corners = np.array([(40, 90), (160, 90), (160, 120), (40, 120)], np.float64)
        quad = np.hstack([corners - 0.5, np.ones((4, 1))]) @ turn.T + 0.5
        crop = crop_quad(canvas, quad)
        assert crop.shape == (30, 120)
        assert crop[12:18, 12:108].max() < 30
        assert crop[:8].min() > 225
        assert crop[22:].min() > 225

    def test_perspective(self):
        source = np.zeros((100, 100), np.uint8)
        trapezium = np.array([(20, 20), (80, 30), (80, 60), (20, 70)])
        cv2.fillConvexPoly(source, trapezium, 200)
        crop = crop_quad(source, trapezium)
        assert crop.shape == (40, 61)
        assert crop[2:-2, 2:-2].min() > 190

    def test_beyond_the_image_the_border_is_repeated(self):
        image = np.arange(12, dtype=np.uint8).reshape(3, 4)
        crop = crop_quad(image, np.array([(-2, -1), (6, -1), (6, 4), (-2, 4)]))
        np.testing.assert_array_equal(crop, np.pad(image, ((1, 1), (2, 2)), mode="edge"))

    @pytest.mark.parametrize(
        "quad",
        [
            [(5, 5)] * 4,
            [(5, 5), (20, 5), (20, 5), (5, 5)],
            [(5, 5), (20, 5), (5, 9), (20, 9)],
            [(5, 5), (5, 9), (20, 9), (20, 5)],
            [(500, 500), (520, 500), (520, 510), (500, 510)],
            [(0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)],
        ],
    )
    def test_degenerate_quads_give_something(self, quad):
        crop = crop_quad(self.image, np.array(quad, np.float32), (0.1, 0.1))
        assert crop.dtype == np.uint8
        assert min(crop.shape[:2]) >= 1

    @pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (3, 40_000, 3)])
    def test_odd_images(self, shape):
        image = np.full(shape, 9, np.uint8)
        height, width = shape[:2]
        crop = crop_quad(image, np.array([(0, 0), (width, 0), (width, height), (0, height)]))
        assert crop.shape == shape
        assert (crop == 9).all()

    @pytest.mark.parametrize("quad", [[(0, 0)] * 3, [(0, 0), (np.nan, 0), (1, 1), (0, 1)]])
    def test_not_a_quad(self, quad):
        with pytest.raises(ConfigError, match="four finite points"):
            crop_quad(self.image, np.array(quad))


class TestRotation:
    def test_quarter_turns_are_exact(self):
        image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
        np.testing.assert_array_equal(Rotation(90, 4, 2).apply(image), np.rot90(image, -1))  # clockwise
        np.testing.assert_array_equal(Rotation(180, 4, 2).apply(image), image[::-1, ::-1])
        np.testing.assert_array_equal(Rotation(-90, 4, 2).apply(image[..., 0]), np.rot90(image[..., 0]))
        assert Rotation(0, 4, 2).apply(image) is image

    def test_size_holds_everything(self):
        # 100 cos 30 + 60 sin 30 = 116.6; 100 sin 30 + 60 cos 30 = 101.96
        assert Rotation(30, 100, 60).size == (117, 102)
        corners = Rotation(30, 100, 60).to_turned(np.array([(0, 0), (100, 0), (100, 60), (0, 60)]))
        assert corners.min() >= 0
        assert (corners <= (117, 102)).all()

    def test_new_corners_have_the_colour_of_the_border(self):
        image = np.full((40, 60, 3), (10, 120, 200), np.uint8)
        image[15:25, 20:40] = 0
        assert tuple(Rotation(20, 60, 40).apply(image)[0, 0]) == (10, 120, 200)

    @pytest.mark.parametrize("degrees", [-7.0, 3.0, 45.0])
    def test_points_follow_the_pixels(self, degrees):
        image = np.zeros((200, 300), np.uint8)
        image[50:54, 220:224] = 255  # its centre is at the edge coordinates (222, 52)
        rotation = Rotation(degrees, 300, 200)
        turned = rotation.apply(image)
        ys, xs = np.mgrid[: turned.shape[0], : turned.shape[1]] + 0.5
        centre = np.array([(xs * turned).sum(), (ys * turned).sum()]) / turned.sum()
        np.testing.assert_allclose(rotation.to_turned((222, 52)), centre, atol=0.1)
        np.testing.assert_allclose(rotation.to_source(centre), (222, 52), atol=0.1)

    def test_quads_there_and_back(self):
        quads = np.random.default_rng(0).uniform(0, 500, (5, 4, 2)).astype(np.float32)
        rotation = Rotation(-3.7, 500, 480)
        np.testing.assert_allclose(rotation.to_source(rotation.to_turned(quads)), quads, atol=1e-3)
        assert rotation.to_source(quads).dtype == np.float32
        assert rotation.to_source(np.empty((0, 4, 2))).shape == (0, 4, 2)


@pytest.mark.parametrize("degrees", [90, 180, 270.0, -90, 450])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_quarter_turns_move_pixels_as_they_are(degrees, channels):
    image = np.random.default_rng(6).integers(0, 256, (5, 8, *channels), np.uint8)
    turn = Rotation(degrees, 8, 5)
    turned = turn.apply(image)
    assert turned.shape[:2] == turn.size[::-1]
    for y, x in ((0, 0), (1, 6), (4, 7)):
        column, row = np.floor(turn.to_turned(np.array([x + 0.5, y + 0.5]))).astype(int)
        np.testing.assert_array_equal(turned[row, column], image[y, x])


def test_a_quarter_turn_of_what_is_longer_than_opencv_turns():
    assert Rotation(90, 3, 40000).apply(np.zeros((40000, 3), np.uint8)).shape == (3, 40000)
