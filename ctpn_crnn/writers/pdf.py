"""Searchable PDF: the picture of each page with its text over it, invisible."""

from __future__ import annotations

import math
import os
import re
import sys
import tempfile
import zlib
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import ctpn_crnn
from ctpn_crnn.documents.page_ref import ImageRef
from ctpn_crnn.documents.sources import page_refs
from ctpn_crnn.errors import ConfigError, CtpnCrnnError, OutputError
from ctpn_crnn.files import aside_prefix
from ctpn_crnn.page import Page
from ctpn_crnn.writers.document import FileWriter
from ctpn_crnn.writers.glyphless_font import GlyphlessFont
from ctpn_crnn.writers.packages import IMG2PDF, PIKEPDF
from ctpn_crnn.writers.pdf_image import PdfImage, jpeg_image, lossless_image, original_jpeg
from ctpn_crnn.writers.pdf_kept import KeptPdf
from ctpn_crnn.writers.pdf_kept_image import kept_image
from ctpn_crnn.writers.pdf_layer import add_text_layer
from ctpn_crnn.writers.pdf_level import Levelling
from ctpn_crnn.writers.pdf_text import FONT_KEY, PageFrame, text_operators

__all__ = ["PICTURES", "PdfWriter", "add_text_layer"]

PICTURES = ("original", "jpeg", "lossless", "none")
"""Ways to keep the picture of a page, see `PdfWriter`."""

_MIN_SIDE, _MAX_SIDE = 3.0, 14_400.0
"""Sides of a page that viewers accept, in points (ISO 32000-1, annex C). A larger page is scaled down, a shorter side
is stretched."""

_HELD_BYTES = 32 << 20
"""Bytes of pictures in memory from which on the pages are moved to the disk."""

_HELD_PAGES = 200
"""Pages in memory from which on they are moved to the disk."""


_PAGE_NUMBER = re.compile(r"#page=([1-9]\d*)$")


