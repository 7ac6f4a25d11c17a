"""The input of a run: images, one a line (.txt), or windows in images (.csv)."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctpn_crnn.datasets.text_files import numbers, read_lines
from ctpn_crnn.documents.images import MAX_PIXELS, check_file, open_pillow, upright_size
from ctpn_crnn.errors import ConfigError, DatasetError, ImageError

COORDINATES = ("xmin", "ymin", "xmax", "ymax")
COLUMNS = ("filename", *COORDINATES)


@dataclass(frozen=True, eq=False)
class Entry:
    """An image of the input.

    Attributes:
        name: The file, as the input names it.
        windows: float64 (W, 4): ymin, xmin, ymax, xmax in pixels (edges); None for the whole image.
        lines: For each window, the line of the input file that gave it, counted from 1.
    """

    name: str
    windows: np.ndarray | None = None
    lines: Sequence[int] = ()

    def check_inside(self, width: int, height: int, source: str) -> None:
        """Check that the windows lie inside the image.

        Args:
            width: Of the image in pixels.
            height: Of the image in pixels.
            source: Name of the input file, for the message.

        Raises:
            DatasetError: A window reaches out of it; the message names its line.
        """
        if self.windows is None:
            return
        outside = (self.windows < 0).any(axis=1) | (self.windows[:, 2] > height) | (self.windows[:, 3] > width)
        if outside.any():
            index = int(outside.argmax())
            ymin, xmin, ymax, xmax = self.windows[index]
            raise DatasetError(
                f"{source}:{self.lines[index]}: the window xmin={xmin:g} ymin={ymin:g} xmax={xmax:g} ymax={ymax:g} "
                f"reaches out of {self.name}, which is {width} x {height} pixels; correct or remove it"
            )


def read_images(path: Path) -> list[Entry]:
    """Read the images that an input names, each once, in the order of their first appearance; windows are ignored.

    Raises:
        ConfigError: The file is neither .txt nor .csv.
        DatasetError: The file cannot be read, names no image, or is malformed; the message names file and line.
    """
    if _suffix(path) == ".txt":
        names = [line.strip() for _, line in read_lines(path)]
    else:
        names = [fields["filename"] for _, fields in _rows(path, required=COLUMNS[:1])]
    if not names:
        raise DatasetError(f"{path}: it names no image; give one file name a line")
    return [Entry(name) for name in dict.fromkeys(names)]


def read_windows(path: Path) -> list[Entry]:
    """Read the windows of a .csv, grouped by image; a .txt gives whole images.

    Windows are stored as plain numbers: a million of them takes some 40 MB.

    Raises:
        ConfigError: The file is neither .txt nor .csv.
        DatasetError: The file cannot be read, holds no window, or is malformed; the message names file and line.
    """
    if _suffix(path) == ".txt":
        return read_images(path)
    windows: dict[str, array[float]] = {}
    lines: dict[str, array[int]] = {}
    for number, fields in _rows(path, required=COLUMNS):
        name = fields["filename"]
        windows.setdefault(name, array("d")).extend(_window(fields, f"{path}:{number}"))
        lines.setdefault(name, array("l")).append(number)
    if not windows:
        raise DatasetError(f"{path}: it holds no window; give rows of {','.join(COLUMNS)}")
    return [Entry(name, np.frombuffer(flat).reshape(-1, 4), lines[name]) for name, flat in windows.items()]


def check_windows(entries: Sequence[Entry], source: str) -> None:
    """Check all windows against the sizes in the images' headers, before the work begins.

    Images without a readable header are left out here; they fail when they are read.

    Raises:
        DatasetError: A window reaches out of its image.
    """
    for entry in entries:
        size = _header_size(entry.name) if entry.windows is not None else None
        if size:
            entry.check_inside(*size, source)


READERS: dict[str, Callable[[Path], list[Entry]]] = {
    "list": read_windows,
    "selective_search": read_images,
    "ctpn": read_images,
}
"""Crop mode -> how its input is read."""


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".txt", ".csv"):
        raise ConfigError(
            f"unknown input file type: {path} is neither .txt (a file name a line) nor .csv ({','.join(COLUMNS)})"
        )
    return suffix


def _rows(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, {column: field}) of a .csv with a checked header."""
    lines = iter(read_lines(path))
    first, header_line = next(lines, (1, ""))
    header = [name.strip() for name in _fields(header_line, f"{path}:{first}")]
    _check_header(header, required, f"{path}:{first}")
    for number, line in lines:
        fields = _fields(line, f"{path}:{number}")
        if len(fields) != len(header):
            raise DatasetError(f"{path}:{number}: {len(fields)} fields under a header of {len(header)}; correct it")
        row = dict(zip(header, fields))
        row["filename"] = row["filename"].strip()
        if not row["filename"]:
            raise DatasetError(f"{path}:{number}: the filename is empty; name an image")
        yield number, row


def _check_header(header: list[str], required: Sequence[str], where: str) -> None:
    wanted = f"the header must be {','.join(COLUMNS)}, in any order"
    for name in header:
        if name not in COLUMNS:
            raise DatasetError(f"{where}: unknown column {name!r}; {wanted}")
        if header.count(name) > 1:
            raise DatasetError(f"{where}: the column {name!r} is there twice; {wanted}")
    missing = [name for name in required if name not in header]
    if missing:
        raise DatasetError(f"{where}: the column {missing[0]!r} is missing; {wanted}")


def _fields(line: str, where: str) -> list[str]:
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error as error:
        raise DatasetError(f"{where}: not a row of comma-separated values ({error}); check its quotes") from error


def _window(fields: dict[str, str], where: str) -> tuple[float, float, float, float]:
    xmin, ymin, xmax, ymax = numbers([fields[name] for name in COORDINATES], where)
    if not (xmin < xmax and ymin < ymax):
        raise DatasetError(
            f"{where}: the window xmin={xmin:g} ymin={ymin:g} xmax={xmax:g} ymax={ymax:g} has no area; "
            "xmin must be less than xmax, and ymin less than ymax"
        )
    return ymin, xmin, ymax, xmax


def _header_size(name: str) -> tuple[int, int] | None:
    """(width, height) of an upright image from its header; None where that cannot be read."""
    try:
        with open_pillow(check_file(name), name, MAX_PIXELS) as image:
            return upright_size(image)
    except ImageError:
        return None
