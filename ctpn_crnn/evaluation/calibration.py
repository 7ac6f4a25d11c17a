"""How far the confidence of a reading can be trusted, and the power that makes it a probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ctpn_crnn.errors import DatasetError

_SMALLEST_POWER, _LARGEST_POWER = 1e-3, 1e3
_BISECTIONS = 60


def expected_calibration_error(confidences: Sequence[float], correct: Sequence[bool], bins: int = 15) -> float | None:
    """Return the mean distance between confidence and accuracy (Guo et al., ICML 2017, section 2).

    Args:
        confidences: 0..1, one for each sample.
        correct: Whether the sample was right.
        bins: Number of bins of equal width; a confidence on an edge belongs to the bin below it.

    Returns:
        0 (perfect) .. 1; None without samples.
    """
    if len(confidences) == 0:
        return None
    confidence, right = np.asarray(confidences, float), np.asarray(correct, float)
    places = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(int)
    gaps = np.bincount(places, right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def fit_calibration(log_products: Sequence[float], correct: Sequence[bool]) -> float:
    """Fit the power of the product of the characters' probabilities that best predicts whether a line is right.

    Like temperature scaling (Guo et al., ICML 2017, section 4.2) it has one parameter and changes no ranking of lines.
    It maximises the likelihood of what was right: the sum of s L over the lines that are right and of log(1 - exp(s L))
    over the others, for the power s and the log product L. This is concave in s, so its maximum is where its derivative
    is 0.

    Args:
        log_products: Natural logarithm of the product of each line's character probabilities, <= 0.
        correct: Whether the line was right.

    Returns:
        The power, .001 .. 1000.

    Raises:
        DatasetError: All lines were right, or none.
    """
    below, right = -np.asarray(log_products, np.float64), np.asarray(correct, bool)
    if right.all() or not right.any():
        what = "all" if len(right) and right.all() else "none"
        raise DatasetError(
            f"{what} of the {len(right)} lines were read exactly right: no confidence can be fitted to that; give a "
            "set with lines of both kinds"
        )
    wrong, known = below[~right], below[right].sum()

    def derivative(power: float) -> float:
        scaled = np.minimum(wrong * power, 700.0)
        # x / (exp(x) - 1), divided by the power; its limit at 0 is 1.
        terms = np.divide(scaled, np.expm1(scaled), out=np.ones_like(scaled), where=scaled > 0)
        return float(terms.sum() / power - known)

    low, high = math.log(_SMALLEST_POWER), math.log(_LARGEST_POWER)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if derivative(math.exp(middle)) > 0 else (low, middle)
    return math.exp((low + high) / 2)


@dataclass
class CalibrationData:
    """Lines that were read, for fitting the power of their confidence.

    Attributes:
        log_products: Natural logarithm of the product of each line's character probabilities, <= 0.
        correct: Whether each line was right.
    """

    log_products: list[float] = field(default_factory=list)
    correct: list[bool] = field(default_factory=list)

    def update(self, log_product: float, correct: bool) -> None:
        """Add a line."""
        self.log_products.append(log_product)
        self.correct.append(correct)

    def fit(self) -> dict[str, Any]:
        """Fit the power to the lines.

        Returns:
            calibration: The power.
            lines: Number of lines.
            before: Expected calibration error of the plain product.
            after: Expected calibration error of the product raised to the power.

        Raises:
            DatasetError: All lines were right, or none.
        """
        power = fit_calibration(self.log_products, self.correct)
        before, after = (
            expected_calibration_error(np.exp(np.multiply(p, self.log_products)), self.correct) for p in (1.0, power)
        )
        return {"calibration": power, "lines": len(self.correct), "before": before, "after": after}
