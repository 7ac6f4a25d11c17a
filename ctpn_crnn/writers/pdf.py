"""Searchable PDF: the picture of each page, and over it, invisible, its text."""

from __future__ import annotations

import importlib
import math
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import ctpn_crnn
from ctpn_crnn.documents.images import check_file
from ctpn_crnn.errors import ConfigError, ImageError, OutputError
from ctpn_crnn.files import aside_prefix, written_aside
from ctpn_crnn.page import Page
from ctpn_crnn.writers.document import FileWriter
from ctpn_crnn.writers.glyphless import GlyphlessFont
from ctpn_crnn.writers.pdf_picture import Picture, jpeg_picture, lossless_picture, original_jpeg
from ctpn_crnn.writers.pdf_text import FONT_KEY, PageFrame, text_operators

PICTURES = ("original", "jpeg", "lossless", "none")
"""How a page's picture is kept, see `PdfWriter`."""

DPI = 200.0
"""Pixels per inch unless told otherwise: the resolution at which pages of a PDF are rendered for reading."""

QUALITY = 85

_LONGEST_SIDE = 14_400.0
"""Points: the largest page that viewers accept (ISO 32000-1, annex C). A larger one is scaled down as a whole."""

_HELD_BYTES = 32 << 20
_HELD_PAGES = 200
"""Of pictures and of pages held in memory before they are put on the disk."""


class PdfWriter(FileWriter):
    """Writes pages as a PDF in which text can be searched, selected and copied.

    Each line lies along its quad, slanted ones turned, and each character in its place. The text is as invisible as
    any can be: drawn in mode 3, in a font without ink. The same pages give the same bytes.

    Pages go to the disk as they come (beside the document, in a folder that `close` removes), so that memory holds some
    32 MB of pictures at most; what remains of a page until the end is a kilobyte or two.

    Example:
        >>> from ctpn_crnn.documents.sources import load_pages
        >>> from ctpn_crnn.writers.pdf import PdfWriter
        >>> with PdfWriter("letter.pdf", dpi=300, title="A letter") as writer:      # doctest: +SKIP
        ...     for name, image in load_pages("letter.tif"):
        ...         writer.add(recognizer.recognize(image), image)

    Args:
        path: The file to write.
        picture: "original": the bytes of the JPEG file a page was read from, when `Page.source` names one and it shows
            just what was added; else as "jpeg". "jpeg": JPEG of the quality given. "lossless": the exact pixels, black
            and white ones with one bit each. "none": no picture, only the text, to be laid over something else.
        quality: Of JPEG, 1..100.
        dpi: Pixels per inch of the pages, which gives the size of the paper.
        title: Of the document; None for no title.
        author: Likewise.
        language: Of the text, such as "zh-CN", for programs that read it aloud.

    Raises:
        ConfigError: An option has a value that makes no sense, or pikepdf is not installed.
        OutputError: The folder does not exist, or `path` is a folder.
    """

    suffix: ClassVar[str] = ".pdf"
    needs_image = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        picture: str = "original",
        quality: int = QUALITY,
        dpi: float = DPI,
        title: str | None = None,
        author: str | None = None,
        language: str | None = None,
    ) -> None:
        _check_options(picture, quality, dpi)
        self._pikepdf = _library()
        super().__init__(path)
        self.needs_image = picture != "none"
        self._picture, self._quality, self._dpi = picture, quality, dpi
        self._about = (title, author, language)
        self._font = GlyphlessFont()
        self._pdf = self._pikepdf.new()
        self._held_bytes = 0
        self._folder: Path | None = None
        self._parts: list[Path] = []

    @classmethod
    def check_installed(cls) -> None:
        """See `DocumentWriter.check_installed`."""
        _library()

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        from pikepdf import Dictionary, Name

        width, height = _paper(page, self._dpi)
        added = self._pdf.add_blank_page(page_size=(width, height))
        operators = b""
        if self.needs_image and image is not None:
            picture = self._encode(page, image)
            added.Resources = Dictionary(XObject=Dictionary(Im=picture.to_object(self._pdf)))
            operators = f"q {width} 0 0 {height} 0 0 cm /Im Do Q\n".encode("ascii")
            self._held_bytes += len(picture.data)
        operators += text_operators(page, PageFrame.of_box(page, (0.0, 0.0, width, height)), self._font)
        added.obj[Name.Contents] = self._pdf.make_stream(operators)
        if self._held_bytes >= _HELD_BYTES or len(self._pdf.pages) >= _HELD_PAGES:
            self._put_down()

    def _encode(self, page: Page, image: np.ndarray) -> Picture:
        if self._picture == "lossless":
            return lossless_picture(image)
        original = original_jpeg(page.source, image) if self._picture == "original" else None
        return original or jpeg_picture(image, self._quality)

    def _put_down(self) -> None:
        """Move the pages in memory to a file."""
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
        with ExitStack() as opened:
            if self._parts:
                self._pdf = opened.enter_context(self._joined())
            self._add_font()
            _describe(self._pdf, *self._about)
            packed = self._pikepdf.ObjectStreamMode.generate
            self._pdf.save(self.aside, deterministic_id=True, object_stream_mode=packed)
        super()._finish()

    def _joined(self) -> Any:
        """All pages as one PDF in a file, whose pictures stay there until they are copied to the document."""
        if len(self._pdf.pages):
            self._put_down()
        joined = self._parts[0].with_name("joined.pdf")
        # Not by `pages.extend`, which reads all pictures into memory.
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


