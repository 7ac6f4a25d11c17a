"""Parameters that make no sense are refused by name."""

import pytest

from ctpn_crnn.ctpn.line_params import LineParams
from ctpn_crnn.errors import ConfigError


@pytest.mark.parametrize(
    "bad", [{"min_overlap": 1.5}, {"gap_ratio": -1}, {"break_ratio": float("nan")}, {"min_similarity": 0}]
)
def test_bad_parameters_are_named(bad):
    with pytest.raises(ConfigError, match=next(iter(bad))):
        LineParams(**bad)
