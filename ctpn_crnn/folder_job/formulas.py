"""Formulas as pictures: they are found, but not read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ctpn_crnn.files import write_bytes
from ctpn_crnn.images import crop_quad
from ctpn_crnn.page import Page

PADDING = (0.05, 0.05)
"""Around a formula, in its heights: the box may touch its outermost strokes."""


def save_formulas(page: Page, image: np.ndarray, folder: Path, stem: str) -> list[Path]:
    """Cut the formulas out of a page: "stem-1.png", "stem-2.png" and so on, in reading order.

    Args:
        page: The page.
        image: uint8 BGR (H, W, 3), what it was read from.
        folder: Must exist.
        stem: What the names begin with.

    Returns:
        The files.

    Raises:
        OutputError: A file cannot be written.
    """
    quads = [line.quad for line in page.lines if line.kind == "formula"]
    paths = [folder / f"{stem}-{number}.png" for number in range(1, len(quads) + 1)]
    for path, quad in zip(paths, quads):
        write_bytes(path, cv2.imencode(".png", crop_quad(image, quad, PADDING))[1].tobytes())
    return paths
