"""The forms of detection set that can be read, recognised by the content of the folder; the held-out part of a set."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ctpn_crnn.datasets.icdar import read_icdar
from ctpn_crnn.datasets.problems import OnError
from ctpn_crnn.datasets.samples import PageTruth
from ctpn_crnn.datasets.td500 import read_td500
from ctpn_crnn.datasets.voc import read_voc
from ctpn_crnn.errors import DatasetError


@dataclass(frozen=True)
class DetectionFormat:
    """A form of detection set.

    Attributes:
        content: What the folder of such a set holds, for the message when no form fits.
        fits: Returns whether a folder holds such a set.
        read: Reads the set. Takes the folder and the keywords `on_error` and `skipped` of `read_detection_set`.
        formulas_by_text: Formulas are marked by their text, so that `read` takes the keyword `formula_text`, too.
    """

    content: str
    fits: Callable[[Path], bool]
    read: Callable[..., list[PageTruth]]
    formulas_by_text: bool = False


FORMATS = (
    DetectionFormat("images/ and gt/ (ICDAR)", lambda folder: (folder / "gt").is_dir(), read_icdar, True),
    DetectionFormat(
        "Annotations/ (VOC)",
        lambda folder: (folder / "Annotations").is_dir() or any(folder.glob("*.xml")),
        read_voc,
    ),
    DetectionFormat(".gt files (MSRA-TD500)", lambda folder: any(folder.glob("*.gt")), read_td500),
)
"""All forms; the first one that fits a folder reads it."""


def read_detection_set(
    folder: str | os.PathLike[str],
    *,
    formula_text: str | None = None,
    on_error: OnError = "raise",
    skipped: list[DatasetError] | None = None,
) -> list[PageTruth]:
    """Read a detection set in any of the `FORMATS`.

    Args:
        folder: The set.
        formula_text: Text that marks a formula in the ICDAR form; None if no region is a formula.
        on_error: "raise", or "skip" to leave out the pages whose image or ground truth is missing or malformed.
        skipped: Collects the errors of the pages that were left out.

    Returns:
        The pages in the order of their names.

    Raises:
        DatasetError: No form fits the folder; or, with "raise", the first malformed file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; check the path")
    for form in FORMATS:
        if form.fits(folder):
            marks = {"formula_text": formula_text} if form.formulas_by_text else {}
            return form.read(folder, on_error=on_error, skipped=skipped, **marks)
    *others, last = (form.content for form in FORMATS)
    raise DatasetError(
        f"{folder}: neither a detection set, which has {', '.join(others)} or {last}, nor lines to read, which have "
        "lines.tsv"
    )


def is_held_out(path: str | os.PathLike[str], every: int = 5) -> bool:
    """Return whether a page belongs to the held-out part of a set, about one page in `every`.

    The CRC-32 of the file's stem decides, so that training and evaluation agree without a list.
    """
    return zlib.crc32(Path(path).stem.encode("utf-8")) % every == 0
