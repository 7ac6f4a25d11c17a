"""Detection sets in the form of ICDAR 2015: a text file for each image, with a quad and its text on each line."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ctpn_crnn.datasets.problems import OnError, read_each
from ctpn_crnn.datasets.samples import PageTruth, TruthRegion
from ctpn_crnn.datasets.text_files import clean_quad, list_images, numbers, read_lines
from ctpn_crnn.errors import DatasetError

IGNORE_TEXT = "###"
"""The text of a region that is not to be scored (ICDAR 2015, challenge 4)."""


def read_icdar(
    folder: str | os.PathLike[str],
    *,
    formula_text: str | None = None,
    on_error: OnError = "raise",
    skipped: list[DatasetError] | None = None,
) -> list[PageTruth]:
    """Read a set of ``images/`` with ``gt/<stem>.txt`` or ``gt/gt_<stem>.txt``.

    Each line of a file is a region: ``x1,y1,x2,y2,x3,y3,x4,y4,text``, clockwise from the text's top left. The text may
    contain commas. ``###`` marks a region to ignore, an empty text is unknown (None). An empty file is a page without
    text.

    Args:
        folder: The set.
        formula_text: Regions with exactly this text are of kind "formula", and their text is None. None: every region
            is text.
        on_error: "raise", or "skip" to leave out the pages whose image or ground truth is missing or malformed.
        skipped: Collects the errors of the pages that were left out.

    Returns:
        The pages in the order of the images' names.

    Raises:
        DatasetError: There is no such set; or, with "raise", the first malformed line, by file and line number.
    """
    folder = Path(folder)
    images = {image.stem: image for image in list_images(folder / "images")}
    # The name of an image may itself begin with gt_.
    truths = {
        path.stem if path.stem in images else path.stem.removeprefix("gt_"): path
        for path in sorted((folder / "gt").glob("*.txt"))
    }

    def page(stem: str) -> PageTruth:
        if stem not in truths:
            raise DatasetError(
                f"{images[stem]}: no gt/{stem}.txt for this image; add it (an empty file for a page without text)"
            )
        if stem not in images:
            raise DatasetError(
                f"{truths[stem]}: there is no image {stem}.* in {folder / 'images'}; add it or delete the file"
            )
        return PageTruth(images[stem], read_icdar_regions(truths[stem], formula_text))

    return read_each(sorted(images.keys() | truths.keys()), page, on_error, skipped)


def read_icdar_regions(path: Path, formula_text: str | None = None) -> list[TruthRegion]:
    """Read the regions of one ground-truth file.

    Raises:
        DatasetError: A line is malformed; the message names file and line.
    """
    return [_region(line, f"{path}:{number}", formula_text) for number, line in read_lines(path)]


def _region(line: str, where: str, formula_text: str | None) -> TruthRegion:
    fields = line.split(",", 8)
    if len(fields) < 8:
        raise DatasetError(
            f"{where}: {len(fields)} fields; a line must be eight coordinates and a text, divided by commas"
        )
    quad = clean_quad(np.array(numbers(fields[:8], where)), where)
    text = fields[8].strip() if len(fields) == 9 else ""
    if text == IGNORE_TEXT:
        return TruthRegion(quad, None, ignore=True)
    if formula_text is not None and text == formula_text:
        return TruthRegion(quad, None, kind="formula")
    return TruthRegion(quad, text or None)
