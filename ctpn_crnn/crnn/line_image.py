"""Crops of text lines -> the network's input: grey, 32 pixels high, padded to a common width."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ctpn_crnn.crnn.spec import INPUT_HEIGHT
from ctpn_crnn.errors import ImageError

MIN_WIDTH = 16
"""Width in pixels of the narrowest input: four frames."""

WIDTH_STEP = 32
"""Widths of batches are multiples of this many pixels, so that few shapes occur."""


def line_image(crop: np.ndarray, stretch: float = 1.0) -> np.ndarray:
    """Resize a crop to the height of the network's input.

    Args:
        crop: uint8, grey (H, W) or BGR (H, W, 3).
        stretch: Factor on the width.

    Returns:
        Grey uint8 (32, W'), W' in proportion to the crop and at least `MIN_WIDTH`.

    Raises:
        ImageError: The crop is empty or not a grey or BGR image.
    """
    crop = np.asarray(crop)
    if crop.ndim not in (2, 3) or crop.size == 0 or (crop.ndim == 3 and crop.shape[2] not in (1, 3)):
        raise ImageError(
            f"A crop has the shape {crop.shape}: give grey (H, W) or BGR (H, W, 3) arrays that are not empty."
        )
    if crop.ndim == 3:
        crop = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY) if crop.shape[2] == 3 else crop[..., 0]
    height, width = crop.shape
    target = max(MIN_WIDTH, round(stretch * width * INPUT_HEIGHT / height))
    interpolation = cv2.INTER_AREA if height > INPUT_HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(crop, np.uint8), (target, INPUT_HEIGHT), interpolation=interpolation)


def pad_lines(images: Sequence[np.ndarray], width: int) -> np.ndarray:
    """Stack grey lines (32, W) to a batch uint8 (N, 32, width, 1), filled up with the median of their last column."""
    batch = np.empty((len(images), images[0].shape[0], width, 1), np.uint8)
    for row, image in zip(batch, images):
        columns = min(width, image.shape[1])
        row[:, :columns, 0] = image[:, :columns]
        row[:, columns:, 0] = int(np.median(image[:, -1]))
    return batch


def padded_width(width: int) -> int:
    """Round a width in pixels up to a multiple of `WIDTH_STEP`."""
    return -(-width // WIDTH_STEP) * WIDTH_STEP


def batches_by_width(widths: Sequence[int], budget: int) -> list[list[int]]:
    """Group lines of similar width into batches.

    A line joins a batch unless the padding that this causes costs more than a batch of its own, which is taken to cost
    as much as one line: the LSTMs take as many steps for one line as for many.

    Args:
        widths: Width of each line in pixels.
        budget: Largest sum of the padded widths of a batch; a single wider line is a batch all the same.

    Returns:
        Indices of the lines of each batch, narrow lines first.
    """
    batches: list[list[int]] = []
    batch_width = 0  # sum of the widths in the last batch
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        width = padded_width(widths[index])
        members = len(batches[-1]) if batches else 0
        padding = members * width - batch_width
        if members and (members + 1) * width <= budget and padding <= width:
            batches[-1].append(index)
            batch_width += width
        else:
            batches.append([index])
            batch_width = width
    return batches
