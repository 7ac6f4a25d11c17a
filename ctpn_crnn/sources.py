"""Files, folders, patterns and documents with several pages -> one image after another."""

from __future__ import annotations

import glob
import importlib
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.images import MAX_PIXELS, ImageSource, check_file, load_image, open_pillow, pillow_to_bgr

IMAGE_SUFFIXES = frozenset(
    (".bmp", ".gif", ".jfif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp")
)
"""What counts as an image in a folder."""

DOCUMENT_SUFFIXES = frozenset({".pdf"})
PDF_DPI = 200
"""Resolution at which PDF pages are rendered."""

_PAGE = re.compile(r"(?P<path>.+)#page=(?P<number>[1-9]\d*)")


@dataclass(frozen=True)
class PageRef:
    """A page that can be loaded.

    Attributes:
        name: A path, "path#page=N" for a page of a document, or None for an image in memory.
        load: Gives its image, uint8 BGR (H, W, 3), or raises `ImageError`.
    """

    name: str | None
    load: Callable[[], np.ndarray]


def sources(given: ImageSource | Iterable[ImageSource]) -> Iterator[ImageSource]:
    """Expand folders and patterns.

    A folder gives its images and PDFs (not those of its subfolders) in natural order, page2 before page10; a pattern
    (`*`, `?`, `[...]`, `**`) what it matches, likewise. Anything else is given on as it is, also what does not exist,
    so that reading it reports it and the others are not lost.

    Args:
        given: One source, or an iterable of them.

    Yields:
        Paths, and the sources in memory as they are.
    """
    if not isinstance(given, (str, os.PathLike, bytes, bytearray, memoryview, Image.Image, np.ndarray)) and (
        isinstance(given, Iterable) and not hasattr(given, "read") and not hasattr(given, "__array__")
    ):
        for one in given:
            yield from sources(one)
    elif isinstance(given, (str, os.PathLike)):
        yield from _expand(os.fspath(given))
    else:
        yield given


def page_refs(source: ImageSource, *, max_pixels: int = MAX_PIXELS, dpi: float = PDF_DPI) -> Iterator[PageRef]:
    """The pages of one source, each loadable by itself: a damaged one does not hide those after it.

    Args:
        source: As for `load_image`, a TIFF with several pages, a PDF (path or bytes), or "path#page=N" for one page.
        max_pixels: See `load_image`.
        dpi: Resolution for PDF pages; less where `max_pixels` asks for it.

    Raises:
        ImageError: The source is missing or damaged as a whole; or it is a PDF, and pypdfium2 is not installed.
    """
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        chosen = None if os.path.exists(name) else _PAGE.fullmatch(name)
        if chosen:
            refs = page_refs(chosen["path"], max_pixels=max_pixels, dpi=dpi)
            yield _nth(refs, int(chosen["number"]), chosen["path"])
            return
        path = check_file(source)
        with open(path, "rb") as file:
            start = file.read(5)
        if start == b"%PDF-":
            yield from _pdf_refs(path, name, max_pixels, dpi)
        elif start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            yield from _tiff_refs(path, name, max_pixels)
        else:
            yield PageRef(name, partial(load_image, source, max_pixels=max_pixels))
    elif isinstance(source, (bytes, bytearray, memoryview)) and bytes(source[:5]) == b"%PDF-":
        yield from _pdf_refs(bytes(source), "PDF in memory", max_pixels, dpi)
    else:
        yield PageRef(None, partial(load_image, source, max_pixels=max_pixels))


def load_pages(
    source: ImageSource, *, max_pixels: int = MAX_PIXELS, dpi: float = PDF_DPI
) -> Iterator[tuple[str | None, np.ndarray]]:
    """The pages of one source as (name, uint8 BGR image); arguments and errors as for `page_refs`."""
    for ref in page_refs(source, max_pixels=max_pixels, dpi=dpi):
        yield ref.name, ref.load()


def load_page(source: ImageSource, *, max_pixels: int = MAX_PIXELS, dpi: float = PDF_DPI) -> np.ndarray:
    """One image: `load_image`, and also "path#page=N" as `Page.source` gives it.

    Raises:
        ImageError: See `load_image`; or the document has no such page.
    """
    if isinstance(source, str) and not os.path.exists(source) and _PAGE.fullmatch(source):
        return next(page_refs(source, max_pixels=max_pixels, dpi=dpi)).load()
    return load_image(source, max_pixels=max_pixels)


