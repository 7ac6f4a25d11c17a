"""Decode one image, from a file or from memory, to a uint8 BGR array."""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias, Union

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ctpn_crnn.errors import ImageError

logger = logging.getLogger(__name__)

ImageSource: TypeAlias = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, Image.Image, np.ndarray]
"""What `load_image` reads."""

MAX_PIXELS = 150_000_000
"""Default limit of an image's size: an A4 page at 1200 dpi has 139 million pixels."""

_EXIF_QUARTER_TURNS = frozenset({5, 6, 7, 8})
"""EXIF orientations that exchange width and height."""

_PDF_START = b"%PDF-"
PDF_HEAD = 1024 + len(_PDF_START)
"""How many bytes of a file tell whether it is a PDF: as in PDFium, 1024 others may stand before the beginning."""

_pillow_limit_lock = threading.Lock()


@dataclass(frozen=True)
class GroundRule:
    """When a transparent picture is laid on black instead of white.

    Attributes:
        light_ink: Mean brightness of what is visible, 0..255, weighted by its opacity, above which it is ink for a dark
            ground: it stands out from black at least twice as much as from white. Grey ink (128) goes on white.
        opaque_share: Mean opacity of the picture, 0..1, from which it is taken to bring its own ground, such as a
            window with round corners, and goes on white. Text covers less of a picture than this.
    """

    light_ink: float = 170.0
    opaque_share: float = 0.5


GROUND = GroundRule()


def load_image(source: ImageSource, *, max_pixels: int = MAX_PIXELS, name: str | None = None) -> np.ndarray:
    """Read an image.

    Files: every format that Pillow reads. Their EXIF orientation is applied, CMYK, palette and other colour models are
    converted, 16-bit values are scaled to 8. Of a file with several pages the first is read; for a TIFF a warning is
    logged. Transparency is laid on white, or on black where the visible ink is light, see `GroundRule`.

    Arrays: grey (H, W) or (H, W, 1), BGR (H, W, 3) as `cv2.imread` gives it, or BGRA (H, W, 4). uint8 stays as it
    is; uint16 is 0..65535; bool is black and white; float is 0..1 when no value exceeds 1, else 0..255 (values outside
    are clipped); other integers must lie in 0..255.

    Args:
        source: A path, the bytes of a file, a binary file object, a Pillow image, or an array.
        max_pixels: Images with more pixels are refused before they are decoded. Arrays of any size are accepted.
        name: What messages call it; None for its path, or "the data given" and the like.

    Returns:
        uint8 (H, W, 3), BGR. May share memory with an array given as source: do not write to it.

    Raises:
        ImageError: The source is missing, empty, damaged, too large, or not an image.
    """
    if isinstance(source, Image.Image):
        return _from_pillow(source, name or "the Pillow image", max_pixels)
    if isinstance(source, (str, os.PathLike)):
        return _from_file(check_file(source), name or os.fspath(source), max_pixels)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(source), name or "the data given", max_pixels)
    if hasattr(source, "read"):
        return _from_bytes(read_all(source, "the file object given"), name or "the file object given", max_pixels)
    if isinstance(source, np.ndarray) or hasattr(source, "__array__"):
        return _from_array(np.asarray(source))
    raise ImageError(
        f"cannot read an image from {type(source).__name__}; "
        "give a path, bytes, a file object, a Pillow image or an array"
    )


def check_file(path: str | os.PathLike[str]) -> Path:
    """Check that a file can be opened; returns its path.

    Raises:
        ImageError: It is missing, is a folder, or must not be read.
    """
    name = os.fspath(path)
    if "://" in str(name):
        raise ImageError(f"{name} is an address, not a file; download it first")
    file = Path(name)
    try:
        if file.is_dir():
            raise ImageError(f"{file} is a folder; give an image file, or to `recognize_all` a folder that holds some")
        if file.is_symlink() and not file.exists():
            raise ImageError(f"{file} is a link to {os.readlink(file)}, which does not exist; mend or remove the link")
        if not file.exists():
            raise ImageError(f"{file} does not exist; check the path")
        if not os.access(file, os.R_OK):
            raise ImageError(f"{file} cannot be read; check its permissions")
    except ImageError:
        raise
    except (OSError, ValueError) as error:  # a name that is too long, or holds a null byte
        raise ImageError(f"{name!r} is not a usable path: {error}") from error
    return file


