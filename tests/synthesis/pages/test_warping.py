"""Turned pages: quads move with the picture and stay inside."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.datasets import TruthRegion
from ctpn_crnn.geometry import quad_area
from ctpn_crnn.synthesis.pages import PageSample
from ctpn_crnn.synthesis.pages.backgrounds import Photos
from ctpn_crnn.synthesis.pages.warping import transform, warp_page


class TestWarping:
    def test_transform_by_hand(self):
        # x' = 2x + 3, y' = y / (1 + x): the corner (1, 4) goes to (5, 2) / 2 in x as well, the last row divides both.
        matrix = np.array([[2, 0, 3], [0, 1, 0], [1, 0, 1]], float)
        quad = transform(np.array([[0, 4], [1, 4], [1, 6], [0, 6]]), matrix)
        np.testing.assert_allclose(quad, [[3, 4], [2.5, 2], [2.5, 3], [3, 6]])

    @pytest.mark.parametrize("seed", range(12))
    def test_quads_move_with_the_page(self, seed):
        image = np.full((300, 400, 3), 255, np.uint8)
        image[200:220, 300:360] = (0, 0, 255)
        quad = np.array([[300, 200], [360, 200], [360, 220], [300, 220]], np.float32)
        warped = warp_page(np.random.default_rng(seed), PageSample(image, [TruthRegion(quad, "x")]), Photos())
        blue, green, red = (warped.image[..., i].astype(int) for i in range(3))
        mask = np.zeros((300, 400), np.uint8)
        cv2.fillConvexPoly(mask, np.round(warped.regions[0].quad).astype(np.int32), 1)
        rows, columns = np.nonzero((red > 240) & (blue < 30) & (green < 30) & (cv2.dilate(mask, np.ones((9, 9))) > 0))
        found = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
        np.testing.assert_allclose(warped.regions[0].quad.mean(axis=0), found, atol=0.7)
        # All of the region is red, and it is as large as the red is.
        assert len(rows) == pytest.approx(quad_area(warped.regions[0].quad), rel=0.15)

    @pytest.mark.parametrize("seed", range(20))
    def test_regions_at_the_edge_stay_inside(self, seed):
        box = np.array([[0, 0], [400, 0], [400, 20], [0, 20]], np.float32)
        warped = warp_page(
            np.random.default_rng(seed),
            PageSample(np.zeros((300, 400, 3), np.uint8), [TruthRegion(box, "x")]),
            Photos(),
        )
        quad = warped.regions[0].quad
        assert quad.min() >= -0.01 and quad[:, 0].max() <= 400.01 and quad[:, 1].max() <= 300.01
