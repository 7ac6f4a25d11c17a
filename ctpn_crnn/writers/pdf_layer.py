"""A layer of invisible text over the pages of an existing PDF."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from ctpn_crnn.documents.images import check_file
from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.files import written_aside
from ctpn_crnn.page import Page
from ctpn_crnn.writers.glyphless_font import GlyphlessFont
from ctpn_crnn.writers.pdf_text import PageFrame, text_operators


def add_text_layer(
    source: str | os.PathLike[str],
    pages: Iterable[Page | None],
    target: str | os.PathLike[str],
) -> None:
    """Make a PDF searchable, and leave everything else in it as it is: pictures, drawings, bookmarks, metadata.

    Each page must have been read as a viewer shows it, which is how `load_pages` renders it; its box and rotation are
    taken into account. Memory holds the structure of the document and a few kilobytes a page, but no pictures.

    Example:
        >>> from ctpn_crnn import Recognizer
        >>> from ctpn_crnn.writers.pdf import add_text_layer
        >>> add_text_layer("scan.pdf", Recognizer().recognize_all("scan.pdf"), "text.pdf")      # doctest: +SKIP

    Args:
        source: The PDF. One that opens without a password but forbids changes is written without that protection.
        pages: One for each page of the PDF, in their order; None leaves a page as it is.
        target: The file to write. It may be the source.

    Raises:
        ImageError: The source is missing, damaged, not a PDF, or needs a password.
        ConfigError: There are more or fewer pages than in the PDF, or pikepdf is not installed.
        OutputError: `target` cannot be written.
    """
    pikepdf = import_pikepdf()
    with written_aside(target) as aside, _opened(source, pikepdf) as pdf:
        codes = GlyphlessFont()
        font = codes.add_to(pdf)
        given = iter(pages)
        for number, pdf_page in enumerate(pdf.pages, start=1):
            page = _next_page(given, source, number, len(pdf.pages))
            if page is not None:
                _lay_over(pdf, pdf_page, page, codes, font)
        if next(given, pdf) is not pdf:
            raise ConfigError(f"{source} has {len(pdf.pages)} page(s), but more were given; give one for each")
        codes.fill(pdf, font)
        pdf.save(aside, deterministic_id=True)


def _next_page(pages: Iterator[Page | None], source: object, number: int, total: int) -> Page | None:
    try:
        return next(pages)
    except StopIteration:
        raise ConfigError(
            f"{source} has {total} page(s), but only {number - 1} were given; give one for each, None to leave it alone"
        ) from None


def _lay_over(pdf: Any, pdf_page: Any, page: Page, codes: GlyphlessFont, font: Any) -> None:
    """Add the text of a page to a page of a PDF, after its content."""
    from pikepdf import Name

    if not any(line.text for line in page.lines):
        return
    key = _free_key(pdf_page, font)
    pdf_page.add_resource(font, Name.Font, Name(key))
    operators = text_operators(page, PageFrame.of_box(page, _shown_box(pdf_page), _rotation(pdf_page)), codes, key)
    # In q and Q, since the content may change the coordinates and not restore them.
    pdf_page.contents_add(b"q\n", prepend=True)
    pdf_page.contents_add(b"\nQ\n" + operators)


def _free_key(pdf_page: Any, font: Any) -> str:
    """A name that the resources of a page do not use for another font."""
    fonts = pdf_page.resources.get("/Font", {})
    for number in count(1):
        key = f"/CtpnCrnn{number}"
        if key not in fonts or fonts[key].objgen == font.objgen:
            return key
    raise AssertionError("unreachable")


def _shown_box(pdf_page: Any) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of what viewers show: the crop box within the media box."""
    media, crop = (_ordered(box) for box in (pdf_page.mediabox, pdf_page.cropbox))
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, bottom, right, top) if left < right and bottom < top else media


def _ordered(box: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _rotation(pdf_page: Any) -> int:
    """/Rotate, which a page may inherit; 0 if it is not a multiple of 90."""
    node = pdf_page.obj
    for _ in range(50):  # not forever: in a damaged file the parents may form a circle
        if "/Rotate" in node:
            rotation = int(node["/Rotate"])
            return rotation % 360 if rotation % 90 == 0 else 0
        if "/Parent" not in node:
            return 0
        node = node["/Parent"]
    return 0


@contextmanager
def _opened(source: str | os.PathLike[str], pikepdf: Any) -> Iterator[Any]:
    path = check_file(source)
    try:
        with pikepdf.open(path) as pdf:
            yield pdf
    except pikepdf.PasswordError as error:
        raise ImageError(f"{source} needs a password; remove it first, for example with qpdf --decrypt") from error
    except pikepdf.PdfError as error:
        raise ImageError(f"{source} cannot be read as a PDF: {error}; make or fetch it again") from error


def import_pikepdf() -> Any:
    """Import pikepdf, which is not needed before a PDF is written.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module("pikepdf")
    except ImportError as error:
        raise ConfigError("writing PDFs needs pikepdf: pip install pikepdf") from error