class PdfWriter(FileWriter):
    """A document as PDF, in which text can be searched, selected and copied.

    Each line lies along its quad, rotated with it, and each character at its place. The text is invisible: it is drawn
    in text rendering mode 3, in a font without ink. The same pages give the same bytes. A page whose text lies on its
    side or upside down is turned by /Rotate.

    With `source`, the pages keep what they have. Those of a PDF only get their text, and its bookmarks, annotations,
    metadata and encryption stay; a page that is not added stays as it is. Pictures of image files are put into the PDF
    without coding them again (JPEG, JPEG 2000, CCITT G4), or without loss, in the size that the file gives.

    Pages are moved to the disk as they come, to a folder beside the document that `close` removes. Memory holds about
    32 MB of pictures at most, and a few kilobytes of each page.

    Example:
        >>> from ctpn_crnn.documents.sources import load_pages
        >>> from ctpn_crnn.writers.pdf import PdfWriter
        >>> with PdfWriter("letter.pdf", source="letter.tif", title="A letter") as writer:      # doctest: +SKIP
        ...     for page in recognizer.recognize_all("letter.tif"):
        ...         writer.add(page)

    Args:
        path: The file to write.
        picture: "original" keeps the pages of `source`. Without it, it keeps the bytes of the JPEG file that
            `Page.source` names, if it shows exactly the image added, and is as "jpeg" otherwise. "jpeg" compresses the
            image as JPEG. "lossless" keeps the exact pixels; black and white ones take one bit each. "none" writes the
            text alone, to be laid over something else.
        source: The document that the pages were read from, as its path or its bytes: a PDF or an image. Which page was
            read is told by the end of `Page.source` ("#page=N"), else by the order in which pages are added.
        only: Number from 1 of the one page of a PDF that the document is to have; None for all.
        password: Opens `source` if it is encrypted.
        level: Turn the content of pages whose lines lean by a few degrees so that they run level. The pixels of
            pictures stay as they are; viewers turn them.
        quality: JPEG quality, 1..100.
        dpi: Resolution of the images in pixels per inch, which gives the size of the paper where `source` does not.
        title: Title of the document, if any. It and the two below are not used for a PDF that is kept.
        author: Author of the document, if any.
        language: Language of the text, such as "zh-CN", for programs that read it aloud.

    Raises:
        ConfigError: An option has an invalid value, or pikepdf (for images also img2pdf) is not installed.
        OutputError: The folder does not exist, `path` is a folder, or the PDF cannot be kept as it is.
        ImageError: `source` is missing, damaged, or needs a password.
    """

    suffix: ClassVar[str] = ".pdf"
    packages = (PIKEPDF, IMG2PDF)
    needs_image = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        picture: str = "original",
        source: str | os.PathLike[str] | bytes | None = None,
        only: int | None = None,
        password: str | None = None,
        level: bool = False,
        quality: int = 85,
        dpi: float = 200.0,
        title: str | None = None,
        author: str | None = None,
        language: str | None = None,
    ) -> None:
        _check_options(picture, quality, dpi)
        self._pikepdf = PIKEPDF.load()
        super().__init__(path)
        self._picture, self._quality, self._dpi, self._level = picture, quality, dpi, level
        self._metadata = (title, author, language)
        self._font = GlyphlessFont()
        self._pdf = self._pikepdf.new()
        self._held_bytes = 0
        self._folder: Path | None = None
        self._parts: list[Path] = []
        self._kept: KeptPdf | None = None
        self._images: list[ImageRef] = []
        if picture == "original" and source is not None:
            with self._discarding_on_error():
                self._keep(source, only, password)
        self.needs_image = picture != "none" and self._kept is None

    def _keep(self, source: str | os.PathLike[str] | bytes, only: int | None, password: str | None) -> None:
        """Find out what there is to keep."""
        refs = page_refs(source, max_pixels=sys.maxsize, password=password)
        with closing(refs):
            first = next(refs)
            if isinstance(first, ImageRef):
                IMG2PDF.load()
                self._images.append(first)
                with suppress(CtpnCrnnError):  # the TIFF is damaged after some pages
                    self._images += refs
        if not self._images:
            title = "the PDF in memory" if isinstance(source, bytes) else os.fspath(source)
            kept = KeptPdf(first.file, title, password=password, only=only, level=self._level)
            self._kept = self.resources.enter_context(closing(kept))

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        found = _PAGE_NUMBER.search(page.source or "")
        number = int(found[1]) if found else self.pages + 1
        if self._kept is not None:
            self._kept.add(page, number)
        else:
            self._add_page(page, image, self._images[number - 1] if number <= len(self._images) else None)

    def _add_page(self, page: Page, image: np.ndarray | None, ref: ImageRef | None) -> None:
        """Add a page with a picture of its own."""
        from pikepdf import Dictionary, Name

        size = ref.size_points if ref is not None else None
        width, height = _paper(page, self._dpi) if size is None else _within_limits(*size)
        box = (0.0, 0.0, width, height)
        added = self._pdf.add_blank_page(page_size=(width, height))
        frame = PageFrame.of_box(page, box)
        levelling = Levelling.of_page(page, frame, box) if self._level else None
        operators = b"q\n"
        if levelling is not None:
            operators, frame = operators + levelling.operator, levelling.frame(frame)
        if self.needs_image and image is not None:
            picture, (a, b, c, d, e, f) = self._draw(page, image, ref)
            added.Resources = Dictionary(XObject=Dictionary(Im=picture))
            matrix = [a * width, b * height, c * width, d * height, e * width, f * height]
            operators += f"{' '.join(f'{number:.6g}' for number in matrix)} cm /Im Do ".encode("ascii")
            self._held_bytes += int(picture.get(Name.Length, 0))
        operators += b"Q\n" + text_operators(page, frame, self._font)
        added.obj[Name.Contents] = self._pdf.make_stream(zlib.compress(operators), Filter=Name.FlateDecode)
        if page.orientation:
            added.obj[Name.Rotate] = page.orientation
        if self._held_bytes >= _HELD_BYTES or len(self._pdf.pages) >= _HELD_PAGES:
            self._move_to_disk()

    def _draw(self, page: Page, image: np.ndarray, ref: ImageRef | None) -> tuple[Any, tuple[int, ...]]:
        """The picture of a page as an object of the document, and the matrix that draws it into the unit square."""
        if ref is not None and ref.file is not None:
            kept = kept_image(self._pdf, ref.file, ref.frame)
            return kept or (lossless_image(image).to_object(self._pdf), (1, 0, 0, 1, 0, 0))
        return self._compress(page, image).to_object(self._pdf), (1, 0, 0, 1, 0, 0)

    def _compress(self, page: Page, image: np.ndarray) -> PdfImage:
        if self._picture == "lossless":
            return lossless_image(image)
        original = original_jpeg(page.source, image) if self._picture == "original" else None
        return original or jpeg_image(image, self._quality)

    def _move_to_disk(self) -> None:
        """Move the pages in memory to a file beside the document."""
        if self._folder is None:
            prefix = aside_prefix(self.path.name)
            folder = tempfile.TemporaryDirectory(prefix=prefix, suffix=".parts", dir=self.path.parent)
            self._folder = Path(self.resources.enter_context(folder))
        part = self._folder / f"{len(self._parts)}.pdf"
        self._pdf.save(part)
        self._parts.append(part)
        self._pdf = self._pikepdf.new()
        self._held_bytes = 0

    def _finish(self) -> None:
        if not self.pages:
            raise OutputError(f"cannot write {self.path}: a PDF needs at least one page, and none was added")
        if self._kept is not None:
            self._kept.save(self.aside)
            super()._finish()
            return
        with ExitStack() as opened:
            if self._parts:
                self._pdf = opened.enter_context(self._joined())
            self._add_font()
            _add_metadata(self._pdf, *self._metadata)
            packed = self._pikepdf.ObjectStreamMode.generate
            self._pdf.save(self.aside, deterministic_id=True, object_stream_mode=packed)
        super()._finish()

    def _joined(self) -> Any:
        """Open all pages as one PDF in a file, from which the pictures are copied when the document is saved."""
        if len(self._pdf.pages):
            self._move_to_disk()
        joined = self._parts[0].with_name("joined.pdf")
        # `pages.extend` would read all pictures into memory.
        parts = [str(part) for part in self._parts]
        self._pikepdf.Job(["pikepdf", "--empty", "--pages", *parts, "--", str(joined)]).run()
        return self._pikepdf.open(joined, access_mode=self._pikepdf.AccessMode.stream)

    def _add_font(self) -> None:
        from pikepdf import Dictionary, Name

        font = self._font.add_to(self._pdf)
        self._font.fill(self._pdf, font)
        for page in self._pdf.pages:
            resources = page.obj.get(Name.Resources, Dictionary())
            resources[Name.Font] = Dictionary({FONT_KEY: font})
            page.obj[Name.Resources] = resources


