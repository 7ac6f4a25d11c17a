"""Weights files (.h5), and those that ship with the package."""

from __future__ import annotations

from ctpn_crnn.weights.manifest import LANGUAGE_MODEL, read_manifest, register, shipped
from ctpn_crnn.weights.store import (
    CALIBRATION,
    RANGES,
    WeightsFile,
    read_weights,
    save_weights,
    set_calibration,
    set_ranges,
)

__all__ = [
    "CALIBRATION",
    "LANGUAGE_MODEL",
    "RANGES",
    "WeightsFile",
    "read_manifest",
    "read_weights",
    "register",
    "save_weights",
    "set_calibration",
    "set_ranges",
    "shipped",
]
