"""The networks of the batch detector, and what happens to the pixels before them: channel order, scales and mean.

The preprocessing is that of Caffe, from which the batch detector has its options.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, CLASSES, IMAGE_MEAN
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.runtime import Network, load_network

PLAIN_SCALE = 255.0
"""Default of `raw_scale`: images begin as 0..1, and the network takes 0..255."""

_DEFINITION_KEYS = ("classes", "heights")

LARGEST_INPUT = 1e6
"""Larger values are taken for a mistake in the options; they would overflow in the network."""


@dataclass(frozen=True)
class Preprocessing:
    """Turns an image, B, G, R in 0..1, into the network's input.

    The channels are reordered and multiplied by `raw_scale`, the mean is subtracted, and the result is multiplied by
    `input_scale`. With the defaults the network gets what it was trained on: R, G, B in 0..255. The network subtracts
    the mean of ImageNet itself.

    Attributes:
        channel_swap: Which channel of B, G, R (0, 1, 2) becomes the first, second and third of the input.
        raw_scale: Factor before the mean is subtracted.
        mean: Mean of each channel, in the order and scale after `channel_swap` and `raw_scale`; None to subtract
            nothing.
        input_scale: Factor after the mean is subtracted.

    Raises:
        ConfigError: The order is not one of three channels, a factor is zero or not finite, or pixels would become
            values beyond `LARGEST_INPUT`.
    """

    channel_swap: tuple[int, int, int] = (2, 1, 0)
    raw_scale: float = PLAIN_SCALE
    mean: tuple[float, float, float] | None = None
    input_scale: float = 1.0

    def __post_init__(self) -> None:
        if sorted(self.channel_swap) != [0, 1, 2]:
            raise ConfigError(
                f"channel_swap must name the channels 0, 1 and 2 once each, such as 2,1,0, not {self.channel_swap}"
            )
        for name in ("raw_scale", "input_scale"):
            value = getattr(self, name)
            if not math.isfinite(value) or value == 0:
                raise ConfigError(f"{name} is {value}: give a finite number other than 0")
        with np.errstate(over="ignore", invalid="ignore"):
            largest = np.abs(self(np.array([[0.0] * 3, [PLAIN_SCALE] * 3]))).max()
        if not largest <= LARGEST_INPUT:
            mean = "" if self.mean is None else f", mean {self.mean}"
            raise ConfigError(
                f"raw_scale {self.raw_scale:g}{mean} and input_scale {self.input_scale:g} turn pixels into values "
                f"beyond {LARGEST_INPUT:g}, which is more than a network takes: give smaller ones"
            )

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """Turn images into input.

        Args:
            rgb: (..., 3), R, G, B in 0..255.

        Returns:
            float32 of the same shape; `rgb` itself where all options are the defaults.
        """
        gain = self.raw_scale / PLAIN_SCALE
        if (self.channel_swap, gain, self.mean, self.input_scale) == ((2, 1, 0), 1.0, None, 1.0):
            return rgb
        values = rgb[..., self._rgb_order()].astype(np.float32) * np.float32(gain)
        if self.mean is not None:
            values -= np.asarray(self.mean, np.float32)
        return values * np.float32(self.input_scale)

    def fill(self) -> np.ndarray:
        """The colour outside of an image, float32 (3,), R, G, B in 0..255.

        With a mean, it is the colour that becomes 0 in the network's input; without one, the mean of ImageNet.
        """
        if self.mean is None:
            return np.asarray(IMAGE_MEAN, np.float32) * np.float32(PLAIN_SCALE)
        rgb = np.empty(3, np.float32)
        rgb[self._rgb_order()] = np.asarray(self.mean, np.float64) * (PLAIN_SCALE / self.raw_scale)
        return rgb

    def _rgb_order(self) -> list[int]:
        return [2 - channel for channel in self.channel_swap]


class PreprocessedNetwork:
    """A `runtime.Network` that preprocesses its input.

    Args:
        network: Takes R, G, B, 0..255.
        preprocessing: Applied to its input.
        config: Entries that replace those of the network's configuration.
    """

    def __init__(self, network: Network, preprocessing: Preprocessing, config: dict[str, Any] | None = None) -> None:
        self.config = {**network.config, **(config or {})}
        self.charset = network.charset
        self._network = network
        self._preprocessing = preprocessing

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network on (N, height, width, 3), R, G, B in 0..255."""
        return self._network.predict(self._preprocessing(batch))


