"""The architecture of the CRNN in numbers, from which its Keras model and its ONNX graph are both built.

Nothing here imports a framework, so that every room may read these numbers at no cost.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ctpn_crnn.errors import ConfigError


@dataclass(frozen=True)
class Convolution:
    """A convolution with ReLU, and what comes between and behind the two.

    Attributes:
        filters: Output channels.
        kernel: (height, width).
        strides: (down, across).
        normalised: Whether batch normalisation stands before the ReLU; such a convolution has no bias.
        pool: (height, width) of the max-pool behind it, which are also its strides; (1, 1) for none.
    """

    filters: int
    kernel: tuple[int, int] = (3, 3)
    strides: tuple[int, int] = (1, 1)
    normalised: bool = False
    pool: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class CRNNSpec:
    """Architecture of a CRNN. The defaults are the paper's.

    The last two pools leave the width alone: narrow letters such as "i" and "l" keep a frame of their own.

    Attributes:
        num_classes: Outputs of a frame: the characters of the charset and the CTC blank, which is class 0.
        convolutions: First to last, padded with zeros so that only strides and pools change the size.
        lstm_units: Units of each direction of each LSTM.
        lstm_layers: Bidirectional LSTMs, one on the other.
        input_height: Height of a line's image in pixels.
        epsilon: Added to the variance by batch normalisation.

    Raises:
        ConfigError: No character besides the blank, or convolutions that do not bring the height to 1.
    """

    num_classes: int
    convolutions: tuple[Convolution, ...] = (
        Convolution(64, pool=(2, 2)),
        Convolution(128, pool=(2, 2)),
        Convolution(256),
        Convolution(256, pool=(2, 1)),
        Convolution(512, normalised=True),
        Convolution(512, normalised=True, pool=(2, 1)),
        Convolution(512, kernel=(2, 2), strides=(2, 1)),
    )
    lstm_units: int = 256
    lstm_layers: int = 2
    input_height: int = 32
    epsilon: float = 1e-3

    def __post_init__(self) -> None:
        if self.num_classes < 2:
            raise ConfigError(
                f"num_classes is {self.num_classes}: a reader needs at least one character and the blank."
            )
        reduction = math.prod(c.strides[0] * c.pool[0] for c in self.convolutions)
        if reduction != self.input_height:
            raise ConfigError(
                f"strides and pools divide the height by {reduction}, but input_height is {self.input_height}: "
                "the feature maps must become one row."
            )

    @property
    def frame_width(self) -> int:
        """Pixels of the input to a frame of the output: the product of horizontal strides and pools."""
        return math.prod(c.strides[1] * c.pool[1] for c in self.convolutions)

    def to_config(self) -> dict[str, Any]:
        """Return JSON types that `from_config` reads, to be stored beside the weights."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CRNNSpec:
        """Make the specification that a configuration names; what it does not name has its default.

        Args:
            config: The configuration of a weights file, at least `num_classes`; entries that do not belong to the
                architecture are ignored.
        """
        known = {field.name: config[field.name] for field in dataclasses.fields(cls) if field.name in config}
        if "convolutions" in known:
            known["convolutions"] = tuple(_convolution(**entry) for entry in known["convolutions"])
        return cls(**known)


def _convolution(**entry: Any) -> Convolution:
    """Make a convolution of JSON types, in which pairs are lists."""
    return Convolution(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()})


INPUT_HEIGHT = CRNNSpec(num_classes=2).input_height
"""Height of a reader's input in pixels: 32."""

FRAME_WIDTH = CRNNSpec(num_classes=2).frame_width
"""Pixels of a reader's input to a frame of its output: 4."""
