"""From files, folders, patterns, standard input and multi-page documents to one page after another."""

from __future__ import annotations

import glob
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from ctpn_crnn.documents.images import (
    MAX_PIXELS,
    PDF_HEAD,
    ImageSource,
    check_file,
    is_pdf,
    load_image,
    open_pillow,
    read_all,
)
from ctpn_crnn.documents.page_ref import ImageRef, PageRef
from ctpn_crnn.documents.pdf import pdf_refs
from ctpn_crnn.errors import ImageError

IMAGE_SUFFIXES = frozenset(
    (".bmp", ".gif", ".jfif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp")
)
"""Suffixes of the images that a folder is searched for."""

DOCUMENT_SUFFIXES = frozenset({".pdf"})
"""Suffixes of the documents that a folder is searched for."""

PDF_DPI = 200
"""Default resolution at which PDF pages are rendered."""

STDIN = "-"
"""The source that means standard input; a file of this name is given as "./-"."""

_STDIN_NAME, _STDIN_TITLE = "stdin", "standard input"
"""Name of the pages from standard input, and what messages call it."""

_PAGE = re.compile(r"(?P<path>.+)#page=(?P<number>[1-9]\d*)")
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ONE_SOURCE = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image, np.ndarray, PageRef)


def sources(given: ImageSource | PageRef | Iterable[ImageSource | PageRef]) -> Iterator[ImageSource | PageRef]:
    """Expand folders and patterns to files.

    A folder yields its images and PDFs, without those of subfolders; a pattern (`*`, `?`, `[...]`, `**`) yields the
    files that it matches; both in natural order, page2 before page10. Every other source is yielded as it is. A path
    that does not exist, or a link that leads nowhere, is yielded too, so that reading it reports the error and the
    other sources are still read.

    Args:
        given: One source, or an iterable of them.

    Yields:
        Paths, "-" for standard input, sources in memory, and pages of `page_refs`.
    """
    if not isinstance(given, _ONE_SOURCE) and (
        isinstance(given, Iterable) and not hasattr(given, "read") and not hasattr(given, "__array__")
    ):
        for one in given:
            yield from sources(one)
    elif isinstance(given, (str, os.PathLike)):
        yield from _expand(os.fspath(given))
    else:
        yield given


def page_refs(
    source: ImageSource | PageRef, *, max_pixels: int = MAX_PIXELS, dpi: float = PDF_DPI, password: str | None = None
) -> Iterator[PageRef]:
    """Iterate over the pages of one source without loading them. A damaged page does not hide those after it.

    Each page has `PageRef.size_points`, `.dpi`, and for a PDF the `.text` that it already has. A PDF stays open until
    this iterator is exhausted or closed; a page that is loaded later opens it again.

    Args:
        source: As for `load_image`; a TIFF with several pages or a PDF (path, bytes or file object); "path#page=N" for
            one page; "-" for standard input, which is read to its end; or a page of this function, which is yielded.
        max_pixels: Larger images are refused.
        dpi: Resolution for PDF pages; lowered for a page that would have more than `max_pixels` pixels.
        password: Opens an encrypted PDF.

    Raises:
        ImageError: The source is missing or damaged; or it is a PDF that is encrypted, or pypdfium2 is not installed.
            Where a document is damaged in the middle, the pages before that are yielded first.
        ConfigError: `dpi` is not a positive number.
    """
    if isinstance(source, PageRef):
        yield source
    elif isinstance(source, str) and source == STDIN:
        data = _bytes_of(sys.stdin.buffer, _STDIN_TITLE)
        yield from _refs(data, _STDIN_NAME, max_pixels, dpi, password, _STDIN_TITLE)
    elif isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        chosen = _page_of(name)
        if chosen:
            refs = page_refs(chosen[0], max_pixels=max_pixels, dpi=dpi, password=password)
            yield _nth(refs, chosen[1], chosen[0])
        else:
            _check_folder(name)
            yield from _refs(check_file(source), name, max_pixels, dpi, password)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield from _refs(bytes(source), None, max_pixels, dpi, password)
    elif hasattr(source, "read") and not isinstance(source, Image.Image):
        yield from _refs(_bytes_of(source, "the file object given"), None, max_pixels, dpi, password)
    else:
        yield ImageRef(source, None, max_pixels)


def load_pages(
    source: ImageSource, *, max_pixels: int = MAX_PIXELS, dpi: float = PDF_DPI, password: str | None = None
) -> Iterator[tuple[str | None, np.ndarray]]:
    """Load the pages of one source, as (name, uint8 BGR image); arguments and errors are those of `page_refs`."""
    for ref in page_refs(source, max_pixels=max_pixels, dpi=dpi, password=password):
        yield ref.name, ref.load()


