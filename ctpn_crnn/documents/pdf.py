"""PDF files: their pages rendered one by one, and the text that they already have."""

from __future__ import annotations

import importlib
import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ctpn_crnn.documents.images import load_image
from ctpn_crnn.documents.page_ref import POINTS, PageRef
from ctpn_crnn.errors import ConfigError, ImageError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_PDFIUM_LOCK = threading.RLock()
"""PDFium must not be called from two threads at once, not even for different documents."""

_PASSWORD_ERROR, _SECURITY_ERROR = 4, 5
"""FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY of PDFium's fpdfview.h."""

_LINE_END_HYPHENS = str.maketrans({"\x02": "-", "\ufffe": "-", "\x00": None})
"""What PDFium reports for a hyphen at the end of a line."""


class PdfFile:
    """A PDF that is opened when it is needed, and always closed.

    Args:
        document: Its path, or its bytes.
        name: What messages call it.
        password: Opens an encrypted one.

    Attributes:
        document: Its path, or its bytes.
        name: What messages call it.
        pdfium: The module pypdfium2.
        has_warned_of_resolution: Whether a lowered resolution of one of its pages was logged.

    Raises:
        ImageError: pypdfium2 is not installed.
    """

    def __init__(self, document: Path | bytes, name: str, password: str | None = None) -> None:
        self.name = name
        self.document = document
        self._password = password
        self.pdfium = _import_pdfium(name)
        self.has_warned_of_resolution = False
        self._kept_open: Any = None

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep the document open during the block, so that the fonts that its pages share are loaded once."""
        with _PDFIUM_LOCK:
            self._kept_open = self._open()
        try:
            yield
        finally:
            with _PDFIUM_LOCK:
                pdf, self._kept_open = self._kept_open, None
                pdf.close()

    def use(self, action: Callable[[Any], Result]) -> Result:
        """Call `action` with pypdfium2's `PdfDocument`, which is opened and closed for it where it is not kept open.

        Raises:
            ImageError: The file is missing, damaged, or encrypted. Exceptions of `action` pass unchanged.
        """
        with _PDFIUM_LOCK:
            pdf = self._kept_open or self._open()
            try:
                return action(pdf)
            finally:
                if pdf is not self._kept_open:
                    pdf.close()

    def _open(self) -> Any:
        try:
            pdf = self.pdfium.PdfDocument(self.document, password=self._password)
        except (self.pdfium.PdfiumError, OSError, ValueError) as error:
            raise ImageError(self._reason(error)) from error
        try:
            pdf.init_forms()  # otherwise the contents of form fields would not be rendered
        except self.pdfium.PdfiumError:
            pass  # a broken form is no reason to lose the pages
        return pdf

    def _reason(self, error: Exception) -> str:
        code = getattr(error, "err_code", None)
        # PDFium does not set the code for every error: it may be that of an earlier file.
        if (code == _PASSWORD_ERROR or "password" in str(error).lower()) and self._may_be_encrypted():
            if self._password is None:
                how = "--password or CTPN_CRNN_PASSWORD"
                return f"{self.name} is encrypted, and opens with a password only: give it ({how})"
            return f"{self.name} is encrypted, and the password given does not open it; give the right one"
        if code == _SECURITY_ERROR:
            return f"{self.name} is encrypted in a way that cannot be opened; save it again without protection"
        return f"{self.name} cannot be read as a PDF: it is damaged, truncated, or has no pages; make or fetch it again"

    def _may_be_encrypted(self) -> bool:
        """Whether the file contains the key /Encrypt, which is never encrypted or compressed itself."""
        try:
            data = self.document if isinstance(self.document, bytes) else Path(self.document).read_bytes()
        except (OSError, TypeError):
            return True
        return b"/Encrypt" in data


class PdfPageRef(PageRef):
    """A page of a PDF.

    Args:
        pdf: The document.
        index: Which page, from 0.
        dpi: Resolution to render it at.
        max_pixels: A page that would have more pixels is rendered at a lower resolution; the first time it is logged.
        name: "path#page=N".

    Raises:
        ConfigError: `dpi` is not a positive number.
    """

    def __init__(self, pdf: PdfFile, index: int, dpi: float, max_pixels: int, name: str) -> None:
        super().__init__(name)
        if not 0 < dpi < math.inf:
            raise ConfigError(f"dpi must be a positive number, not {dpi}")
        self._pdf = pdf
        self._index = index
        self._wanted_dpi = dpi
        self._max_pixels = max_pixels

    def load(self) -> np.ndarray:
        """Render the page with its annotations and forms, uint8 BGR (H, W, 3).

        PDFium leaves out pictures that it cannot decode. A page that is blank without them is logged.

        Raises:
            ImageError: The document or the page is damaged.
        """

        def render(page: Any) -> np.ndarray:
            scale = self._scale(*page.get_size())
            self._warn_of_lower_resolution(scale)
            bitmap = page.render(scale=scale)
            try:
                image = np.array(bitmap.to_numpy())  # a copy: the bitmap's memory is freed
            finally:
                bitmap.close()
            if not (image != image[0, 0]).any() and self._has_damaged_picture(page):
                logger.warning("%s is read as a blank page: its picture is damaged and cannot be decoded", self.name)
            return image

        return load_image(self._on_page(render), max_pixels=self._max_pixels)

    @property
    def file(self) -> Path | bytes:
        """The PDF, as its path or its bytes."""
        return self._pdf.document

    @property
    def size_points(self) -> tuple[float, float]:
        """Width and height of the page in points as a viewer shows it, with its rotation applied."""
        return self._on_pdf(lambda pdf: tuple(map(float, pdf.get_page_size(self._index))))

    @property
    def dpi(self) -> float:
        """The resolution at which `load` renders: the one asked for, lowered for a page with too many pixels."""
        return self._scale(*self.size_points) * POINTS

    @property
    def text(self) -> str:
        """The text of the page, one line for each of its lines; includes invisible text of an OCR program."""

        def read(page: Any) -> str:
            text_page = page.get_textpage()
            try:
                return text_page.get_text_bounded()
            finally:
                text_page.close()

        lines = self._on_page(read).translate(_LINE_END_HYPHENS).splitlines()
        return "\n".join(line.strip() for line in lines).strip()

    def _scale(self, width: float, height: float) -> float:
        """Pixels a point at which a page of this size in points is rendered."""
        scale = self._wanted_dpi / POINTS
        if _pixels(width, height, scale) > self._max_pixels:  # lower the resolution rather than refuse the page
            scale = (self._max_pixels / (width * height)) ** 0.5
            while _pixels(width, height, scale) > self._max_pixels and scale > 1e-6:
                scale *= 0.999
        return scale

    def _warn_of_lower_resolution(self, scale: float) -> None:
        if scale * POINTS < self._wanted_dpi * (1 - 1e-9) and not self._pdf.has_warned_of_resolution:
            self._pdf.has_warned_of_resolution = True
            logger.warning(
                "%s would have more than %.4g million pixels at %.10g dpi: it is rendered at %.0f dpi, and so "
                "are other pages of that size",
                self.name,
                self._max_pixels / 1e6,
                self._wanted_dpi,
                scale * POINTS,
            )

    def _has_damaged_picture(self, page: Any) -> bool:
        for picture in page.get_objects(filter=[self._pdf.pdfium.raw.FPDF_PAGEOBJ_IMAGE]):
            try:
                picture.get_bitmap()
            except self._pdf.pdfium.PdfiumError:
                return True
        return False

    def _on_page(self, action: Callable[[Any], Result]) -> Result:
        def use(pdf: Any) -> Result:
            page = pdf[self._index]
            try:
                return action(page)
            finally:
                page.close()

        return self._on_pdf(use)

    def _on_pdf(self, action: Callable[[Any], Result]) -> Result:
        def use(pdf: Any) -> Result:
            try:
                return action(pdf)
            except (RuntimeError, OSError, ValueError) as error:  # PdfiumError is a RuntimeError
                raise ImageError(f"{self.name} is damaged and cannot be rendered or read: {error}") from error

        return self._pdf.use(use)


def pdf_refs(
    document: Path | bytes,
    name: str,
    *,
    dpi: float,
    max_pixels: int,
    password: str | None = None,
    title: str | None = None,
) -> Iterator[PdfPageRef]:
    """Iterate over the pages of a PDF. The document stays open until the iteration ends.

    A page can also be loaded later: it opens the document for itself.

    Args:
        document: Its path, or its bytes.
        name: Beginning of the names of its pages: "name#page=N".
        dpi: Resolution to render pages at.
        max_pixels: A page that would have more pixels is rendered at a lower resolution.
        password: Opens an encrypted document.
        title: What messages call it; None for its name.

    Raises:
        ImageError: The document cannot be opened.
        ConfigError: `dpi` is not a positive number.
    """
    pdf = PdfFile(document, title or name, password)
    with pdf.kept_open():
        for index in range(pdf.use(len)):
            yield PdfPageRef(pdf, index, dpi, max_pixels, f"{name}#page={index + 1}")


def _pixels(width: float, height: float, scale: float) -> int:
    """Number of pixels of a rendered page; PDFium rounds both sides up."""
    return math.ceil(width * scale) * math.ceil(height * scale)


def _import_pdfium(name: str) -> Any:
    try:
        return importlib.import_module("pypdfium2")
    except ImportError as error:
        raise ImageError(f"{name} is a PDF, and reading PDFs needs pypdfium2: pip install pypdfium2") from error