def _paper(page: Page, dpi: float) -> tuple[float, float]:
    """Width and height of a page in points."""
    width, height = max(1, page.width), max(1, page.height)
    return _within_limits(width * 72.0 / dpi, height * 72.0 / dpi)


def _within_limits(width: float, height: float) -> tuple[float, float]:
    """A size in points, scaled so that viewers accept it."""
    scale = min(1.0, _MAX_SIDE / max(width, height))
    return max(_MIN_SIDE, round(width * scale, 4)), max(_MIN_SIDE, round(height * scale, 4))


def _add_metadata(pdf: Any, title: str | None, author: str | None, language: str | None) -> None:
    """Add metadata, as XMP and as the older document information. No dates: the same pages give the same bytes."""
    from pikepdf import Dictionary, String

    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=True) as about:
        about["pdf:Producer"] = f"ctpn_crnn {ctpn_crnn.__version__}"
        if title:
            about["dc:title"] = title
        if author:
            about["dc:creator"] = [author]
        if language:
            about["dc:language"] = {language}
    if language:
        pdf.Root.Lang = String(language)
    if title:
        pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)


def _check_options(picture: str, quality: int, dpi: float) -> None:
    if picture not in PICTURES:
        raise ConfigError(f"picture must be one of {', '.join(PICTURES)}, not {picture!r}")
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise ConfigError(f"quality must be a whole number in 1..100, not {quality!r}")
    if not (isinstance(dpi, (int, float)) and math.isfinite(dpi) and dpi > 0):
        raise ConfigError(f"dpi must be a positive number, not {dpi!r}")
