"""Line lists: a text file with the path of an image and its text on each line."""

from __future__ import annotations

import os
from pathlib import Path

from ctpn_crnn.datasets.problems import OnError, read_each
from ctpn_crnn.datasets.samples import LabelledLine
from ctpn_crnn.datasets.text_files import read_lines
from ctpn_crnn.errors import DatasetError

LINE_LIST_NAME = "lines.tsv"
"""Name of the line list in a folder."""


def read_line_list(
    path: str | os.PathLike[str], *, on_error: OnError = "raise", skipped: list[DatasetError] | None = None
) -> list[LabelledLine]:
    """Read a line list: UTF-8, on each line the path of an image, a tab, and the text.

    Paths are relative to the folder of the list. The text begins after the first tab and may contain spaces and tabs.
    Blank lines are ignored.

    Args:
        path: The list, or a folder that holds ``lines.tsv``.
        on_error: "raise", or "skip" to leave out the lines that are malformed or whose image is missing.
        skipped: Collects the errors of the lines that were left out.

    Returns:
        The lines in the order of the list.

    Raises:
        DatasetError: The list cannot be read or is not UTF-8; or, with "raise", the first malformed line, by file and
            line number.
    """
    file = Path(path)
    if file.is_dir():
        file = file / LINE_LIST_NAME

    def sample(numbered: tuple[int, str]) -> LabelledLine:
        number, line = numbered
        return _sample(file.parent, line, f"{file}:{number}")

    return read_each(read_lines(file), sample, on_error, skipped)


def _sample(folder: Path, line: str, where: str) -> LabelledLine:
    name, tab, text = line.partition("\t")
    if not tab:
        raise DatasetError(f"{where}: no tab; a line must be an image path, a tab and the text")
    if not text.strip():
        raise DatasetError(f"{where}: no text after the tab; give the text or delete the line")
    image = folder / name.strip()
    if not name.strip() or not image.is_file():
        raise DatasetError(f"{where}: there is no image {image}; paths are relative to the list's folder")
    return LabelledLine(image, text)