def add_text_layer(
    source: str | os.PathLike[str],
    pages: Iterable[Page | None],
    target: str | os.PathLike[str],
) -> None:
    """Make a PDF searchable and leave all else in it as it is: pictures, drawings, bookmarks, metadata.

    The pages may have any box and rotation; what counts is that each was read as a viewer shows it, as `load_pages`
    does. Memory holds the document's structure and a few kilobytes a page, not its pictures.

    Example:
        >>> from ctpn_crnn import Recognizer
        >>> from ctpn_crnn.writers.pdf import add_text_layer
        >>> add_text_layer("scan.pdf", Recognizer().recognize_all("scan.pdf"), "text.pdf")      # doctest: +SKIP

    Args:
        source: The PDF. One that opens without a password but forbids changes is written without that protection.
        pages: One for each of its pages, in their order; None for a page to leave alone.
        target: The file to write; may be the source itself.

    Raises:
        ImageError: The source is missing, damaged, not a PDF, or needs a password.
        ConfigError: There are more or fewer pages than the source has, or pikepdf is not installed.
        OutputError: `target` cannot be written.
    """
    pikepdf = _library()
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
    """Add a page's text to a page of a PDF, after what is there."""
    from pikepdf import Name

    if not any(line.text for line in page.lines):
        return
    key = _free_key(pdf_page, font)
    pdf_page.add_resource(font, Name.Font, Name(key))
    operators = text_operators(page, PageFrame.of_box(page, _shown_box(pdf_page), _rotation(pdf_page)), codes, key)
    # What is there may leave its own coordinates behind.
    pdf_page.contents_add(b"q\n", prepend=True)
    pdf_page.contents_add(b"\nQ\n" + operators)


def _free_key(pdf_page: Any, font: Any) -> str:
    """A name for the font that the page's resources do not use for another one."""
    fonts = pdf_page.resources.get("/Font", {})
    for number in count(1):
        key = f"/CtpnCrnn{number}"
        if key not in fonts or fonts[key].objgen == font.objgen:
            return key
    raise AssertionError("unreachable")


def _shown_box(pdf_page: Any) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of what viewers show: the crop box within the media box."""
    media, crop = (_upright(box) for box in (pdf_page.mediabox, pdf_page.cropbox))
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return (left, bottom, right, top) if left < right and bottom < top else media


def _upright(box: Any) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _rotation(pdf_page: Any) -> int:
    """/Rotate, which a page may inherit; 0 where it is not a multiple of 90."""
    node = pdf_page.obj
    for _ in range(50):  # a damaged file may have a circle of parents
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


def _paper(page: Page, dpi: float) -> tuple[float, float]:
    """Width and height of a page in points."""
    width, height = max(1, page.width), max(1, page.height)
    scale = min(72.0 / dpi, _LONGEST_SIDE / max(width, height))
    return round(width * scale, 4), round(height * scale, 4)


def _describe(pdf: Any, title: str | None, author: str | None, language: str | None) -> None:
    """Metadata, in the form of XMP and in the older one. No dates: the same pages shall give the same bytes."""
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


def _library() -> Any:
    try:
        return importlib.import_module("pikepdf")
    except ImportError as error:
        raise ConfigError("writing PDFs needs pikepdf: pip install pikepdf") from error
