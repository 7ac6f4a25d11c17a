"""A page with one red bar, for tests of training crops."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.training.labelled_regions import LabelledRegion

BAR = np.float32([[60, 100], [260, 100], [260, 140], [60, 140]])


def bar_page(rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
    """A red bar on white, always at the same place."""
    image = np.full((240, 320, 3), 255, np.uint8)
    image[100:140, 60:260] = (0, 0, 255)
    return image, [LabelledRegion(BAR)]
