"""A reference to a page: it can be loaded, and its size, resolution and text are known before that."""

from __future__ import annotations

import abc
import io
import os
import sys
from pathlib import Path

import numpy as np
from PIL import ExifTags

from ctpn_crnn.documents.images import (
    ImageSource,
    check_size,
    exif_swaps_sides,
    load_image,
    open_pillow,
    pillow_to_bgr,
)

POINTS = 72.0
"""Points in an inch."""

_LARGEST_PAGE = 3400.0
"""Points, a little more than the longer side of A0. A picture that claims to be larger carries a default resolution:
cameras write 72 dpi."""

_EXIF_RESOLUTION = frozenset({ExifTags.Base.XResolution, ExifTags.Base.ResolutionUnit})

_JFIF_UNITS = (1, 2)
"""Inch and centimetre."""


class PageRef(abc.ABC):
    """A page that can be loaded. Nothing is decoded or rendered before it is asked for.

    Args:
        name: A path, "path#page=N" for a page of a document, or None for an image in memory.

    Attributes:
        name: A path, "path#page=N" for a page of a document, or None for an image in memory.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name

    @abc.abstractmethod
    def load(self) -> np.ndarray:
        """Load the image of the page, uint8 BGR (H, W, 3).

        Raises:
            ImageError: The page is damaged, or too large.
        """

    @property
    def file(self) -> Path | bytes | None:
        """The file that holds the page, as its path or its bytes; None for an image that never was a file."""
        return None

    @property
    def size_points(self) -> tuple[float, float] | None:
        """Width and height of the page in points (1/72 inch), as it stands upright; None where that is not known.

        Raises:
            ImageError: The page is damaged.
        """
        return None

    @property
    def dpi(self) -> float | None:
        """Horizontal resolution of the image that `load` gives, in pixels an inch; None where that is not known.

        Raises:
            ImageError: The page is damaged.
        """
        return None

    @property
    def text(self) -> str:
        """The text that the page already has, one line for each of its lines; empty for images and scanned PDF pages.

        Raises:
            ImageError: The page is damaged.
        """
        return ""


class ImageRef(PageRef):
    """An image, or a page of a TIFF.

    Args:
        source: What `load_image` reads.
        name: A path, "path#page=N" for a page of a TIFF, or None for an image in memory.
        max_pixels: Larger images are refused.
        frame: Index from 0 of the page in a file with several pages (a path, or the bytes of a file). None: the source
            is a single image.
        title: What messages call it; None for its name.

    Attributes:
        frame: Index from 0 of the page in a file with several pages; None for a single image.
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
        self.frame = frame

    def load(self) -> np.ndarray:
        """Load the image, uint8 BGR (H, W, 3).

        Raises:
            ImageError: The image is missing, damaged, too large, or no image.
        """
        if self.frame is None:
            return load_image(self._source, max_pixels=self._max_pixels, name=self._title)
        name = self._title or "the page"
        with open_pillow(self._file(), name, sys.maxsize) as image:  # checks the first page; the limit is for this one
            image.seek(self.frame)
            check_size(image.size, name, self._max_pixels)
            return pillow_to_bgr(image)

    @property
    def file(self) -> Path | bytes | None:
        """The file that holds the image, as its path or its bytes; None for an image that never was a file."""
        if isinstance(self._source, (str, os.PathLike)):
            return Path(self._source)
        return self._source if isinstance(self._source, bytes) else None

    @property
    def size_points(self) -> tuple[float, float] | None:
        """Width and height in points by the resolution in the file; None without one, or where the page exceeds A0."""
        scale = self._scale()
        return None if scale is None else scale[0]

    @property
    def dpi(self) -> float | None:
        """Horizontal resolution in pixels an inch, or None. Faxes have another one vertically; see `size_points`."""
        scale = self._scale()
        return None if scale is None else scale[1]

    def _scale(self) -> tuple[tuple[float, float], float] | None:
        """((width, height) in points, horizontal dpi) of the upright page, read from the file's header."""
        if not isinstance(self._source, (str, Path, bytes)):
            return None
        with open_pillow(self._file(), self._title or "the image", sys.maxsize) as image:
            image.seek(self.frame or 0)
            recorded, exif = image.info.get("dpi"), image.getexif()
            if (
                image.format == "JPEG"
                and image.info.get("jfif_unit") not in _JFIF_UNITS
                and not set(exif) >= _EXIF_RESOLUTION
            ):
                recorded = None  # Pillow reports 72 for a JPEG with EXIF but without a resolution
            size = image.size
            turned = exif_swaps_sides(image)
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
