"""The architecture of the CTPN in numbers, from which its Keras model and its ONNX graph are both built.

Nothing here imports a framework, so that every room may read these numbers at no cost.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ctpn_crnn.errors import ConfigError

ANCHOR_HEIGHTS: tuple[float, ...] = tuple(11.0 / 0.7**i for i in range(10))
"""Heights of the anchors in pixels, 11 to 273, each the one before divided by 0.7 (section 3.1 of the paper)."""

CLASSES = ("background", "text", "formula")
"""Classes of an anchor; the first is the background."""

IMAGE_MEAN = (0.485, 0.456, 0.406)
"""Mean of ImageNet's red, green and blue, of 1: subtracted before VGG16, as torchvision's weights expect."""

IMAGE_STD = (0.229, 0.224, 0.225)
"""Standard deviation of ImageNet's red, green and blue, of 1: divides what VGG16 sees."""


@dataclass(frozen=True)
class Block:
    """A block of VGG16: convolutions of one width, then a max-pool.

    Attributes:
        convolutions: Number of convolutions.
        filters: Output channels of each.
        pool: Side in pixels of the max-pool behind them, which is also its stride; 1 for none.
    """

    convolutions: int
    filters: int
    pool: int = 2


@dataclass(frozen=True)
class CTPNSpec:
    """Architecture of a CTPN. The defaults are the paper's (VGG16 to conv5_3), with three classes.

    Attributes:
        blocks: Convolutions and pools before the window.
        kernel: Side of the kernels of the blocks and of the window, in positions; odd.
        window_filters: Channels of the convolution that slides over conv5_3.
        lstm_units: Units of each direction of the LSTM along the rows.
        fc_units: Units of the fully connected layer behind it.
        classes: Names of the classes that an anchor is told apart into; the first is the background.
        heights: Heights in pixels of the k anchors of a position.

    Raises:
        ConfigError: Fewer than two classes, or anchor heights that are missing or not positive.
    """

    blocks: tuple[Block, ...] = (Block(2, 64), Block(2, 128), Block(3, 256), Block(3, 512), Block(3, 512, pool=1))
    kernel: int = 3
    window_filters: int = 512
    lstm_units: int = 128
    fc_units: int = 512
    classes: tuple[str, ...] = CLASSES
    heights: tuple[float, ...] = ANCHOR_HEIGHTS

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise ConfigError(f"classes are {tuple(self.classes)}: give the background and at least one kind of text.")
        if not len(self.heights) or min(self.heights) <= 0:
            raise ConfigError(f"heights are {tuple(self.heights)}: give at least one height, all of them above 0.")

    @property
    def stride(self) -> int:
        """Pixels between neighbouring positions of the last feature map: the product of the pools."""
        return math.prod(block.pool for block in self.blocks)

    def to_config(self) -> dict[str, Any]:
        """Return JSON types that `from_config` reads, to be stored beside the weights."""
        return dataclasses.asdict(self) | {"classes": list(self.classes), "heights": list(self.heights)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CTPNSpec:
        """Make the specification that a configuration names; what it does not name has its default.

        Args:
            config: The configuration of a weights file; entries that do not belong to the architecture are ignored.
        """
        known = {field.name: config[field.name] for field in dataclasses.fields(cls) if field.name in config}
        if "blocks" in known:
            known["blocks"] = tuple(Block(**block) for block in known["blocks"])
        if "classes" in known:
            known["classes"] = tuple(known["classes"])
        if "heights" in known:
            known["heights"] = tuple(float(height) for height in known["heights"])
        return cls(**known)


STRIDE = CTPNSpec().stride
"""Pixels between neighbouring positions of conv5_3, and the width of an anchor and of a strip: 16."""
