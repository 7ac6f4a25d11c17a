"""What happens to the pixels before the network sees them: channel order, scales and mean, as in Caffe."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.ctpn.spec import IMAGE_MEAN as NETWORK_MEAN  # the network subtracts it itself
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import Network

PLAIN_SCALE = 255.0
"""The network takes 0..255, images start out as 0..1."""

LARGEST_INPUT = 1e6
"""Greater values are a slip, and would overflow in the network."""


@dataclass(frozen=True)
class Preprocessing:
    """An image, read as B, G, R in 0..1, into the network's input: channels are put in another order, multiplied by
    `raw_scale`, the mean is subtracted, and the result is multiplied by `input_scale`.

    With the defaults the network gets what it was trained on: R, G, B in 0..255 (it subtracts its mean itself).

    Attributes:
        channel_swap: Which channel of B, G, R (0, 1, 2) becomes the first, second and third of the input.
        raw_scale: Factor before the mean is subtracted.
        mean: Mean of each channel of the input, after `channel_swap` and `raw_scale`; None to subtract nothing.
        input_scale: Factor after it.

    Raises:
        ConfigError: An order that is none, a factor that is zero or not finite, or values beyond `LARGEST_INPUT`.
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
        """Turn pictures into input.

        Args:
            rgb: (..., 3), R, G, B in 0..255.

        Returns:
            The same shape; `rgb` itself when there is nothing to do, else float32.
        """
        gain = self.raw_scale / PLAIN_SCALE
        if (self.channel_swap, gain, self.mean, self.input_scale) == ((2, 1, 0), 1.0, None, 1.0):
            return rgb
        values = rgb[..., self._rgb_order()].astype(np.float32) * np.float32(gain)
        if self.mean is not None:
            values -= np.asarray(self.mean, np.float32)
        return values * np.float32(self.input_scale)

    def fill(self) -> np.ndarray:
        """What stands for the outside of an image: float32 (3,), R, G, B in 0..255 of the colour that becomes 0 by
        `mean`; without one, of the mean that the network subtracts itself, whatever the other options do to it."""
        if self.mean is None:
            return np.asarray(NETWORK_MEAN, np.float32) * np.float32(PLAIN_SCALE)
        rgb = np.empty(3, np.float32)
        rgb[self._rgb_order()] = np.asarray(self.mean, np.float64) * (PLAIN_SCALE / self.raw_scale)
        return rgb

    def _rgb_order(self) -> list[int]:
        return [2 - channel for channel in self.channel_swap]


class PreprocessedNetwork:
    """A network behind a preprocessing; see `runtime.Network`.

    Args:
        network: Takes R, G, B, 0..255.
        preprocessing: What is done to its input.
        config: Replaces entries of the network's own configuration.
    """

    def __init__(self, network: Network, preprocessing: Preprocessing, config: dict[str, Any] | None = None) -> None:
        self.config = {**network.config, **(config or {})}
        self.charset = network.charset
        self._network = network
        self._preprocessing = preprocessing

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """(N, height, width, 3) R, G, B in 0..255 -> the outputs of the network."""
        return self._network.predict(self._preprocessing(batch))


def parse_channel_swap(text: str) -> tuple[int, int, int]:
    """Read "2,1,0"; an empty string keeps B, G, R.

    Raises:
        ConfigError: It is no order of three channels.
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
    """The mean of each channel from a .npy file.

    Args:
        path: Of an array K x H x W (as Caffe's own mean files are), H x W x K, or K, with K = 3 channels.

    Raises:
        ConfigError: The file is missing, is no .npy, or holds something else.
    """
    try:
        with open(path, "rb") as file:
            mean = np.lib.format.read_array(file, allow_pickle=False)
    except OSError as error:
        raise ConfigError(f"mean_file {path} cannot be read ({error.strerror or error}); check the path") from error
    except ValueError:  # NumPy's own words are for programmers
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