def _expand(name: str) -> Iterator[str]:
    if os.path.isdir(name):
        yield from _images_in(name) or [name]
    elif glob.has_magic(name) and not os.path.exists(name):
        matches = sorted(glob.glob(name, recursive=True), key=_natural)
        yield from [match for match in matches if not os.path.isdir(match)] or [name]
    else:
        yield name


def _images_in(folder: str) -> list[str]:
    try:
        entries = sorted(os.listdir(folder), key=_natural)
    except OSError as error:
        raise ImageError(f"the folder {folder} cannot be read: {error.strerror}; check its permissions") from error
    wanted = IMAGE_SUFFIXES | DOCUMENT_SUFFIXES
    paths = (os.path.join(folder, entry) for entry in entries if not entry.startswith("."))
    return [path for path in paths if Path(path).suffix.lower() in wanted and os.path.isfile(path)]


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Sort key that compares runs of digits as numbers."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


def _nth(refs: Iterator[PageRef], number: int, name: str) -> PageRef:
    count = 0
    for count, ref in enumerate(refs, start=1):
        if count == number:
            return PageRef(f"{name}#page={number}", ref.load)
    raise ImageError(f"{name} has {count} page(s): there is no page {number}")


def _tiff_refs(path: Path, name: str, max_pixels: int) -> Iterator[PageRef]:
    with open_pillow(path, name, max_pixels) as image:
        count = getattr(image, "n_frames", 1)
    if count == 1:
        yield PageRef(name, partial(load_image, path, max_pixels=max_pixels))
        return
    for index in range(count):
        page = f"{name}#page={index + 1}"
        yield PageRef(page, partial(_tiff_frame, path, page, index, max_pixels))


def _tiff_frame(path: Path, name: str, index: int, max_pixels: int) -> np.ndarray:
    with open_pillow(path, name, max_pixels) as image:
        image.seek(index)
        if image.width * image.height > max_pixels:
            raise ImageError(f"{name} is too large: {image.width} x {image.height} pixels, the limit is {max_pixels}")
        return pillow_to_bgr(image)


def _pdf_refs(document: Path | bytes, name: str, max_pixels: int, dpi: float) -> Iterator[PageRef]:
    if dpi <= 0:
        raise ConfigError(f"dpi must be positive, not {dpi}")
    pdfium = _pdfium(name)
    count = _pdf_do(pdfium, document, name, len)
    for index in range(count):
        page = f"{name}#page={index + 1}"
        yield PageRef(page, partial(_pdf_page, pdfium, document, page, index, max_pixels, dpi))


def _pdf_page(pdfium: Any, document: Path | bytes, name: str, index: int, max_pixels: int, dpi: float) -> np.ndarray:
    def render(pdf: Any) -> np.ndarray:
        page = pdf[index]
        width, height = page.get_size()
        scale = dpi / 72
        if _pixels(width, height, scale) > max_pixels:  # a poster: less resolution serves it better than a refusal
            scale = (max_pixels / (width * height)) ** 0.5
            while _pixels(width, height, scale) > max_pixels and scale > 1e-6:
                scale *= 0.999
        array = page.render(scale=scale).to_numpy()
        return np.array(array)  # the bitmap's memory ends with the document

    return load_image(_pdf_do(pdfium, document, name, render), max_pixels=max_pixels)


def _pixels(width: float, height: float, scale: float) -> int:
    """Pixels of a rendered page; PDFium rounds both sides up."""
    return math.ceil(width * scale) * math.ceil(height * scale)


def _pdf_do(pdfium: Any, document: Path | bytes, name: str, action: Callable[[Any], Any]) -> Any:
    """Open the document, do something with it, close it."""
    try:
        pdf = pdfium.PdfDocument(document)
        try:
            return action(pdf)
        finally:
            pdf.close()
    except (pdfium.PdfiumError, OSError, ValueError) as error:
        raise ImageError(f"{name} cannot be read as a PDF: {error} (damaged, or protected by a password)") from error


def _pdfium(name: str) -> Any:
    try:
        return importlib.import_module("pypdfium2")
    except ImportError as error:
        raise ImageError(f"{name} is a PDF, and reading PDFs needs pypdfium2: pip install pypdfium2") from error
