"""A PDF that stays as it is and gets the text that was read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.documents.pdf import PdfFile
from ctpn_crnn.errors import CtpnCrnnError, OutputError
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.packages import PIKEPDF
from ctpn_crnn.writers.pdf_layer import TextLayer, opened_pdf, rotation_of, save_kept, shown_box
from ctpn_crnn.writers.pdf_text import PageFrame

_ADVICE = "--rasterize writes new pages with its pictures instead"

_OF_THE_WHOLE = ("Outlines", "Dests", "Names", "OpenAction", "PageLabels", "StructTreeRoot", "Threads")
"""Entries of a document's catalogue that lead to its other pages."""


class KeptPdf:
    """A PDF of which each page keeps what it has and gets the text that was read on it.

    The file is read when the document is saved: until then memory holds its structure and the added text.

    Args:
        file: The PDF, as its path or its bytes.
        name: What messages call it.
        password: Opens an encrypted one.
        only: Number from 1 of the one page to keep; None for all.
        level: Turn the content of leaning pages, see `TextLayer.add`.

    Raises:
        OutputError: It cannot be opened.
        ConfigError: pikepdf is not installed.
    """

    def __init__(
        self,
        file: Path | bytes,
        name: str,
        *,
        password: str | None = None,
        only: int | None = None,
        level: bool = False,
    ) -> None:
        self._name, self._only, self._level = name, only, level
        self._opened = ExitStack()
        with self._errors():
            self._pdf = self._opened.enter_context(opened_pdf(file, name, password))
            self._own_text = OwnText(PdfFile(file, name, password))
        self._layer = TextLayer(self._pdf)

    def add(self, page: Page, number: int) -> None:
        """Add the text of a page, except for lines that are text in the PDF already.

        Args:
            page: The page, as it was read.
            number: Its number in the PDF, from 1.

        Raises:
            OutputError: The PDF is damaged there.
        """
        with self._errors(number):
            if not 1 <= number <= len(self._pdf.pages):
                raise OutputError(f"its {len(self._pdf.pages)} page(s) can be kept, not page {number}")
            pdf_page = self._pdf.pages[number - 1]
            frame = PageFrame.of_box(page, shown_box(pdf_page), rotation_of(pdf_page))
            self._layer.add(pdf_page, self._own_text.without(page, number, frame), level=self._level)

    def save(self, path: Path) -> None:
        """Write the document.

        Raises:
            OutputError: The PDF is damaged.
        """
        with self._errors():
            self._layer.finish()
            if self._only is not None:
                self._drop_other_pages(self._only)
            save_kept(self._pdf, path)

    def close(self) -> None:
        """Close the PDF."""
        self._opened.close()

    def _drop_other_pages(self, number: int) -> None:
        for entry in _OF_THE_WHOLE:
            if "/" + entry in self._pdf.Root:
                del self._pdf.Root["/" + entry]
        del self._pdf.pages[number:]
        del self._pdf.pages[: number - 1]

    @contextmanager
    def _errors(self, number: int | None = None) -> Iterator[None]:
        """Say of any damage that the PDF cannot be kept, and what to do."""
        damage = (PIKEPDF.load().PdfError, RuntimeError, TypeError, ValueError, KeyError, AttributeError)
        try:
            yield
        except (CtpnCrnnError, *damage) as error:
            self.close()
            where = self._name if number is None else f"page {number} of {self._name}"
            raise OutputError(f"{where} cannot be kept as it is ({error}); {_ADVICE}") from error


class OwnText:
    """The text that the pages of a PDF have of their own.

    The PDF is opened for each page: PDFium holds the pictures of all pages that it has seen until it is closed.

    Args:
        pdf: The PDF.
    """

    def __init__(self, pdf: PdfFile) -> None:
        self.pdf = pdf

    def without(self, page: Page, number: int, frame: PageFrame) -> Page:
        """Return a page without the lines where the PDF has at least half as much text of its own.

        So the text of a page that is searchable already is not there twice, and a scan with a printed page number still
        gets its text.

        Args:
            page: The page, as it was read.
            number: Its number in the PDF, from 1.
            frame: Maps its pixels to user space.
        """

        def missing(pdf: Any) -> list[TextLine]:
            pdf_page = pdf[number - 1]
            text = pdf_page.get_textpage()
            try:
                if not text.count_chars():
                    return page.lines
                return [line for line in page.lines if not _is_text(text, line, frame)]
            finally:
                text.close()
                pdf_page.close()

        return replace(page, lines=self.pdf.use(missing))


def _is_text(text: Any, line: TextLine, frame: PageFrame) -> bool:
    """Whether a page of PDFium has at least half as many characters in the middle of a line as were read there."""
    top_left, top_right, bottom_right, bottom_left = frame.points(line.quad)
    # A quarter of the height is left out above and below: neighbouring lines may overlap.
    band = [
        corner + (other - corner) / 4
        for corner, other in ((top_left, bottom_left), (top_right, bottom_right), (bottom_right, top_right))
    ]
    band.append(bottom_left + (top_left - bottom_left) / 4)
    (left, bottom), (right, top) = np.min(band, axis=0), np.max(band, axis=0)
    found = text.get_text_bounded(float(left), float(bottom), float(right), float(top))
    return 2 * len("".join(found.split())) >= max(1, len("".join(line.text.split())))
