"""How far a confidence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def expected_calibration_error(confidences: Sequence[float], correct: Sequence[bool], bins: int = 15) -> float | None:
    """Return the mean distance between confidence and accuracy, over bins of equal width (Guo et al., ICML 2017,
    section 2).

    Args:
        confidences: 0..1, one for each sample.
        correct: Whether the sample was right.
        bins: How many; a confidence on an edge belongs to the bin below it.

    Returns:
        0 (perfect) .. 1; None without samples.
    """
    if len(confidences) == 0:
        return None
    confidence, right = np.asarray(confidences, float), np.asarray(correct, float)
    places = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(int)
    gaps = np.bincount(places, right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))
