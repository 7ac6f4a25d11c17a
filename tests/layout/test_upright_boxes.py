"""Lines in upright coordinates."""

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.layout.upright_boxes import upright_boxes, upright_quads, weighted_median
from ctpn_crnn.page import Page, TextLine


def rotated(quads, degrees):
    angle = np.radians(degrees)
    return np.array(quads) @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def test_the_common_lean_is_taken_out():
    boxes = np.array([(0, 0, 300, 20), (0, 40, 200, 60), (0, 80, 250, 100)], float)
    found, leans = upright_boxes(rotated([box_to_quad(*box) for box in boxes], 12))
    np.testing.assert_allclose(found[:, 2:] - found[:, :2], boxes[:, 2:] - boxes[:, :2], atol=1e-3)
    np.testing.assert_allclose(np.diff(found[:, :2], axis=0), np.diff(boxes[:, :2], axis=0), atol=1e-3)
    np.testing.assert_allclose(leans, 0, atol=1e-4)


def test_a_line_that_leans_a_little_from_the_others_keeps_its_size():
    quads = [box_to_quad(0, 40 * row, 300, 40 * row + 20) for row in range(5)]
    quads[2] = rotated(quads[2], 3)
    boxes, leans = upright_boxes(quads)
    assert leans == pytest.approx([0, 0, 3, 0, 0], abs=1e-3)
    assert tuple(boxes[2, 2:] - boxes[2, :2]) == pytest.approx((300, 20), abs=1e-3)


def test_text_at_a_steep_angle_stays_as_it_is():
    quads = rotated([box_to_quad(0, 40 * row, 300, 40 * row + 20) for row in range(3)], 40)
    boxes, leans = upright_boxes(quads)
    np.testing.assert_allclose(boxes, np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1))
    np.testing.assert_allclose(leans, 40, atol=1e-4)


def test_a_page_on_its_side_is_turned_upright():
    """The text runs from top to bottom along the right edge of a page of 100 x 200 pixels."""
    line = TextLine("text", 0.9, [(90, 10), (90, 150), (70, 150), (70, 10)])
    quads, height = upright_quads(Page(100, 200, [line]))
    np.testing.assert_allclose(quads[0], box_to_quad(10, 10, 150, 30), atol=1e-4)
    assert height == 100


def test_the_weighted_median_is_where_half_of_the_weight_is_reached():
    assert weighted_median(np.array([30.0, 10.0, 20.0]), np.array([1.0, 1.0, 5.0])) == 20
    assert weighted_median(np.array([30.0, 10.0, 20.0]), np.array([1.0, 9.0, 5.0])) == 10
