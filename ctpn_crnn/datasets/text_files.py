"""Parts that the readers share: lines of text files, lists of images, numbers, quads."""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np

from ctpn_crnn.errors import DatasetError
from ctpn_crnn.geometry import order_quad, quad_area

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif")
"""Endings of image files, in lower case."""


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a UTF-8 file that are not blank, as (number of the line from 1, line).

    A byte order mark and Windows line ends are removed. Only a line feed ends a line: a text may contain U+2028 or a
    form feed.

    Raises:
        DatasetError: The file cannot be read, or a line is not UTF-8; the message names file and line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    lines = []
    for number, raw in enumerate(content.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        try:
            line = raw.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            raise DatasetError(
                f"{path}:{number}: not UTF-8 (byte {error.start + 1} of the line); convert the file to UTF-8"
            ) from error
        if line.strip():
            lines.append((number, line))
    return lines


def list_images(folder: Path) -> list[Path]:
    """Return the image files of a folder, sorted by name.

    Raises:
        DatasetError: There is no such folder.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; check the path")
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())


def numbers(fields: list[str], where: str) -> list[float]:
    """Convert fields to finite numbers.

    Raises:
        DatasetError: A field is no finite number; `where` ("file:line") begins the message.
    """
    values = []
    for text in fields:
        try:
            value = float(text)
        except ValueError:
            raise DatasetError(f"{where}: {text.strip()!r} is not a number") from None
        if not np.isfinite(value):
            raise DatasetError(f"{where}: the coordinate {text.strip()!r} is not finite")
        values.append(value)
    return values


def clean_quad(points: np.ndarray, where: str) -> np.ndarray:
    """Return annotated corners as a clockwise quad that begins at the text's top left.

    The first corner is taken as the top left. Two common slips of annotators are corrected: corners listed
    anticlockwise are reversed, and crossed ones are sorted.

    Args:
        points: (4, 2) corners in pixels.
        where: "file:line", for the message of an error.

    Returns:
        float32 (4, 2), clockwise.

    Raises:
        DatasetError: The corners enclose no area.
    """
    quad = np.asarray(points, np.float32).reshape(4, 2)
    if quad_area(quad) <= 0:
        raise DatasetError(f"{where}: the region has no area: {quad.tolist()}; correct or delete it")
    sides = np.roll(quad, -1, axis=0) - quad
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    if (turns > 0).sum() == 2 and (turns < 0).sum() == 2:
        return order_quad(quad)
    return quad if turns.sum() > 0 else quad[[0, 3, 2, 1]]
