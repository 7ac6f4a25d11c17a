"""Line ends worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ctpn_crnn.datasets import TruthRegion
from ctpn_crnn.evaluation import LineEndScore, Match
from ctpn_crnn.evaluation.line_ends import end_distances
from ctpn_crnn.geometry import box_to_quad


@dataclass
class Found:
    quad: np.ndarray
    kind: str = "text"


def test_distances() -> None:
    line = box_to_quad(100, 0, 200, 20)
    assert end_distances(line, box_to_quad(103, 1, 198, 19)) == pytest.approx((3, 2))
    assert end_distances(line, box_to_quad(95, 0, 210, 20)) == pytest.approx((-5, -10))
    assert end_distances(line, box_to_quad(103, 0, 198, 20)[[2, 3, 0, 1]]) == pytest.approx((3, 2)), (
        "the other way round"
    )


def test_distances_along_a_slanted_line() -> None:
    along, across = np.array([0.8, 0.6]), np.array([-0.6, 0.8])

    def line(start: float, end: float) -> np.ndarray:
        return np.array([start * along, end * along, end * along + 10 * across, start * along + 10 * across])

    assert end_distances(line(0, 100), line(4, 101)) == pytest.approx((4, -1))


def test_summary() -> None:
    truth = [TruthRegion(box_to_quad(0, y, 100, y + 20)) for y in (0, 40, 80)]
    found = [Found(box_to_quad(6, 80, 100, 100)), Found(box_to_quad(1, 0, 97, 20)), Found(box_to_quad(-2, 40, 105, 60))]
    score = LineEndScore()
    score.update(truth, found, [Match(0, 1, 1.0), Match(1, 2, 1.0), Match(2, 0, 1.0)])
    summary = score.summary()
    # Signed: 1, 3; -2, -5; 6, 0. Absolute, in order: 0 1 2 3 5 6. A quarter of the height is 5: one line is cut.
    assert summary["lines"] == 3
    assert summary["median_px"] == pytest.approx(2.5)
    assert summary["bias_px"] == pytest.approx(0.5)
    assert summary["p90_px"] == pytest.approx(5.5)
    assert summary["short"] == pytest.approx(1 / 3)
    assert summary["cut"] is None  # without the image nobody knows


def test_only_a_line_that_lacks_ink_is_cut() -> None:
    image = np.full((140, 240, 3), 255, np.uint8)
    truth = [TruthRegion(box_to_quad(10, y, 210, y + 20)) for y in (0, 40, 80, 110)]
    for y, ends in ((0, 180), (40, 208), (80, 208), (110, 208)):
        image[y + 4 : y + 16, 12:ends:3] = 0
    found = [Found(box_to_quad(10, y, 190, y + 20)) for y in (0, 40, 80)]  # the first one lacks blank paper only
    found += [Found(box_to_quad(188, 80, 210, 100)), Found(box_to_quad(10, 110, 208, 130))]  # the third one's rest
    score = LineEndScore()
    score.update(truth, found, [Match(i, j, 1.0) for i, j in ((0, 0), (1, 1), (2, 2), (3, 4))], image)
    assert score.summary()["short"] == pytest.approx(3 / 4)
    assert score.summary()["cut"] == pytest.approx(1 / 4)


def test_a_lost_full_stop_is_a_cut() -> None:
    image = np.full((30, 240), 255, np.uint8)
    image[4:16, 12:180:3] = 0
    truth, found = [TruthRegion(box_to_quad(10, 0, 210, 20))], [Found(box_to_quad(10, 0, 181, 20))]
    for dot, cut in ((0, 0.0), (1, 1.0)):
        image[13:16, 190:193] = 255 * (1 - dot)
        score = LineEndScore()
        score.update(truth, found, [Match(0, 0, 1.0)], image)
        assert score.summary()["cut"] == cut


def test_empty() -> None:
    score = LineEndScore()
    score.update([], [], [])
    assert score.summary() == {
        "lines": 0,
        "median_px": None,
        "p90_px": None,
        "bias_px": None,
        "short": None,
        "cut": None,
    }
    assert end_distances(np.zeros((4, 2)), box_to_quad(0, 0, 1, 1)) == pytest.approx((0, 0))
