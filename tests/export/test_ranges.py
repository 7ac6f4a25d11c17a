"""Ranges of a network's values for 8-bit integers."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.export.ranges import BINS, best_end, fit_ranges


def test_a_few_outliers_do_not_set_the_range():
    histogram = np.zeros(BINS)
    histogram[: BINS // 2] = 1000
    assert best_end(histogram, 8.0) == pytest.approx(4.0, rel=0.05)
    histogram[-1] = 1
    assert best_end(histogram, 8.0) == pytest.approx(4.0, rel=0.1)
    assert best_end(np.ones(BINS), 8.0) == pytest.approx(8.0, rel=0.02)


def test_ranges_need_images(reader):
    with pytest.raises(ConfigError, match="images"):
        fit_ranges(reader, [])
