"""The image of a page as an image object of a PDF."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ctpn_crnn.documents.images import exif_orientation, load_image
from ctpn_crnn.errors import ImageError


@dataclass(frozen=True)
class PdfImage:
    """An image as a PDF stores it.

    Attributes:
        data: The compressed bytes.
        coding: "DCTDecode" (JPEG) or "FlateDecode" (the compression of PNG).
        width: In pixels.
        height: In pixels.
        channels: 1 or 3.
        bits: Bits of a channel: 8, or 1 for black and white.
    """

    data: bytes
    coding: str
    width: int
    height: int
    channels: int
    bits: int = 8

    def to_object(self, pdf: Any) -> Any:
        """Add the image object to a PDF (pikepdf)."""
        from pikepdf import Dictionary, Name

        image = pdf.make_stream(self.data)
        image.Type = Name.XObject
        image.Subtype = Name.Image
        image.Width, image.Height, image.BitsPerComponent = self.width, self.height, self.bits
        image.ColorSpace = Name.DeviceRGB if self.channels == 3 else Name.DeviceGray
        image.Filter = Name("/" + self.coding)
        if self.coding == "FlateDecode":
            image.DecodeParms = Dictionary(
                Predictor=15, Colors=self.channels, BitsPerComponent=self.bits, Columns=self.width
            )
        return image


def jpeg_image(image: np.ndarray, quality: int) -> PdfImage:
    """Compress an image as JPEG, with one channel if it has no colour.

    Args:
        image: uint8 BGR (H, W, 3).
        quality: 1..100.

    Raises:
        ImageError: A side is longer than the 65535 pixels that JPEG allows.
    """
    image = _without_needless_colour(image)
    height, width = image.shape[:2]
    try:
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    except cv2.error:
        done = False
    if not done:
        raise ImageError(f"an image of {width} x {height} pixels cannot be written as JPEG; ask for a lossless picture")
    return PdfImage(data.tobytes(), "DCTDecode", width, height, 1 if image.ndim == 2 else 3)


def lossless_image(image: np.ndarray) -> PdfImage:
    """Compress an image without loss: black and white with one bit a pixel, grey with one channel, colour with three.

    Args:
        image: uint8 BGR (H, W, 3).
    """
    image = _without_needless_colour(image)
    bits = 1 if image.ndim == 2 and not np.any((image != 0) & (image != 255)) else 8
    if image.ndim == 3:
        image = image[..., ::-1]
    grid = Image.fromarray(np.ascontiguousarray(image))
    file = io.BytesIO()
    (grid.convert("1", dither=Image.Dither.NONE) if bits == 1 else grid).save(file, "PNG")
    channels = 1 if image.ndim == 2 else 3
    return PdfImage(_png_data(file.getvalue()), "FlateDecode", grid.width, grid.height, channels, bits)


def original_jpeg(path: str | None, image: np.ndarray) -> PdfImage | None:
    """Take over the JPEG file that an image was loaded from, byte for byte.

    Args:
        path: Where the image came from, such as `Page.source`.
        image: uint8 BGR (H, W, 3).

    Returns:
        None if the path names no JPEG file that a PDF can hold as it is, or if the image is not exactly what that file
        shows, since it was turned upright, scaled, or deskewed.
    """
    try:
        with open(path or "", "rb") as file:
            data = file.read() if file.read(2) == b"\xff\xd8" else b""
        if not data:
            return None
        data = b"\xff\xd8" + data
        with Image.open(io.BytesIO(data)) as opened:
            plain = opened.format == "JPEG" and opened.mode in ("L", "RGB")
            if not plain or exif_orientation(opened) != 1:
                return None
            channels = len(opened.getbands())
        same = np.array_equal(load_image(data), image)
    except (OSError, ValueError, ImageError, Image.DecompressionBombError):
        return None
    return PdfImage(data, "DCTDecode", image.shape[1], image.shape[0], channels) if same else None


def _without_needless_colour(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W) if the three channels agree everywhere, else the image as it is."""
    grey = image[..., 0]
    if np.array_equal(grey, image[..., 1]) and np.array_equal(grey, image[..., 2]):
        return np.ascontiguousarray(grey)
    return image


def _png_data(png: bytes) -> bytes:
    """The compressed pixels of a PNG, which a PDF takes as they are."""
    found, place = [], 8
    while place < len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        if kind == b"IDAT":
            found.append(png[place + 8 : place + 8 + length])
        place += 12 + length
    return b"".join(found)
