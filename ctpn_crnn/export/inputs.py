"""Images as batches for a network: of the user's, and made ones to compare two networks on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np

from ctpn_crnn.crnn.line_image import line_image, pad_lines
from ctpn_crnn.crnn.spec import FRAME_WIDTH, INPUT_HEIGHT
from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.documents.images import load_image

MAX_SIDE = 640
"""Longest side in pixels of a page: larger ones are shrunk, which is quick and enough to compare networks."""

_SIZES = {"ctpn": ((1, 64, 96, 3), (2, 48, 112, 3)), "crnn": ((1, INPUT_HEIGHT, 16, 1), (3, INPUT_HEIGHT, 164, 1))}


def made_batches(kind: str, seed: int = 0) -> list[np.ndarray]:
    """Make batches of noise in two sizes, for a detector a drawn line too: (N, H, W, C), float32, 0..255."""
    random = np.random.default_rng(seed)
    noise = [random.integers(0, 256, size).astype(np.float32) for size in _SIZES[kind]]
    return [*noise, _drawn_line()] if kind == "ctpn" else noise


def _drawn_line() -> np.ndarray:
    page = np.full((96, 320, 3), 255, np.uint8)
    cv2.putText(page, "Proposals 123", (16, 58), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2, cv2.LINE_AA)
    return page[None].astype(np.float32)


def image_batches(kind: str, images: Iterable[Any]) -> list[np.ndarray]:
    """Load each image as a batch of one: a page for the detector, a line for the reader.

    Args:
        kind: "ctpn" or "crnn".
        images: Whatever `load_image` reads.

    Returns:
        float32 (1, H, W, 3) RGB, or (1, 32, W, 1) grey.

    Raises:
        ImageError: One of them cannot be read.
    """
    prepare = _page if kind == "ctpn" else _line
    return [prepare(load_image(image)) for image in images]


def _page(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = min(1.0, MAX_SIDE / max(height, width))
    grid = [max(1, round(side * scale / STRIDE)) * STRIDE for side in (width, height)]
    return cv2.cvtColor(cv2.resize(image, grid, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)[None].astype(
        np.float32
    )


def _line(image: np.ndarray) -> np.ndarray:
    line = line_image(image)
    return pad_lines([line], -(-line.shape[1] // FRAME_WIDTH) * FRAME_WIDTH).astype(np.float32)
