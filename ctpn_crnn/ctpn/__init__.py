"""CTPN: finds text lines (Tian et al., ECCV 2016, arXiv 1609.03605).

Names are imported on first use, so that importing this room does not load TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ANCHOR_HEIGHTS": "spec",
    "STRIDE": "spec",
    "anchor_grid": "anchors",
    "strips_of_quads": "anchors",
    "AnchorTarget": "anchor_target",
    "Proposal": "proposal",
    "CTPN": "network",
    "load_vgg16": "network",
    "CTPNLoss": "losses",
    "Detector": "detector",
    "connect": "text_lines",
}

__all__ = [
    "ANCHOR_HEIGHTS",
    "CTPN",
    "STRIDE",
    "AnchorTarget",
    "CTPNLoss",
    "Detector",
    "Proposal",
    "anchor_grid",
    "connect",
    "load_vgg16",
    "strips_of_quads",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
