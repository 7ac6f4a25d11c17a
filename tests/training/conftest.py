"""A CTPN with few channels, so that tests of what surrounds the network are fast."""

from __future__ import annotations

import pytest


@pytest.fixture
def small_vgg(monkeypatch):
    """Give the network's VGG part one narrow convolution a block."""
    blocks = ((1, 4), (1, 4), (1, 4), (1, 8), (1, 8))
    monkeypatch.setattr("ctpn_crnn.ctpn.network.VGG16_BLOCKS", blocks)
    monkeypatch.setattr("ctpn_crnn.training.ctpn_trainer.VGG16_BLOCKS", blocks)
