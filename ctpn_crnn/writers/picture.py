"""A page as a picture: the image with its lines outlined, and beside it what was read, in the same places."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import ClassVar

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ctpn_crnn.documents.images import ImageSource
from ctpn_crnn.documents.sources import load_page
from ctpn_crnn.errors import OutputError
from ctpn_crnn.files import write_bytes, written_aside
from ctpn_crnn.geometry import quad_size
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.document import DocumentWriter, close_quietly
from ctpn_crnn.writers.font import drawing_font

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")

_OUTLINES = {"text": (60, 160, 0), "formula": (220, 90, 20)}  # BGR
_INK, _UNSURE_INK = (20, 20, 20), (30, 30, 200)
_UNSURE = 0.5
"""Readings whose characters are less probable on average are drawn in red."""

_LEGIBLE = 22.0
"""Line height, in pixels, up to which the picture is enlarged: Chinese is hard to read in less."""

_MAX_ENLARGEMENT = 3.0
_MAX_SIDE = 8000


class PictureWriter(DocumentWriter):
    """A document as pictures, one a page, each as `draw_page` draws it.

    A single page becomes `path`; several become "name-1.png", "name-2.png" and so on. All of them appear at `close`. A
    document without pages leaves no file.

    Args:
        path: The file to write; its suffix tells the format.

    Raises:
        OutputError: `path` has an unknown suffix, or its folder does not exist.
    """

    suffix: ClassVar[str] = "-ocr.png"  # so that it does not replace its source when both lie in one folder
    needs_image: ClassVar[bool] = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._suffix = self.path.suffix.lower()
        if self._suffix not in SUFFIXES:
            raise OutputError(f"cannot write a picture to {path}: the suffix must be one of {', '.join(SUFFIXES)}")
        if not os.path.isdir(self.path.parent):
            raise OutputError(f"cannot write {path}: the folder {self.path.parent} does not exist; make it first")
        self._first = b""
        self._places = ExitStack()

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        encoded, data = cv2.imencode(self._suffix, draw_page(page, np.asarray(image)))
        if not encoded:
            raise OutputError(f"cannot write {self.path}: the picture could not be encoded as {self._suffix}")
        if self.pages == 0:  # its name depends on whether another follows
            self._first = data.tobytes()
            return
        if self.pages == 1:
            self._put(1, self._first)
            self._first = b""
        self._put(self.pages + 1, data.tobytes())

    def _put(self, number: int, data: bytes) -> None:
        """Write a page aside; it gets its name at the end."""
        target = self.path.with_name(f"{self.path.stem}-{number}{self.path.suffix}")
        self._places.enter_context(written_aside(target)).write_bytes(data)

    def _finish(self) -> None:
        if self._first:
            write_bytes(self.path, self._first)
        self._places.close()

    def _abandon(self) -> None:
        close_quietly(self._places)


def write_picture(page: Page, path: str | os.PathLike[str], image: ImageSource | None = None) -> None:
    """Write one page with a `PictureWriter`.

    Args:
        page: The page.
        path: Where to; its suffix tells the format.
        image: What the page was read from; None to load `page.source`.

    Raises:
        OutputError: `path` cannot be written, has an unknown suffix, or the page has no source and no image was given.
        ImageError: The image cannot be read.
    """
    with PictureWriter(path) as writer:
        source = page.source if image is None else image
        if source is None:
            raise OutputError(f"cannot draw the page for {path}: it was read from memory; give the image too")
        writer.add(page, load_page(source))


def draw_page(page: Page, image: np.ndarray) -> np.ndarray:
    """The image with outlines on the left, the recognised text in its places on the right.

    Small print is enlarged until it is legible, up to 3 times; no side of the image exceeds 8000 pixels.

    Args:
        page: The page.
        image: uint8 BGR (H, W, 3) that it was read from.

    Returns:
        uint8 BGR (scale * H, 2 * scale * W, 3).
    """
    scale = _scale(page, image)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    left = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    right = np.full_like(left, 255)
    width = max(1, round(min(size) / 700))
    for line in page.lines:
        quad = line.quad * np.float32(scale)
        _outline(left, quad, line.kind, width)
        if line.text:
            _draw_text(right, line, quad)
        else:
            _outline(right, quad, line.kind, width)
    right[:, :width] = 190
    return np.hstack([left, right])


def _scale(page: Page, image: np.ndarray) -> float:
    heights = [quad_size(line.quad)[1] for line in page.lines if line.text]
    wanted = np.clip(_LEGIBLE / max(float(np.median(heights)), 1.0), 1.0, _MAX_ENLARGEMENT) if heights else 1.0
    return float(min(wanted, _MAX_SIDE / max(image.shape[:2])))


def _outline(canvas: np.ndarray, quad: np.ndarray, kind: str, width: int) -> None:
    points = np.rint(np.clip(quad, -1e6, 1e6)).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(
        canvas,
        [points],
        isClosed=True,
        color=_OUTLINES.get(kind, (128, 128, 128)),
        thickness=width,
        lineType=cv2.LINE_AA,
    )


def _draw_text(canvas: np.ndarray, line: TextLine, quad: np.ndarray) -> None:
    """Lay the text over the quad, slanted as it is."""
    width, height = quad_size(quad)
    ink = _text_ink(line.text, max(1, round(width)), max(1, round(height)))
    low = np.floor(quad.min(axis=0)).astype(int)
    high = np.ceil(quad.max(axis=0)).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, canvas.shape[1::-1])
    if (high <= low).any():
        return
    corners = np.array([(0, 0), (ink.shape[1], 0), ink.shape[1::-1], (0, ink.shape[0])], np.float32)
    matrix = cv2.getPerspectiveTransform(corners - 0.5, (quad - low - 0.5).astype(np.float32))
    if not np.isfinite(matrix).all():
        return
    laid = cv2.warpPerspective(ink, matrix, (high - low).tolist(), flags=cv2.INTER_LINEAR, borderValue=0)
    share = laid[..., None].astype(np.float32) / 255
    colour = np.array(_INK if line.character_confidence >= _UNSURE else _UNSURE_INK, np.float32)
    part = canvas[low[1] : high[1], low[0] : high[0]]
    part[:] = np.rint(part * (1 - share) + colour * share).astype(np.uint8)


def _text_ink(text: str, width: int, height: int) -> np.ndarray:
    """Text as coverage, uint8 (height, width): as high as the line, squeezed when it would be longer than it."""
    font = drawing_font(max(6, round(height * 0.8)))
    room = max(1, int(np.ceil(font.getlength(text))))
    ascent, descent = font.getmetrics()
    patch = Image.new("L", (max(room, 1), height), 0)
    ImageDraw.Draw(patch).text((0, (height - ascent - descent) / 2), text, font=font, fill=255)
    ink = np.asarray(patch)
    if room > width:
        return cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    return np.pad(ink, ((0, 0), (0, width - room)))
