"""A page that can be loaded, and what is known of it before it is."""

from __future__ import annotations

import abc
import io
import sys
from pathlib import Path

import numpy as np

from ctpn_crnn.documents.images import ImageSource, check_size, load_image, open_pillow, pillow_to_bgr

POINTS = 72.0
"""Points in an inch."""

_LARGEST_PAGE = 3400.0
"""Points; a little more than the longer side of A0. A picture that claims to be larger carries a resolution that nobody
set: cameras write 72 dpi."""

_EXIF_ORIENTATION = 0x0112
_EXIF_TURNED = frozenset({5, 6, 7, 8})
"""The orientations that swap width and height."""

_EXIF_RESOLUTION = frozenset({0x011A, 0x0128})
"""Pixels a unit, and the unit."""

_JFIF_UNITS = (1, 2)
"""Inch and centimetre."""


class PageRef(abc.ABC):
    """A page that can be loaded. Nothing is decoded or rendered before it is asked for.

    Args:
        name: See the attribute.

    Attributes:
        name: A path, "path#page=N" for a page of a document, or None for an image in memory.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name

    @abc.abstractmethod
    def load(self) -> np.ndarray:
        """Its image, uint8 BGR (H, W, 3).

        Raises:
            ImageError: The page is damaged, or too large.
        """

    @property
    def size_points(self) -> tuple[float, float] | None:
        """Width and height of the page in points (1/72 inch), as it stands upright; None where that is not known.

        Raises:
            ImageError: The page is damaged.
        """
        return None

    @property
    def dpi(self) -> float | None:
        """Pixels an inch, across, of the image that `load` gives; None where that is not known.

        Raises:
            ImageError: The page is damaged.
        """
        return None

    @property
    def text(self) -> str:
        """The text that the page already has, a line each; empty for an image, and for a PDF page that is only one.

        Raises:
            ImageError: The page is damaged.
        """
        return ""


class ImageRef(PageRef):
    """An image, or a page of a TIFF.

    Args:
        source: Whatever `load_image` reads.
        name: See `PageRef`.
        max_pixels: See `load_image`.
        frame: For a file (a path, or the bytes of one) with several pages: which, from 0. None: a single image.
        title: What messages call it; None for its name.
    """

    def __init__(
        self,
        source: ImageSource,
        name: str | None,
        max_pixels: int,
        frame: int | None = None,
        title: str | None = None,
    ) -> None:
        super().__init__(name)
        self._title = title or name
        self._source = source
        self._max_pixels = max_pixels
        self._frame = frame

    def load(self) -> np.ndarray:
        """See `PageRef.load`."""
        if self._frame is None:
            return load_image(self._source, max_pixels=self._max_pixels, name=self._title)
        name = self._title or "the page"
        with open_pillow(self._file(), name, sys.maxsize) as image:  # checks the first page; the limit is for this one
            image.seek(self._frame)
            check_size(image.size, name, self._max_pixels)
            return pillow_to_bgr(image)

    @property
    def size_points(self) -> tuple[float, float] | None:
        """See `PageRef.size_points`; what the file says of its resolution, unless that makes it larger than A0."""
        facts = self._facts()
        return None if facts is None else facts[0]

    @property
    def dpi(self) -> float | None:
        """See `PageRef.dpi`; the resolution down the page, where it is another (faxes), is in `size_points` only."""
        facts = self._facts()
        return None if facts is None else facts[1]

    def _facts(self) -> tuple[tuple[float, float], float] | None:
        """((width, height) in points, dpi across), upright; read from the header anew each time."""
        if not isinstance(self._source, (str, Path, bytes)):
            return None
        with open_pillow(self._file(), self._title or "the image", sys.maxsize) as image:
            image.seek(self._frame or 0)
            recorded, exif = image.info.get("dpi"), image.getexif()
            if (
                image.format == "JPEG"
                and image.info.get("jfif_unit") not in _JFIF_UNITS
                and not set(exif) >= _EXIF_RESOLUTION
            ):
                recorded = None  # Pillow says 72 where a JPEG with EXIF tells no resolution
            size = image.size
            turned = exif.get(_EXIF_ORIENTATION) in _EXIF_TURNED
        try:
            across, down = (float(value) for value in recorded)
        except (TypeError, ValueError, ZeroDivisionError):  # none, or a malformed fraction
            return None
        if not (across > 0 and down > 0):  # also NaN
            return None
        width, height = size[0] * POINTS / across, size[1] * POINTS / down
        if not 1 <= min(width, height) <= max(width, height) <= _LARGEST_PAGE:
            return None
        return ((height, width), down) if turned else ((width, height), across)

    def _file(self) -> Path | io.BytesIO:
        return io.BytesIO(self._source) if isinstance(self._source, bytes) else Path(self._source)
