"""MSRA-TD500 (Yao et al., CVPR 2012): photographs of signs with lines in any direction, without their text."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ctpn_crnn.datasets.icdar import read_icdar
from ctpn_crnn.datasets.problems import OnError, read_each
from ctpn_crnn.datasets.samples import PageTruth, TruthRegion
from ctpn_crnn.datasets.text_files import clean_quad, list_images, numbers, read_lines
from ctpn_crnn.errors import DatasetError


def read_td500(
    folder: str | os.PathLike[str], *, on_error: OnError = "raise", skipped: list[DatasetError] | None = None
) -> list[PageTruth]:
    """Read MSRA-TD500 as published (``<stem>.gt`` beside ``<stem>.JPG``) or in the ICDAR form (``images/``, ``gt/``).

    Each line of a .gt file is a region: ``index difficulty x y width height angle``. The box is that before turning it
    about its centre by `angle` radians, clockwise on the screen. Regions of difficulty 1 are to be ignored.

    Args:
        folder: The set, or one of its parts (``train``, ``test``).
        on_error: "raise", or "skip" to leave out the pages whose ground truth is missing or malformed.
        skipped: Collects the errors of the pages that were left out.

    Returns:
        The pages in the order of the images' names.

    Raises:
        DatasetError: There is no such set; or, with "raise", the first malformed line, by file and line number.
    """
    folder = Path(folder)
    if (folder / "gt").is_dir():
        return read_icdar(folder, on_error=on_error, skipped=skipped)

    def page(image: Path) -> PageTruth:
        return PageTruth(image, read_td500_regions(image.with_suffix(".gt")))

    return read_each(list_images(folder), page, on_error, skipped)


def read_td500_regions(path: Path) -> list[TruthRegion]:
    """Read the regions of one .gt file.

    Raises:
        DatasetError: A line is malformed; the message names file and line.
    """
    return [_region(line, f"{path}:{number}") for number, line in read_lines(path)]


def _region(line: str, where: str) -> TruthRegion:
    fields = line.split()
    if len(fields) != 7:
        raise DatasetError(f"{where}: {len(fields)} fields; a line must be 'index difficulty x y width height angle'")
    _, difficulty, x, y, width, height, angle = numbers(fields, where)
    if difficulty not in (0, 1):
        raise DatasetError(f"{where}: the difficulty must be 0 or 1, not {fields[1]}")
    if width <= 0 or height <= 0:
        raise DatasetError(f"{where}: the region has no area: {fields[4]} x {fields[5]}; correct or delete it")
    quad = turned_box(x + width / 2, y + height / 2, width, height, angle)
    return TruthRegion(clean_quad(quad, where), ignore=difficulty == 1)


def turned_box(center_x: float, center_y: float, width: float, height: float, angle: float) -> np.ndarray:
    """Return the corners (4, 2) of a box turned about its centre by `angle` radians, clockwise on the screen."""
    corners = np.array([(-width, -height), (width, -height), (width, height), (-width, height)]) / 2
    cos, sin = np.cos(angle), np.sin(angle)
    return corners @ np.array([[cos, sin], [-sin, cos]]) + (center_x, center_y)