def parse_channel_swap(text: str) -> tuple[int, int, int]:
    """Parse an order of channels such as "2,1,0"; an empty string keeps B, G, R.

    Raises:
        ConfigError: It does not name three channels once each.
    """
    if not text.strip():
        return (0, 1, 2)
    fields = [field.strip() for field in text.split(",")]
    if sorted(fields) != ["0", "1", "2"]:
        raise ConfigError(
            f"channel_swap is {text!r}: give the channels 0 (blue), 1 (green) and 2 (red), each once, such as 2,1,0"
        )
    first, second, third = (int(field) for field in fields)
    return first, second, third


def read_mean(path: str | Path) -> tuple[float, float, float]:
    """Read the mean of each channel from a .npy file.

    Args:
        path: Of an array K x H x W (as in Caffe's mean files), H x W x K, or K, with K = 3 channels.

    Raises:
        ConfigError: The file is missing, is not .npy, or holds another array.
    """
    try:
        with open(path, "rb") as file:
            mean = np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise ConfigError(f"mean_file {path} cannot be read ({error.strerror or error}); check the path") from error
    except ValueError:  # NumPy's messages are for programmers
        mean = None
    if mean is None or mean.dtype.kind not in "fiu" or not np.isfinite(mean).all():
        raise ConfigError(f"mean_file {path} is no .npy file of one array of finite numbers; make one by numpy.save")
    channels = _channel_means(mean)
    if channels is None:
        raise ConfigError(
            f"mean_file {path} has the shape {mean.shape}; it must be K x H x W, H x W x K or K, with K = 3 channels"
        )
    first, second, third = (float(value) for value in channels)
    return first, second, third


def _channel_means(mean: np.ndarray) -> Sequence[float] | None:
    if mean.size and mean.ndim == 3 and mean.shape[0] == 3:
        return mean.mean(axis=(1, 2), dtype=np.float64)
    if mean.size and mean.ndim == 3 and mean.shape[2] == 3:
        return mean.mean(axis=(0, 1), dtype=np.float64)
    return mean if mean.shape == (3,) else None


def load_ctpn(
    definition: Path | None, weights: Path | None, preprocessing: Preprocessing, runtime: str = "auto"
) -> PreprocessedNetwork:
    """Load a CTPN that preprocesses its input.

    Args:
        definition: JSON file with the network's configuration, see `read_definition`; None for that of the weights.
        weights: Its weights file; None for the shipped one.
        preprocessing: Applied to its input.
        runtime: "auto", "keras" or "onnx".

    Raises:
        ConfigError: The definition is missing or malformed.
        WeightsError: The weights are missing, damaged, of another network, or do not fit the definition.
    """
    config = read_definition(definition) if definition is not None else {}
    network = load_network(CTPN_DEFINITION, weights, runtime)
    _check_fit(config, network.config, definition, weights)
    return PreprocessedNetwork(network, preprocessing, config)


def load_reader(weights: Path | None, runtime: str = "auto") -> LineReader:
    """Load a `LineReader`.

    Raises:
        WeightsError: The weights are missing, damaged, of another network, or of another charset.
    """
    return LineReader(weights, network=load_network(CRNN_DEFINITION, weights, runtime))


def read_definition(path: Path) -> dict[str, Any]:
    """Read the configuration of a CTPN from a JSON file: {"classes": [...], "heights": [...]}, both optional.

    Raises:
        ConfigError: The file is missing, is not JSON, or has another content.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"model_def {path} cannot be read: {error.strerror or error}; check the path") from error
    except ValueError as error:
        raise ConfigError(
            f'model_def {path} is not JSON ({error}); give {{"classes": [...], "heights": [...]}}, or leave it out'
        ) from error
    if not isinstance(config, dict) or not set(config) <= set(_DEFINITION_KEYS):
        unknown = sorted(set(config) - set(_DEFINITION_KEYS)) if isinstance(config, dict) else [type(config).__name__]
        raise ConfigError(
            f"model_def {path} may hold the keys {' and '.join(_DEFINITION_KEYS)}, not {', '.join(unknown)}"
        )
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
    """Check a definition against the weights: their number of classes and anchor heights; class names are free."""
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
