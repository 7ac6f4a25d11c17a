"""Boxes of formulas against strips that are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.ctpn.formulas import connect_formulas
from ctpn_crnn.ctpn.text_lines import connect

PAGE = (1000, 1600)


def level(x1: float, x2: float, y1: float, y2: float, score: float = 0.95) -> np.ndarray:
    """Strips (n, 6) x1, y1, x2, y2, score, side of a level line: every column that it covers by half; side to the
    nearer end."""
    columns = np.arange(round(x1 / 16), round(x2 / 16))
    centre = columns * 16 + 8
    side = np.where(centre - x1 <= x2 - centre, x1 - centre, x2 - centre) / 16
    side = np.where(abs(side) <= 2, side, 0.3)  # further in, the network says anything
    full = np.ones(len(columns))
    return np.stack([columns * 16, y1 * full, columns * 16 + 16, y2 * full, score * full, side], axis=1)


def boxes(lines: list[tuple[np.ndarray, float]]) -> list[list[float]]:
    return sorted([*quad.min(axis=0).tolist(), *quad.max(axis=0).tolist()] for quad, _ in lines)


def formulas_of(*strips: np.ndarray) -> list[tuple[np.ndarray, float]]:
    all_strips = np.concatenate(strips)
    return connect_formulas(all_strips[:, :4], all_strips[:, 4], all_strips[:, 5], PAGE)


def test_a_fraction_and_what_stands_beside_it_are_one_formula():
    low, high = level(100, 200, 40, 60), level(196, 300, 20, 84)
    (formula,) = boxes(formulas_of(low, high))
    assert formula == pytest.approx([100, 20, 300, 84], abs=1)
    text = np.concatenate([low, high])
    assert len(connect(text[:, :4], text[:, 4], text[:, 5], PAGE)) == 2  # text of two sizes is two lines


def test_numerator_and_denominator_are_parts_of_the_formula_they_stand_in():
    whole, numerator = level(100, 300, 20, 90), level(340, 420, 22, 52)
    (formula,) = boxes(formulas_of(whole, numerator, level(310, 430, 20, 90)))
    assert formula == pytest.approx([100, 20, 430, 90], abs=1)


def test_formulas_in_rows_of_their_own_stay_apart():
    found = boxes(formulas_of(level(100, 300, 20, 50), level(100, 300, 55, 85), level(400, 500, 20, 50)))
    assert np.array(found) == pytest.approx(
        np.array([[100, 20, 300, 50], [100, 55, 300, 85], [400, 20, 500, 50]]), abs=1
    )


def test_formulas_are_scored_by_all_of_their_strips():
    (best, _), (_, weaker) = formulas_of(level(100, 420, 20, 50, 0.9), level(600, 640, 20, 50, 0.99))
    assert best[:, 0].max() == pytest.approx(420, abs=1)
    assert weaker == pytest.approx(0.99, abs=1e-6)
    assert formulas_of(level(100, 420, 20, 50, 0.8)) == []
