"""The networks of a run, checked before the work begins."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, CLASSES
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.jobs.windows.preprocessing import PreprocessedNetwork, Preprocessing
from ctpn_crnn.runtime import load_network

_KEYS = ("classes", "heights")


def load_ctpn(
    definition: Path | None, weights: Path | None, preprocessing: Preprocessing, runtime: str = "auto"
) -> PreprocessedNetwork:
    """A CTPN behind its preprocessing.

    Args:
        definition: JSON file with the network's configuration, see `read_definition`; None for that of the weights.
        weights: Its weights file; None for the shipped one.
        preprocessing: What is done to its input.
        runtime: See `runtime.load_network`.

    Raises:
        ConfigError: The definition is missing or malformed.
        WeightsError: The weights are missing, damaged, of another network, or do not fit the definition.
    """
    config = read_definition(definition) if definition is not None else {}
    network = load_network("ctpn", weights, runtime)
    _check_fit(config, network.config, definition, weights)
    return PreprocessedNetwork(network, preprocessing, config)


def load_reader(weights: Path | None, runtime: str = "auto") -> LineReader:
    """A `LineReader` whose charset fits its network.

    Raises:
        WeightsError: The weights are missing, damaged, of another network, or of another charset.
    """
    return LineReader(weights, network=load_network("crnn", weights, runtime))


def read_definition(path: Path) -> dict[str, Any]:
    """The configuration of a CTPN from a JSON file: {"classes": [...], "heights": [...]}, as of `CTPN.get_config`.

    Either of the two may be left out.

    Raises:
        ConfigError: The file is missing, is not JSON, or holds something else.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"model_def {path} cannot be read: {error.strerror or error}; check the path") from error
    except ValueError as error:
        raise ConfigError(
            f'model_def {path} is not JSON ({error}); give {{"classes": [...], "heights": [...]}}, or leave it out'
        ) from error
    if not isinstance(config, dict) or not set(config) <= set(_KEYS):
        unknown = sorted(set(config) - set(_KEYS)) if isinstance(config, dict) else [type(config).__name__]
        raise ConfigError(f"model_def {path} may hold the keys {' and '.join(_KEYS)}, not {', '.join(unknown)}")
    if not _are_classes(config.get("classes", CLASSES)) or not _are_heights(config.get("heights", ANCHOR_HEIGHTS)):
        raise ConfigError(
            f"model_def {path}: classes must be two or more different names, the background first, and heights a list "
            "of positive numbers"
        )
    return config


def _are_classes(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and all(isinstance(v, str) for v in value) and len(set(value)) == len(value) > 1
    )


def _are_heights(value: Any) -> bool:
    numbers = isinstance(value, list | tuple) and all(isinstance(v, int | float) for v in value)
    return numbers and len(value) > 0 and all(0 < v < math.inf for v in value)


def _check_fit(config: dict[str, Any], actual: dict[str, Any], definition: Path | None, weights: Path | None) -> None:
    """The names of classes are free; their number and the anchors' heights are what the weights were trained for."""
    file = weights or "the shipped weights"
    classes, known = config.get("classes"), actual.get("classes", CLASSES)
    if classes is not None and len(classes) != len(known):
        raise WeightsError(
            f"model_def {definition} names {len(classes)} classes, but those of {file} are {len(known)} "
            f"({', '.join(known)}); use the definition that the weights were trained with"
        )
    heights, trained = config.get("heights"), actual.get("heights", ANCHOR_HEIGHTS)
    if heights is not None and not (
        len(heights) == len(trained) and all(math.isclose(a, b, rel_tol=1e-4) for a, b in zip(heights, trained))
    ):
        raise WeightsError(
            f"the anchor heights in model_def {definition} are not those that {file} was trained with "
            f"({', '.join(f'{h:.4g}' for h in trained)}); use the definition that the weights were trained with"
        )
