"""Averages of trained weights.

Weights that were trained further on other data, averaged with those that they began with, keep what the first ones knew
and gain what the second ones learnt (Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from __future__ import annotations

import os
from dataclasses import replace

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.weights import read_weights, save_weights
from ctpn_crnn.weights.store import CALIBRATION, RANGES


def average_weights(
    first: str | os.PathLike[str], second: str | os.PathLike[str], share: float, output: str | os.PathLike[str]
) -> None:
    """Write the average of two weights files of one architecture; calibration and ranges of int8 must be fitted anew.

    Args:
        first: A weights file.
        second: Another one, of the same network, architecture and charset.
        share: Of the second, 0..1.
        output: Weights file to write.

    Raises:
        ConfigError: The share is not within 0..1.
        WeightsError: A file is missing or damaged, or the two do not belong together.
        OutputError: The file cannot be written.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"--share {share}: give the share of the second file, 0..1.")
    one = read_weights(first)
    two = read_weights(second, one.kind)
    shapes = {path: array.shape for path, array in two.arrays.items()}
    if one.charset != two.charset or shapes != {path: array.shape for path, array in one.arrays.items()}:
        raise WeightsError(f"{first} and {second} have another charset or architecture: they cannot be averaged")
    model = (CRNN_DEFINITION if two.kind == "crnn" else CTPN_DEFINITION).build_keras(two)
    average = {path: (1 - share) * one.arrays[path] + share * array for path, array in two.arrays.items()}
    replace(two, arrays=average).apply_to(model)
    config = {name: value for name, value in two.config.items() if name not in (CALIBRATION, RANGES)}
    info = {"steps": two.info.get("steps", 0), "averaged": {"share": share, "first": one.info, "second": two.info}}
    save_weights(model, output, kind=two.kind, config=config, charset=two.charset, info=info)
