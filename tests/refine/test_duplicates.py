"""Lines that lie on each other, with shares worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad, quad_to_box
from ctpn_crnn.page import Region
from ctpn_crnn.refine.duplicates import DuplicateParams, merge_duplicates


def lines(*boxes: tuple[float, float, float, float]) -> list[Region]:
    """Lines, the strongest first."""
    return [Region(box_to_quad(*box), 0.9 - 0.1 * i, "text") for i, box in enumerate(boxes)]


def merged(*boxes: tuple[float, float, float, float], **params: float) -> list[tuple[float, ...]]:
    return [quad_to_box(r.quad) for r in merge_duplicates(lines(*boxes), DuplicateParams(**params))]


def test_lines_beside_and_below_each_other_stay():
    boxes = [(0, 0, 100, 20), (110, 0, 200, 20), (0, 25, 100, 45)]
    assert merged(*boxes) == boxes


def test_a_line_within_another_one_goes():
    assert merged((0, 0, 100, 20), (30, 2, 80, 18)) == [(0, 0, 100, 20)]


def test_a_stronger_part_stays_as_short_as_it_is():
    assert merged((30, 0, 80, 20), (0, 0, 100, 20)) == [(30, 0, 80, 20)]


@pytest.mark.parametrize(("common", "count"), [(45, 2), (55, 1)])
def test_half_of_the_smaller_line_must_be_common(common, count):
    found = merged((0, 0, 200, 20), (200 - common, 0, 300 - common, 20))
    assert len(found) == count
    if count == 1:
        assert found[0] == pytest.approx((0, 0, 300 - common, 20))


def test_the_share_is_a_parameter():
    assert len(merged((0, 0, 200, 20), (155, 0, 255, 20), same_line=0.4)) == 1


def test_a_leaning_line_is_lengthened_along_its_lean():
    turn = np.array([[np.cos(0.2), np.sin(0.2)], [-np.sin(0.2), np.cos(0.2)]])
    first, second = (box_to_quad(*box) @ turn for box in ((0, 0, 100, 20), (40, 0, 160, 20)))
    (region,) = merge_duplicates([Region(first, 0.9, "text"), Region(second, 0.8, "text")])
    np.testing.assert_allclose(region.quad, box_to_quad(0, 0, 160, 20) @ turn, atol=1e-3)
