"""Any detection set that this library reads, told apart by its folder; and its training and held-out parts."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from ctpn_crnn.datasets.icdar import read_icdar
from ctpn_crnn.datasets.problems import OnError
from ctpn_crnn.datasets.samples import PageTruth
from ctpn_crnn.datasets.td500 import read_td500
from ctpn_crnn.datasets.voc import read_voc
from ctpn_crnn.errors import DatasetError


def read_detection_set(
    folder: str | os.PathLike[str],
    *,
    formula_text: str | None = None,
    on_error: OnError = "raise",
    skipped: list[DatasetError] | None = None,
) -> list[PageTruth]:
    """Read a folder in ICDAR form, in VOC form, or MSRA-TD500 as published.

    Args:
        folder: The set.
        formula_text: As for `read_icdar`; the other forms have no need of it.
        on_error: "raise", or "skip" to leave out the pages whose truth is missing or malformed.
        skipped: Collects the problems that were skipped.

    Returns:
        The pages in the order of their names.

    Raises:
        DatasetError: The folder holds none of the three forms; or, with "raise", the first malformed file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; check the path")
    if (folder / "gt").is_dir():
        return read_icdar(folder, formula_text=formula_text, on_error=on_error, skipped=skipped)
    if (folder / "Annotations").is_dir() or any(folder.glob("*.xml")):
        return read_voc(folder, on_error=on_error, skipped=skipped)
    if any(folder.glob("*.gt")):
        return read_td500(folder, on_error=on_error, skipped=skipped)
    raise DatasetError(
        f"{folder}: neither a detection set, which has images/ and gt/ (ICDAR), Annotations/ (VOC) or .gt files "
        "(MSRA-TD500), nor lines to read, which have lines.tsv"
    )


def is_held_out(path: str | os.PathLike[str], every: int = 5) -> bool:
    """Return whether a page belongs to the held-out part of a set: about one in `every`, by the CRC-32 of its stem.

    The choice depends on nothing but the name, so that training and evaluation agree on it without a list.
    """
    return zlib.crc32(Path(path).stem.encode("utf-8")) % every == 0
