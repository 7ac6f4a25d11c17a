"""Views of scene text: the places of the characters move with the ink."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.synthesis.lines.sign_views import bend, tilt_and_stretch


def dots(places, shape):
    """Ink of 5 x 5 dots about (x, y)."""
    ink = np.zeros(shape, np.uint8)
    for x, y in places:
        ink[y - 2 : y + 3, x - 2 : x + 3] = 255
    return ink


def centres(ink):
    """The middle (x, y) of each dot, from left to right."""
    _, _, _, found = cv2.connectedComponentsWithStats((ink > 100).astype(np.uint8))
    return found[1:][np.argsort(found[1:, 0])]


class TestView:
    PLACES = ((30, 50), (80, 50), (150, 50), (230, 50), (270, 50), (310, 50))
    EDGES = np.array(PLACES, np.float32).reshape(3, 2, 2)

    def test_an_arc_moves_edges_and_ink_alike(self):
        ink = dots(self.PLACES, (100, 340))
        sags = []
        for seed in range(120):
            moved, edges = bend(np.random.default_rng(seed), ink, self.EDGES, 60)
            points = edges.reshape(-1, 2)
            np.testing.assert_allclose(points, centres(moved), atol=1.0)
            chord = np.linalg.norm(points[-1] - points[0])
            sags.append((points[2:4, 1].mean() - points[[0, -1], 1].mean()) / chord)
            # Along a circle, distances between neighbours keep their proportions, but for arc against chord.
            steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
            np.testing.assert_allclose(steps, np.diff(self.EDGES[..., 0].ravel()), rtol=0.04)
        up, down = sum(sag < -0.02 for sag in sags), sum(sag > 0.02 for sag in sags)
        assert up + down > 100 and up > down > 20  # Seven of ten open downwards.

    def test_letters_turn_with_the_arc(self):
        """A bar stands square to the circle: its two ends are nearer to each other on the inner side."""
        ink = dots([(40, 30), (40, 70), (300, 30), (300, 70), (170, 50)], (100, 340))
        edges = np.float32([[[40, 50], [170, 50]], [[170, 50], [300, 50]]])
        for seed in range(20):
            moved, _ = bend(np.random.default_rng(seed), ink, edges, 60)
            found = centres(moved)
            lean = [np.diff(pair[np.argsort(pair[:, 1])], axis=0)[0, 0] for pair in (found[:2], found[-2:])]
            assert abs(lean[0]) > 2 and lean[0] == pytest.approx(-lean[1], abs=1)  # left, and right

    def test_a_view_from_the_side_moves_edges_and_ink_alike(self):
        ink = dots(self.PLACES, (100, 340))
        scales = []
        for seed in range(60):
            moved, edges = tilt_and_stretch(np.random.default_rng(seed), ink, self.EDGES, freely=seed % 2 == 0)
            np.testing.assert_allclose(edges.reshape(-1, 2), centres(moved), atol=1.0)
            x = edges[..., 0].ravel()
            scales.append((x[1] - x[0]) / (x[5] - x[4]) * 40 / 50)  # 1 without perspective.
        assert max(scales) > 1.15 and min(scales) < 0.87
