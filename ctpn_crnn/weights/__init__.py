"""Weights: our .h5 files, and those shipped with the package."""

from __future__ import annotations

from ctpn_crnn.weights.manifest import read_manifest, register, shipped
from ctpn_crnn.weights.store import CALIBRATION, WeightsFile, read_weights, save_weights, set_calibration

__all__ = [
    "CALIBRATION",
    "WeightsFile",
    "read_manifest",
    "read_weights",
    "register",
    "save_weights",
    "set_calibration",
    "shipped",
]
