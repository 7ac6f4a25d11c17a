"""Images of single lines to score a reader on: from a line list, or cut out of the pages of a detection set."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ctpn_crnn.datasets.samples import LabelledLine, PageTruth
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.geometry import crop_quad

_Item = TypeVar("_Item")

OnSkip = Callable[[str, CtpnCrnnError], object]
"""Called with the name and the error of a file that could not be read."""


@dataclass(frozen=True, eq=False)
class LineCrop:
    """The image of one line and its true text.

    Attributes:
        name: The file of the line, or "file#line=N" (counted from 1) for a region of a page.
        image: uint8 BGR (H, W, 3).
        text: The true text.
    """

    name: str
    image: np.ndarray
    text: str


def choose(items: Sequence[_Item], limit: int | None, seed: int) -> list[_Item]:
    """Return at most `limit` random items in their original order; all items when `limit` is None."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[i] for i in sorted(random.Random(seed).sample(range(len(items)), limit))]


def line_crops(samples: Sequence[LabelledLine], on_skip: OnSkip) -> Iterator[LineCrop]:
    """Yield the lines of a line list; a file that cannot be read is reported to `on_skip` and left out."""
    for sample in samples:
        try:
            yield LineCrop(str(sample.path), load_image(sample.path), sample.text)
        except CtpnCrnnError as error:
            on_skip(str(sample.path), error)


def readable_regions(pages: Sequence[PageTruth]) -> list[tuple[PageTruth, int]]:
    """Return the text regions of a detection set whose text is known, as (page, index of the region)."""
    return [
        (page, index)
        for page in pages
        for index, region in enumerate(page.regions)
        if region.text and region.kind == "text" and not region.ignore
    ]


def page_crops(
    regions: Sequence[tuple[PageTruth, int]], on_skip: OnSkip, padding: tuple[float, float] = (0.0, 0.0)
) -> Iterator[LineCrop]:
    """Cut regions out of their pages; a page is loaded once if its regions follow each other.

    Args:
        regions: Pairs of page and index of the region, as `readable_regions` returns them.
        on_skip: Called for a page that cannot be read; its regions are left out.
        padding: Room around a region as in `crop_quad`: beside it, and above and below it, in line heights.
    """
    current: PageTruth | None = None
    image: np.ndarray | None = None
    for page, index in regions:
        if page is not current:
            current, image = page, _load(page, on_skip)
        if image is not None:
            region = page.regions[index]
            yield LineCrop(f"{page.path}#line={index + 1}", crop_quad(image, region.quad, padding), region.text or "")


def _load(page: PageTruth, on_skip: OnSkip) -> np.ndarray | None:
    try:
        return load_image(page.path)
    except CtpnCrnnError as error:
        on_skip(str(page.path), error)
        return None
