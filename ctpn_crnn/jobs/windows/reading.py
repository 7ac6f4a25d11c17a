"""Reading what lies in windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from ctpn_crnn.geometry import crop_quad
from ctpn_crnn.jobs.windows.finders import Found
from ctpn_crnn.recognizer import PADDING, Reader

CROPS_AT_ONCE = 32
"""Crops of large windows are large; the memory for this many must do, however many windows an image has."""


class ReadText(NamedTuple):
    """What a window says; `confidence` (0..1) is None where nothing was read."""

    text: str
    confidence: float | None


def read_windows(image: np.ndarray, found: Sequence[Found], reader: Reader) -> list[ReadText]:
    """Read windows with the surroundings that `Recognizer` gives a line.

    Args:
        image: uint8 (H, W, 3), BGR.
        found: Windows; those without a quad are not read.
        reader: Reads crops.

    Returns:
        A text each, in their order.
    """
    texts = [ReadText("", None)] * len(found)
    wanted = iter([i for i, one in enumerate(found) if one.quad is not None])
    while chunk := list(islice(wanted, CROPS_AT_ONCE)):
        crops = [crop_quad(image, found[i].quad, PADDING) for i in chunk]
        for i, reading in zip(chunk, reader.read(crops)):
            texts[i] = ReadText(reading.text, float(reading.confidence))
    return texts
