"""The power of the product of probabilities, fitted to what was right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ctpn_crnn.errors import DatasetError
from ctpn_crnn.evaluation import CalibrationData, expected_calibration_error, fit_calibration


def simulated(power: float, lines: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Lines of 1 to 20 characters that are right as often as the power of their product says."""
    random = np.random.default_rng(5)
    products = np.array([np.log(random.uniform(0.6, 1, random.integers(1, 21))).sum() for _ in range(lines)])
    return products, random.uniform(size=lines) < np.exp(power * products)


@pytest.mark.parametrize("power", [0.2, 0.5, 1.0, 3.0])
def test_the_power_of_simulated_lines_is_found(power: float) -> None:
    assert fit_calibration(*simulated(power)) == pytest.approx(power, rel=0.1)


def test_the_calibration_error_falls() -> None:
    products, correct = simulated(0.3)
    before = expected_calibration_error(np.exp(products), correct)
    after = expected_calibration_error(np.exp(fit_calibration(products, correct) * products), correct)
    assert before > 0.15 and after < 0.03


def test_by_hand() -> None:
    # One line of each kind with the same product q: the likelihood has its maximum where q ** s = 1/2.
    assert fit_calibration([math.log(0.9)] * 2, [True, False]) == pytest.approx(math.log(0.5) / math.log(0.9))
    # Two of three right.
    assert fit_calibration([-2.0] * 3, [True, True, False]) == pytest.approx(math.log(2 / 3) / -2)


def test_it_is_the_likeliest_power() -> None:
    products, correct = simulated(0.7, 60)

    def likelihood(power: float) -> float:
        return float(np.where(correct, power * products, np.log(-np.expm1(power * products))).sum())

    best = fit_calibration(products, correct)
    assert likelihood(best) >= max(likelihood(best * 0.99), likelihood(best * 1.01))


def test_extremes_stay_finite() -> None:
    assert fit_calibration([-0.1, -5000.0, 0.0], [True, False, False]) > 0
    assert fit_calibration([-1e-9, -1e-9], [True, False]) == pytest.approx(1e3)


@pytest.mark.parametrize(("correct", "message"), [([True, True], "all of the 2"), ([False], "none"), ([], "none of")])
def test_lines_of_one_kind_tell_nothing(correct: list[bool], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        fit_calibration([-1.0] * len(correct), correct)


def test_summary() -> None:
    data = CalibrationData()
    for _ in range(2):
        data.update(math.log(0.81), True)
        data.update(math.log(0.81), False)
    fit = data.fit()
    assert fit["calibration"] == pytest.approx(math.log(0.5) / math.log(0.81))
    assert fit["lines"] == 4
    assert fit["before"] == pytest.approx(0.31) and fit["after"] == pytest.approx(0, abs=1e-9)
