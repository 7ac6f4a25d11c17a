"""What is drawn beside a sign's letters."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.synthesis.lines.sign_surroundings import with_surroundings


@pytest.fixture(scope="module")
def crops():
    letters = np.zeros((30, 90), np.uint8)
    letters[2:28, 4:86:6] = 255
    return letters, [with_surroundings(np.random.default_rng(seed), letters) for seed in range(400)]


def _place(crop, letters):
    """Rows and columns of the letters in the widened crop."""
    rows = np.flatnonzero(crop.ink.any(axis=1))
    top = rows[0] - np.flatnonzero(letters.any(axis=1))[0]
    return slice(top, top + letters.shape[0]), slice(crop.left, crop.left + letters.shape[1])


def test_letters_stay_whole_and_where_they_are_said_to_be(crops):
    letters, drawn = crops
    for crop in drawn:
        assert crop.ink.shape == crop.marks.shape == crop.beyond.shape
        np.testing.assert_array_equal(crop.ink[_place(crop, letters)], letters)
        assert np.count_nonzero(crop.ink) == np.count_nonzero(letters)


def test_nothing_else_lies_on_the_letters(crops):
    letters, drawn = crops
    for crop in drawn:
        place = _place(crop, letters)
        inked = crop.ink[place] > 0
        assert not (crop.marks[place][inked]).any()
        assert not (crop.beyond[place][inked]).any()


def test_each_side_has_its_share(crops):
    letters, drawn = crops
    height, width = letters.shape
    sides = {"left": 0, "right": 0, "above": 0, "below": 0}
    for crop in drawn:
        rows, columns = _place(crop, letters)
        other = (crop.marks > 0) | (crop.beyond > 0)
        sides["left"] += other[:, : columns.start].any()
        sides["right"] += other[:, columns.stop :].any()
        sides["above"] += other[: rows.start, columns].any()
        sides["below"] += other[rows.stop :, columns].any()
        assert crop.ink.shape[1] <= width + 2 * 1.8 * height
        assert crop.ink.shape[0] <= height + 2 * 0.5 * height
    assert 80 < sides["left"] < 150 and 80 < sides["right"] < 150  # .28 of 400
    assert 40 < sides["above"] and 40 < sides["below"]
    assert 0.2 < np.mean([not (c.marks.any() or c.beyond.any()) for c in drawn]) < 0.5
