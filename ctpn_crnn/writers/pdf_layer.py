"""A layer of invisible text over the pages of an existing PDF."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

from ctpn_crnn.documents.images import check_file
from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.files import written_aside
from ctpn_crnn.page import Page
from ctpn_crnn.writers.glyphless_font import GlyphlessFont
from ctpn_crnn.writers.packages import PIKEPDF
from ctpn_crnn.writers.pdf_level import Levelling
from ctpn_crnn.writers.pdf_text import PageFrame, text_operators


class TextLayer:
    """Adds invisible text to pages of an open PDF, with one font for all of them.

    Args:
        pdf: The document, open in pikepdf.
    """

    def __init__(self, pdf: Any) -> None:
        self._pdf = pdf
        self._codes = GlyphlessFont()
        self._font = self._codes.add_to(pdf)

    def add(self, pdf_page: Any, page: Page, *, level: bool = False) -> None:
        """Add the text of a page after the content of a PDF page, and turn the PDF page so that its text is upright.

        Args:
            pdf_page: The page of the document.
            page: The page, read as a viewer shows it; its lines are added.
            level: Also turn the content by the few degrees that its lines lean; annotations stay where they are, so a
                page that has any is not turned.
        """
        from pikepdf import Name

        if not any(line.text for line in page.lines):
            return
        box, rotation = shown_box(pdf_page), rotation_of(pdf_page)
        frame = PageFrame.of_box(page, box, rotation)
        begin, end = b"q\n", b"\nQ\n"  # the content may change the coordinates and not restore them
        levelling = Levelling.of_page(page, frame, box) if level and Name.Annots not in pdf_page.obj else None
        if levelling is not None:
            begin, frame = begin + levelling.operator, levelling.frame(frame)
        key = _free_key(pdf_page, self._font)
        pdf_page.add_resource(self._font, Name.Font, Name(key))
        pdf_page.contents_add(begin, prepend=True)
        pdf_page.contents_add(self._stream(end + text_operators(page, frame, self._codes, key)))
        if page.orientation:
            pdf_page.obj[Name.Rotate] = (rotation + page.orientation) % 360

    def finish(self) -> None:
        """Complete the font. Call it once, after the last page."""
        self._codes.fill(self._pdf, self._font)

    def _stream(self, operators: bytes) -> Any:
        """A compressed stream: thousands of them are held until the document is saved."""
        from pikepdf import Name

        return self._pdf.make_stream(zlib.compress(operators), Filter=Name.FlateDecode)


def add_text_layer(
    source: str | os.PathLike[str],
    pages: Iterable[Page | None],
    target: str | os.PathLike[str],
    *,
    password: str | None = None,
    level: bool = False,
) -> None:
    """Make a PDF searchable, and leave everything else in it as it is: pictures, drawings, bookmarks, metadata.

    Each page must have been read as a viewer shows it, which is how `load_pages` renders it; its box and rotation are
    taken into account. A page whose text lies on its side or upside down is turned by /Rotate. Memory holds the
    structure of the document and a few kilobytes a page, but no pictures.

    Example:
        >>> from ctpn_crnn import Recognizer
        >>> from ctpn_crnn.writers.pdf import add_text_layer
        >>> add_text_layer("scan.pdf", Recognizer().recognize_all("scan.pdf"), "text.pdf")      # doctest: +SKIP

    Args:
        source: The PDF.
        pages: One for each page of the PDF, in their order; None leaves a page as it is.
        target: The file to write. It may be the source. An encrypted PDF stays encrypted as it was.
        password: Opens an encrypted PDF.
        level: Turn the content of pages whose lines lean by a few degrees so that they run level.

    Raises:
        ImageError: The source is missing, damaged, not a PDF, or needs a password.
        ConfigError: There are more or fewer pages than in the PDF, or pikepdf is not installed.
        OutputError: `target` cannot be written.
    """
    with written_aside(target) as aside, opened_pdf(check_file(source), str(source), password) as pdf:
        layer = TextLayer(pdf)
        given = iter(pages)
        for number, pdf_page in enumerate(pdf.pages, start=1):
            page = _next_page(given, source, number, len(pdf.pages))
            if page is not None:
                layer.add(pdf_page, page, level=level)
        if next(given, pdf) is not pdf:
            raise ConfigError(f"{source} has {len(pdf.pages)} page(s), but more were given; give one for each")
        layer.finish()
        save_kept(pdf, aside)


def save_kept(pdf: Any, path: Path) -> None:
    """Save an existing PDF: its streams stay compressed as they were, and its encryption stays as it was.

    Of an encrypted one, streams in the old codings LZW, RunLength and ASCII85 are compressed again, without loss.
    """
    if pdf.is_encrypted:
        pdf.save(path, encryption=True)
    else:
        pdf.save(path, deterministic_id=True, stream_decode_level=PIKEPDF.load().StreamDecodeLevel.none)


def shown_box(pdf_page: Any) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of what viewers show: the crop box within the media box."""
    media, crop = (_ordered(box) for box in (pdf_page.mediabox, pdf_page.cropbox))
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, bottom, right, top) if left < right and bottom < top else media


def rotation_of(pdf_page: Any) -> int:
    """/Rotate, which a page may inherit, in 0, 90, 180, 270; 0 if it is not a multiple of 90."""
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
def opened_pdf(file: Path | bytes, name: str, password: str | None = None) -> Iterator[Any]:
    """Open a PDF in pikepdf.

    Args:
        file: Its path, or its bytes.
        name: What messages call it.
        password: Opens an encrypted one.

    Raises:
        ImageError: It is damaged, not a PDF, or needs a password.
        ConfigError: pikepdf is not installed.
    """
    pikepdf = PIKEPDF.load()
    try:
        with pikepdf.open(BytesIO(file) if isinstance(file, bytes) else file, password=password or "") as pdf:
            yield pdf
    except pikepdf.PasswordError as error:
        raise ImageError(f"{name} needs a password; give the right one (--password)") from error
    except pikepdf.PdfError as error:
        raise ImageError(f"{name} cannot be read as a PDF: {error}; make or fetch it again") from error


def _next_page(pages: Iterator[Page | None], source: object, number: int, total: int) -> Page | None:
    try:
        return next(pages)
    except StopIteration:
        raise ConfigError(
            f"{source} has {total} page(s), but only {number - 1} were given; give one for each, None to leave it alone"
        ) from None


def _free_key(pdf_page: Any, font: Any) -> str:
    """A name that the resources of a page do not use for another font."""
    fonts = pdf_page.resources.get("/Font", {})
    for number in count(1):
        key = f"/CtpnCrnn{number}"
        if key not in fonts or fonts[key].objgen == font.objgen:
            return key
    raise AssertionError("unreachable")


def _ordered(box: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