@contextmanager
def open_pillow(
    file: Path | BinaryIO, name: str, max_pixels: int, formats: Sequence[str] | None = None
) -> Iterator[Image.Image]:
    """Open an image file, in one of Pillow's `formats` (None: any), and check its size without decoding it.

    Raises:
        ImageError: It is not an image, is damaged, or has more than `max_pixels` pixels; or Pillow raised an error
            inside the block.
    """
    try:
        with _pillow_without_limit():
            image = Image.open(file, formats=formats)
        with image:
            check_size(image.size, name, max_pixels)
            yield image
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not an image in a format that can be read (JPEG, PNG, TIFF, BMP, WebP ...), nor a PDF"
        ) from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error ...
        raise ImageError(
            f"{name} is damaged or truncated and cannot be decoded: {error}; make or fetch it again"
        ) from error


def pillow_to_bgr(image: Image.Image) -> np.ndarray:
    """Convert a Pillow image of any mode to uint8 BGR (H, W, 3), turned as its EXIF says, transparency on a ground."""
    image.load()
    image = _turn_by_exif(image)
    if image.mode.startswith(("I", "F")):
        return _to_bgr(_wide_to_uint8(np.asarray(image), image.mode))
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        pixels = np.asarray(rgba)
        ground = ground_of(pixels[..., 2::-1], pixels[..., 3])
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (ground, ground, ground)), rgba)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])


def ground_of(colours: np.ndarray, alpha: np.ndarray) -> int:
    """Return the grey, 255 or 0, to lay a picture on: uint8 (H, W, 3), BGR, of opacity (H, W), 0 is transparent."""
    visible = cv2.mean(alpha)[0] / 255
    if not 0 < visible < GROUND.opaque_share:
        return 255
    weights = alpha / np.float32(255)
    brightness = cv2.mean(cv2.cvtColor(np.ascontiguousarray(colours), cv2.COLOR_BGR2GRAY) * weights)[0] / visible
    return 0 if brightness > GROUND.light_ink else 255


def is_pdf(start: bytes) -> bool:
    """Tell by its first `PDF_HEAD` bytes whether a file is a PDF: other bytes than an image's may stand before."""
    place = start.find(_PDF_START, 0, PDF_HEAD)
    if place <= 0:
        return place == 0
    try:
        with _pillow_without_limit(), Image.open(io.BytesIO(start)):
            return False
    except Exception:  # noqa: BLE001 - whatever is wrong with the beginning, it is no image
        return True


def _from_file(path: Path, name: str, max_pixels: int) -> np.ndarray:
    if path.stat().st_size == 0:
        raise ImageError(f"{name} is empty (0 bytes); make or fetch it again")
    with open(path, "rb") as file:
        _refuse_pdf(file.read(PDF_HEAD), name)
    with open_pillow(path, name, max_pixels) as image:
        return _first_page(image, name)


def _from_bytes(data: bytes, name: str, max_pixels: int) -> np.ndarray:
    if not data:
        raise ImageError(f"{name}: there is nothing in it (0 bytes)")
    _refuse_pdf(data[:PDF_HEAD], name)
    with open_pillow(io.BytesIO(data), name, max_pixels) as image:
        return _first_page(image, name)


def _first_page(image: Image.Image, name: str) -> np.ndarray:
    """Decode the first page of an opened file; warn where it is a TIFF with more pages."""
    if image.format == "TIFF" and getattr(image, "is_animated", False):
        message = "%s has %d pages, of which the first is read; name another one as %s#page=2, or use `recognize_all`"
        logger.warning(message, name, image.n_frames, name)
    return pillow_to_bgr(image)


def _from_pillow(image: Image.Image, name: str, max_pixels: int) -> np.ndarray:
    check_size(image.size, name, max_pixels)
    try:
        return pillow_to_bgr(image)
    except Exception as error:  # a lazily opened file may turn out to be damaged or closed
        raise ImageError(f"{name} cannot be decoded: {error}") from error


