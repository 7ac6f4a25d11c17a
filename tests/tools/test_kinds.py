"""Pictures of the kinds on which text was lost, and their scores."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarking.kinds import KINDS
from benchmarking.kinds.picture import KindScore
from ctpn_crnn.synthesis.fonts import FontLibrary


@pytest.fixture(scope="module")
def fonts() -> FontLibrary:
    return FontLibrary.discover()


@pytest.mark.parametrize("name", KINDS)
def test_a_seed_gives_the_same_picture_again(name, fonts):
    first, again, other = (KINDS[name](np.random.default_rng(seed), fonts) for seed in (1, 1, 2))
    assert first.lines == again.lines and np.array_equal(first.image, again.image)
    assert (first.lines, first.image.shape) != (other.lines, other.image.shape)
    assert first.image.dtype == np.uint8 and first.image.shape[2] == 3 and np.ptp(first.image) > 100


def test_lines_are_compared_as_written_but_for_blanks():
    score = KindScore()
    assert score.update(["a  1", "共 3"], ["a 1 ", "共 ３", ""]) == 1
    assert (score.lines, score.exact, score.lost, score.added) == (2, 1, 1, 1)


def test_equal_lines_count_as_often_as_they_are_read():
    assert KindScore().update(["7", "7", "8"], ["7", "8", "9"]) == 2