def load_page(
    source: ImageSource | PageRef,
    *,
    max_pixels: int = MAX_PIXELS,
    dpi: float = PDF_DPI,
    password: str | None = None,
) -> np.ndarray:
    """Load one page: what `load_image` reads, "path#page=N" as in `Page.source`, "-", or a page of `page_refs`.

    Raises:
        ImageError: The source is missing, empty, damaged, too large, or not an image; or it has no such page.
    """
    if isinstance(source, PageRef):
        return source.load()
    if isinstance(source, str):
        if source == STDIN:
            return load_image(_bytes_of(sys.stdin.buffer, _STDIN_TITLE), max_pixels=max_pixels, name=_STDIN_TITLE)
        if _page_of(source):
            return next(page_refs(source, max_pixels=max_pixels, dpi=dpi, password=password)).load()
    return load_image(source, max_pixels=max_pixels)


def _expand(name: str) -> Iterator[str]:
    if name == STDIN:
        yield name
    elif os.path.isdir(name):
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
    named = (path for path in paths if Path(path).suffix.lower() in wanted)
    return [path for path in named if os.path.isfile(path) or not os.path.exists(path)]  # a dangling link is reported


def _check_folder(name: str) -> None:
    if os.path.isdir(name) and not _images_in(name):
        raise ImageError(
            f"the folder {name} holds no images or PDFs; give another one, or reach its subfolders by the pattern "
            f'"{os.path.join(name, "**", "*.png")}"'
        )


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """A sort key that compares runs of digits as numbers."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], name


def _page_of(name: str) -> tuple[str, int] | None:
    """Split "path#page=N" into ("path", N); None for other names, and where a file has that very name."""
    chosen = None if os.path.exists(name) else _PAGE.fullmatch(name)
    return (chosen["path"], int(chosen["number"])) if chosen else None


def _nth(refs: Iterator[PageRef], number: int, name: str) -> PageRef:
    count = 0
    for count, ref in enumerate(refs, start=1):
        if count == number:
            ref.name = f"{name}#page={number}"  # the page of a single-page file bears the name of the file
            return ref
    raise ImageError(f"{name} has {count} page(s): there is no page {number}")


def _refs(
    file: Path | bytes, name: str | None, max_pixels: int, dpi: float, password: str | None, title: str | None = None
) -> Iterator[PageRef]:
    """Iterate over the pages of a file on the disk or in memory; its first bytes decide how it is read."""
    start = file[:PDF_HEAD] if isinstance(file, bytes) else _first_bytes(file)
    if is_pdf(start):
        name = name or "PDF in memory"
        yield from pdf_refs(file, name, dpi=dpi, max_pixels=max_pixels, password=password, title=title)
    elif start[:4] in _TIFF_STARTS:
        yield from _tiff_refs(file, name, max_pixels, title)
    else:
        yield ImageRef(file, name, max_pixels, title=title)


def _first_bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(PDF_HEAD)
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}; check the disk and its permissions") from error


def _tiff_refs(file: Path | bytes, name: str | None, max_pixels: int, title: str | None) -> Iterator[PageRef]:
    count, damage = _count_frames(file, title or name or "TIFF in memory")
    if count == 1 and damage is None:
        yield ImageRef(file, name, max_pixels, title=title)
        return
    for index in range(count):
        yield ImageRef(file, f"{name or 'TIFF in memory'}#page={index + 1}", max_pixels, frame=index)
    if damage is not None:
        raise damage


def _count_frames(file: Path | bytes, name: str) -> tuple[int, ImageError | None]:
    """Count the pages of a TIFF; the error is that of the next page, where damage ends the count."""
    count = 0
    try:
        # No size limit: only the first page would be checked, and nothing is decoded here.
        with open_pillow(io.BytesIO(file) if isinstance(file, bytes) else file, name, sys.maxsize) as image:
            try:
                while True:
                    image.seek(count)
                    count += 1
            except EOFError:
                return count, None
    except ImageError as error:
        if count == 0:
            raise
        reason = error.__cause__ or error
        return count, ImageError(f"{name} is damaged after page {count}: {reason}; make or fetch it again")


def _bytes_of(file: BinaryIO, name: str) -> bytes:
    data = read_all(file, name)
    if not data:
        raise ImageError(f"{name}: there is nothing in it (0 bytes)")
    return data
