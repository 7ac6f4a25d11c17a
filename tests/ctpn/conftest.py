"""A CTPN with few channels, so that tests of what surrounds the network are fast."""

from __future__ import annotations

import pytest

from ctpn_crnn.ctpn.spec import Block, CTPNSpec


@pytest.fixture
def small_spec() -> CTPNSpec:
    """One narrow convolution a block."""
    return CTPNSpec(blocks=(Block(1, 4), Block(1, 4), Block(1, 4), Block(1, 8), Block(1, 8, pool=1)))
