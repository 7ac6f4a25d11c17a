"""Second readings (test-time augmentation): an unsure line is read again in other forms, and the readings vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ctpn_crnn.crnn.line_image import line_image
from ctpn_crnn.page import Reading, mean_confidence


@dataclass(frozen=True)
class Variant:
    """Another form of a crop for the network.

    Attributes:
        trim: Height cut off at the top and at the bottom, as a fraction of the crop's height.
        stretch: Factor on the width.
        shear: Tangent of the angle by which upright strokes are turned clockwise: strokes that lean to the left by this
            angle become upright. Both ends get the room that this takes.
    """

    trim: float = 0.0
    stretch: float = 1.0
    shear: float = 0.0

    def image(self, crop: np.ndarray) -> np.ndarray:
        """Make the network's input, grey uint8 (32, W'), of a crop, grey (H, W) or BGR (H, W, 3).

        Raises:
            ImageError: The crop is empty or not a grey or BGR image.
        """
        height, width = crop.shape[:2]
        if self.shear:
            margin = self._margin(height)
            matrix = np.float32([[1, -self.shear, self.shear * (height - 1) / 2 + margin], [0, 1, 0]])
            crop = cv2.warpAffine(crop, matrix, (width + 2 * margin, height), borderMode=cv2.BORDER_REPLICATE)
        rows = round(self.trim * height)
        return line_image(crop[rows : height - rows], self.stretch)

    def to_crop(self, reading: Reading, crop: np.ndarray) -> Reading:
        """Turn places along this variant's image into places along the crop, both as fractions of the width."""
        if not self.shear:
            return reading
        height, width = crop.shape[:2]
        margin = self._margin(height)

        def place(fraction: float) -> float:
            return min(1.0, max(0.0, (fraction * (width + 2 * margin) - margin) / width))

        return replace(reading, chars=[replace(c, start=place(c.start), end=place(c.end)) for c in reading.chars])

    def _margin(self, height: int) -> int:
        return int(np.ceil(abs(self.shear) * height / 2))


VARIANTS = (
    Variant(trim=0.06),
    Variant(stretch=1.2),
    Variant(stretch=0.85),
    Variant(stretch=0.6),
    Variant(shear=0.35),
    Variant(shear=-0.35),
)
"""Variants in the order in which they are tried. The last three are for signs with broad or slanted characters.
Chosen on: rendered lines, and lines cut from the training part of MSRA-TD500."""


def majority_vote(readings: Sequence[Reading]) -> Reading:
    """Return the reading with most votes.

    Each reading votes for its text, spaces aside, with the mean probability of its characters. Of the readings with the
    winning text the one with the most probable characters is returned.
    """
    votes: dict[str, float] = {}
    for reading in readings:
        text = _without_spaces(reading.text)
        votes[text] = votes.get(text, 0.0) + mean_confidence(reading.chars)
    winner = max(votes, key=votes.__getitem__)
    of_winner = [reading for reading in readings if _without_spaces(reading.text) == winner]
    return max(of_winner, key=lambda reading: mean_confidence(reading.chars))


def two_agree(readings: Sequence[Reading]) -> bool:
    """Return whether two of the readings have the same text, spaces aside."""
    return len({_without_spaces(reading.text) for reading in readings}) < len(readings)


def _without_spaces(text: str) -> str:
    return text.replace(" ", "")
