"""Pictures of formulas."""

from __future__ import annotations

import os
import re
from pathlib import Path

import cv2
import numpy as np

from ctpn_crnn.files import write_bytes
from ctpn_crnn.geometry import crop_quad
from ctpn_crnn.page import Page

PADDING = (0.05, 0.05)
"""Added at each end and at top and bottom, in heights of the formula: its box may touch the outermost strokes."""


def save_formulas(page: Page, image: np.ndarray, folder: Path, stem: str) -> dict[int, list[Path]]:
    """Cut the formulas out of a page: "stem-1.png", "stem-2.png" and so on, in reading order.

    Args:
        page: The page.
        image: uint8 BGR (H, W, 3), what the page was read from.
        folder: Where the pictures go; must exist.
        stem: Beginning of their names.

    Returns:
        `id` of the line -> the files of its formulas.

    Raises:
        OutputError: A file cannot be written.
    """
    paths: dict[int, list[Path]] = {}
    number = 0
    for line in page.lines:
        for formula in line.formulas:
            number += 1
            path = folder / f"{stem}-{number}.png"
            write_bytes(path, cv2.imencode(".png", crop_quad(image, formula, PADDING))[1].tobytes())
            paths.setdefault(id(line), []).append(path)
    return paths


def relative_url(path: Path, folder: Path) -> str:
    """The URL of a file relative to a folder; an absolute URL where the two are on different drives."""
    try:
        relative = Path(os.path.relpath(path, folder))
    except ValueError:
        return path.absolute().as_uri()
    return re.sub(r"[%#?:]", lambda match: f"%{ord(match[0]):02X}", relative.as_posix())
