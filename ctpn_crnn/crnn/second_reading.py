"""How a line is looked at: straight, and where that was not read for sure, from closer, wider, narrower, aslant."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.crnn.spec import INPUT_HEIGHT
from ctpn_crnn.errors import ImageError

_MIN_WIDTH = 16


@dataclass(frozen=True)
class Look:
    """One way of making the network's input from a crop.

    Attributes:
        rim: what is left out above and below, in heights of the crop.
        stretch: factor of the width.
        lean: the tangent of the angle by which upright strokes are turned clockwise; what leans to the left by so much
            comes to stand upright. Both ends get as much more room as this takes.
    """

    rim: float = 0.0
    stretch: float = 1.0
    lean: float = 0.0

    def image(self, crop: np.ndarray) -> np.ndarray:
        """A crop, grey (H, W) or BGR (H, W, 3), as the network sees it: grey, (32, W') uint8.

        Raises:
            ImageError: the crop is empty or not a grey or BGR image.
        """
        height, width = crop.shape[:2]
        if self.lean:
            margin = _margin(crop, self.lean)
            moved = np.float32([[1, -self.lean, self.lean * (height - 1) / 2 + margin], [0, 1, 0]])
            crop = cv2.warpAffine(crop, moved, (width + 2 * margin, height), borderMode=cv2.BORDER_REPLICATE)
        rim = round(self.rim * height)
        return line_image(crop[rim : height - rim], self.stretch)

    def place(self, fraction: float, crop: np.ndarray) -> float:
        """Where a fraction of the image's width is in the crop, as a fraction of the crop's width."""
        if not self.lean:
            return fraction
        width, margin = crop.shape[1], _margin(crop, self.lean)
        return min(1.0, max(0.0, (fraction * (width + 2 * margin) - margin) / width))


OTHER_LOOKS = (
    Look(rim=0.06),
    Look(stretch=1.2),
    Look(stretch=0.85),
    Look(stretch=0.6),
    Look(lean=0.35),
    Look(lean=-0.35),
)
"""Of a crop that was not read for sure, in this order. The last three are for signs: broad letters, and hanzi that lean
as those of a board do that hangs aslant, come into proportions that training has had more of."""


def line_image(crop: np.ndarray, stretch: float = 1.0) -> np.ndarray:
    """A crop as the network sees it: grey, height 32, width in proportion (at least 16 pixels), (32, W) uint8.

    Args:
        crop: uint8, grey (H, W) or BGR (H, W, 3).
        stretch: factor of the width.

    Raises:
        ImageError: the crop is empty or not a grey or BGR image.
    """
    crop = np.asarray(crop)
    if crop.ndim not in (2, 3) or crop.size == 0 or (crop.ndim == 3 and crop.shape[2] not in (1, 3)):
        raise ImageError(
            f"A crop has the shape {crop.shape}: give grey (H, W) or BGR (H, W, 3) arrays that are not empty."
        )
    if crop.ndim == 3:
        crop = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY) if crop.shape[2] == 3 else crop[..., 0]
    height, width = crop.shape
    target = max(_MIN_WIDTH, round(stretch * width * INPUT_HEIGHT / height))
    way = cv2.INTER_AREA if height > INPUT_HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(crop, np.uint8), (target, INPUT_HEIGHT), interpolation=way)


def _margin(crop: np.ndarray, lean: float) -> int:
    return int(np.ceil(abs(lean) * crop.shape[0] / 2))