def _from_array(array: np.ndarray) -> np.ndarray:
    if array.size == 0:
        raise ImageError(
            f"the array is empty: its shape is {array.shape} (cv2.imread gives None for an unreadable file)"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        hint = "; the channels must come last" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        raise ImageError(f"an image array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {array.shape}{hint}")
    return _to_bgr(_array_to_uint8(array))


def _array_to_uint8(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint16:
        return _scale(array, 65535)
    if np.issubdtype(array.dtype, np.floating):
        if not np.isfinite(array).all():
            raise ImageError("the array holds NaN or infinite values; replace them first")
        return _scale(array, 1.0 if array.max() <= 1 else 255.0)
    if np.issubdtype(array.dtype, np.integer):
        if array.min() < 0 or array.max() > 255:
            span = f"{array.min()}..{array.max()}"
            raise ImageError(
                f"an array of {array.dtype} must hold 0..255, not {span}; scale it, or give uint16 for 16 bits"
            )
        return array.astype(np.uint8)
    raise ImageError(f"an image array cannot have dtype {array.dtype}; use uint8, uint16, float or bool")


def _wide_to_uint8(array: np.ndarray, mode: str) -> np.ndarray:
    """Scale Pillow's 16-bit ("I;16..."), 32-bit ("I", in most files 16-bit values) and float ("F") pixels to 8 bits."""
    if mode == "F":
        return _array_to_uint8(np.nan_to_num(array.astype(np.float64), posinf=255.0, neginf=0.0))
    return _scale(array, max(65535, int(array.max())))


def _scale(array: np.ndarray, full: float) -> np.ndarray:
    return np.rint(np.clip(array.astype(np.float64) / full, 0, 1) * 255).astype(np.uint8)


def _to_bgr(array: np.ndarray) -> np.ndarray:
    """Convert uint8 grey, BGR or BGRA to contiguous BGR, transparency on white or black as `GROUND` says."""
    if array.ndim == 2 or array.shape[2] == 1:
        return cv2.cvtColor(np.ascontiguousarray(array.reshape(array.shape[:2])), cv2.COLOR_GRAY2BGR)
    if array.shape[2] == 3:
        return np.ascontiguousarray(array)
    ground = ground_of(array[..., :3], np.ascontiguousarray(array[..., 3]))
    alpha = array[..., 3:].astype(np.uint16)
    return ((array[..., :3] * alpha + ground * (255 - alpha) + 127) // 255).astype(np.uint8)


def _turn_by_exif(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image) or image
    except Exception:  # noqa: BLE001 - a malformed EXIF block does not make the picture unreadable
        return image


def exif_orientation(image: Image.Image) -> int:
    """The EXIF orientation of an opened image; 1, upright, where it has none."""
    return image.getexif().get(ExifTags.Base.Orientation, 1)


def exif_swaps_sides(image: Image.Image) -> bool:
    """Whether the EXIF orientation of an opened image exchanges its width and height."""
    return exif_orientation(image) in _EXIF_QUARTER_TURNS


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of an opened image after it is turned as its EXIF says; the image is not decoded."""
    width, height = image.size
    return (height, width) if exif_swaps_sides(image) else (width, height)


def read_all(file: BinaryIO, name: str) -> bytes:
    """Read a binary file object to its end.

    Args:
        file: The file object.
        name: What messages call it.

    Raises:
        ImageError: It cannot be read, or yields text.
    """
    try:
        data = file.read()
    except (OSError, ValueError) as error:
        raise ImageError(f"{name} cannot be read: {error}") from error
    if not isinstance(data, bytes):
        raise ImageError(f"{name} yields text; open it in binary mode ('rb')")
    return data


def check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    """Check the size (width, height) of an image.

    Raises:
        ImageError: It has no pixels, or more than `max_pixels`.
    """
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"{name} has no pixels ({width} x {height})")
    if width * height > max_pixels:
        raise ImageError(
            f"{name} is too large: {width} x {height} = {width * height / 1e6:.4g} million pixels, "
            f"the limit is {max_pixels / 1e6:.4g} million; scale it down or cut it up"
        )


def _refuse_pdf(start: bytes, name: str) -> None:
    if is_pdf(start):
        raise ImageError(f"{name} is a PDF, which has pages; use `recognize_all`, or `load_pages` for the images")


@contextmanager
def _pillow_without_limit() -> Iterator[None]:
    """Switch off Pillow's own limit of the image size, which is global; ours is checked once the header is read."""
    with _pillow_limit_lock:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before
