"""An uploaded file: kept in a temporary folder of its own, checked before anything is decoded."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ctpn_crnn.documents.images import open_pillow
from ctpn_crnn.documents.page_ref import PageRef
from ctpn_crnn.documents.sources import page_refs
from ctpn_crnn.errors import ImageError

PICTURES = ("BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow's names of the formats that are accepted, besides PDF. Others, such as EPS, would start other programs."""

NAME = "upload"
"""What pages and messages call the file: neither its place on this machine nor the client's name for it."""


class TooLargeError(ImageError):
    """The upload has more pixels or pages than the server accepts."""


class Upload:
    """A client's file in a temporary folder, which `remove` deletes with everything in it.

    Args:
        file: The bytes that were received.

    Attributes:
        folder: The temporary folder, for what is made of the file too.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="ctpn-crnn-", ignore_cleanup_errors=True)
        self.folder = Path(self._place.name)
        self.path = self.folder / NAME
        with open(self.path, "wb") as target:
            shutil.copyfileobj(file, target)

    def pages(self, *, max_pages: int, max_pixels: int, dpi: float, password: str | None) -> list[PageRef]:
        """List the pages. Nothing is decoded: only the kind of the file and the size of a picture are checked.

        Raises:
            TooLargeError: There are too many pages, or too many pixels in the file's only picture.
            ImageError: The file is empty, is neither a picture nor a PDF, or is damaged.
        """
        try:
            self._check_kind(max_pixels)
            with closing(page_refs(self.path, max_pixels=max_pixels, dpi=dpi, password=password)) as found:
                refs = list(islice(found, max_pages + 1))
        except TooLargeError:
            raise
        except ImageError as error:
            raise ImageError(self.without_path(error)) from error
        if len(refs) > max_pages:
            raise TooLargeError(f"the file has more than {max_pages} pages; send fewer at a time")
        for ref in refs:  # names of this machine's folders go to no client
            ref.name = (ref.name or NAME).replace(os.fspath(self.path), NAME)
        return refs

    def load(self, ref: PageRef) -> np.ndarray:
        """Load the picture of a page, uint8 BGR (H, W, 3).

        Raises:
            ImageError: It is damaged or too large.
        """
        try:
            return ref.load()
        except ImageError as error:
            raise ImageError(self.without_path(error)) from error

    def without_path(self, message: object) -> str:
        """Return a message about the file without its place on this machine."""
        return str(message).replace(os.fspath(self.path), "the file").replace(os.fspath(self.folder), "the folder")

    def remove(self) -> None:
        """Delete the folder."""
        self._place.cleanup()

    def _check_kind(self, max_pixels: int) -> None:
        with open(self.path, "rb") as file:
            start = file.read(5)
        if not start:
            raise ImageError("the file is empty (0 bytes); choose another")
        if start == b"%PDF-":
            return
        with open_pillow(self.path, "the file", 1 << 62, PICTURES) as image:
            width, height = image.size
        if width * height > max_pixels:
            raise TooLargeError(
                f"the picture has {width} x {height} = {width * height / 1e6:.4g} million pixels, the limit is "
                f"{max_pixels / 1e6:.4g} million; scale it down or cut it up"
            )
