"""Pictures: the image of a page with its lines outlined, and beside it the text that was read, in the same places."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ctpn_crnn.errors import OutputError
from ctpn_crnn.files import write_bytes, written_aside
from ctpn_crnn.geometry import quad_size
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.document import DocumentWriter, close_quietly
from ctpn_crnn.writers.font import drawing_font

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")

_OUTLINE_COLOURS = {"text": (60, 160, 0), "formula": (220, 90, 20)}  # BGR
_INK, _UNSURE_INK = (20, 20, 20), (30, 30, 200)

_MAX_INK = 50_000_000
"""Pixels that a line's text is drawn with at most; bounds the memory for lines of huge print."""


@dataclass(frozen=True)
class PictureStyle:
    """How `draw_page` draws. Chosen by eye, on a few documents and photographs.

    Attributes:
        min_confidence: Text whose characters are less probable on average (0..1) is drawn in red.
        legible_height: Line height in pixels up to which the picture is enlarged; smaller Chinese is hard to read.
        max_enlargement: Largest factor by which the image is enlarged.
        max_side: Longest side of the enlarged image, in pixels; a larger image is scaled down to it.
        font_size: Size of the text in heights of its line.
        outline_share: The image's shorter side is this many outlines wide.
    """

    min_confidence: float = 0.5
    legible_height: float = 22.0
    max_enlargement: float = 3.0
    max_side: int = 8000
    font_size: float = 0.8
    outline_share: int = 700


class PictureWriter(DocumentWriter):
    """A document as pictures, one for each page, as `draw_page` draws them.

    A single page becomes `path`; several become "name-1.png", "name-2.png" and so on. All of them appear at `close`. A
    document without pages leaves no file.

    Args:
        path: The file to write. Its suffix gives the format of the picture.

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
        if self.pages == 0:  # its name depends on whether another page follows
            self._first = data.tobytes()
            return
        if self.pages == 1:
            self._write_aside(1, self._first)
            self._first = b""
        self._write_aside(self.pages + 1, data.tobytes())

    def _write_aside(self, number: int, data: bytes) -> None:
        """Write a picture to a temporary file, which gets its name when the document is complete."""
        target = self.path.with_name(f"{self.path.stem}-{number}{self.path.suffix}")
        self._places.enter_context(written_aside(target)).write_bytes(data)

    def _finish(self) -> None:
        if self._first:
            write_bytes(self.path, self._first)
        self._places.close()

    def _abandon(self) -> None:
        close_quietly(self._places)


def draw_page(page: Page, image: np.ndarray, style: PictureStyle = PictureStyle()) -> np.ndarray:
    """Draw the image with outlines on the left, and the recognised text in its places on the right.

    Small print is enlarged until it is legible.

    Args:
        page: The page.
        image: The image that it was read from, uint8 BGR (H, W, 3).
        style: Sizes and limits.

    Returns:
        uint8 BGR (scale * H, 2 * scale * W, 3).
    """
    scale = _scale(page, image, style)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    left = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    right = np.full_like(left, 255)
    width = max(1, round(min(size) / style.outline_share))
    for line in page.lines:
        # A page made by hand may have lines of any size in any place.
        quad = np.clip(np.nan_to_num(line.quad * np.float32(scale)), -2 * max(size), 2 * max(size))
        _outline(left, quad, line.kind, width)
        if line.text:
            _draw_text(right, line, quad, style)
        else:
            _outline(right, quad, line.kind, width)
    right[:, :width] = 190
    return np.hstack([left, right])


def _scale(page: Page, image: np.ndarray, style: PictureStyle) -> float:
    heights = [quad_size(line.quad)[1] for line in page.lines if line.text and np.isfinite(line.quad).all()]
    height = max(float(np.median(heights)), 1.0) if heights else style.legible_height
    wanted = np.clip(style.legible_height / height, 1.0, style.max_enlargement)
    return float(min(wanted, style.max_side / max(image.shape[:2])))


def _outline(canvas: np.ndarray, quad: np.ndarray, kind: str, width: int) -> None:
    points = np.rint(np.clip(quad, -1e6, 1e6)).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(
        canvas,
        [points],
        isClosed=True,
        color=_OUTLINE_COLOURS.get(kind, (128, 128, 128)),
        thickness=width,
        lineType=cv2.LINE_AA,
    )


def _draw_text(canvas: np.ndarray, line: TextLine, quad: np.ndarray, style: PictureStyle) -> None:
    """Draw the text of a line into its quad."""
    width, height = quad_size(quad)
    pixels = max(width, height * len(line.text)) * height
    reduction = min(1.0, (_MAX_INK / pixels) ** 0.5) if pixels else 1.0  # what is drawn smaller is enlarged below
    ink = _text_ink(line.text, max(1, round(width * reduction)), max(1, round(height * reduction)), style.font_size)
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
    coverage = laid[..., None].astype(np.float32) / 255
    colour = np.array(_INK if line.character_confidence >= style.min_confidence else _UNSURE_INK, np.float32)
    part = canvas[low[1] : high[1], low[0] : high[0]]
    part[:] = np.rint(part * (1 - coverage) + colour * coverage).astype(np.uint8)


def _text_ink(text: str, width: int, height: int, font_size: float) -> np.ndarray:
    """Coverage by a text that is as high as its line and squeezed if it is longer, uint8 (height, width)."""
    font = drawing_font(max(6, round(height * font_size)))
    room = max(1, int(np.ceil(font.getlength(text))))
    ascent, descent = font.getmetrics()
    patch = Image.new("L", (max(room, 1), height), 0)
    ImageDraw.Draw(patch).text((0, (height - ascent - descent) / 2), text, font=font, fill=255)
    ink = np.asarray(patch)
    if room > width:
        return cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    return np.pad(ink, ((0, 0), (0, width - room)))
