"""The library as an engine of OCRmyPDF."""

from __future__ import annotations

import os
import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrmypdf.exceptions import BadArgsError, InputFileError
from ocrmypdf.pluginspec import OcrEngine, OrientationConfidence
from PIL import Image

import ctpn_crnn
from ctpn_crnn.errors import ConfigError, CtpnCrnnError, WeightsError
from ctpn_crnn.ocrmypdf.options import min_confidence_of, weights_of

if TYPE_CHECKING:
    from ctpn_crnn.page import Page
    from ctpn_crnn.recognizer import Recognizer

LANGUAGES = frozenset({"chi_sim", "chi_tra", "eng"})
"""One network reads all of them at once: which of them is asked for makes no difference."""

_DEFAULT_DPI = 72.0
_NAME = f"ctpn_crnn {ctpn_crnn.__version__}"

_reading = threading.Lock()
"""OCRmyPDF runs pages in threads (or in processes, with --no-use-threads). One network that uses every core serves
them in turn; meanwhile the other threads render, clean and compress."""


class CtpnCrnnEngine(OcrEngine):
    """Finds lines with CTPN and reads them with CRNN.

    The networks are loaded once a process, with its first page.
    """

    @staticmethod
    def version() -> str:
        """Of this library."""
        return ctpn_crnn.__version__

    @staticmethod
    def creator_tag(options: Any) -> str:
        """Who made the text, for the document's metadata."""
        return _NAME

    def __str__(self) -> str:
        return _NAME

    @staticmethod
    def languages(options: Any) -> set[str]:
        """In Tesseract's names."""
        return set(LANGUAGES)

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        """Upright, without any confidence: pages on their side or upside down are not recognised as such."""
        return OrientationConfidence(angle=0, confidence=0.0)

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:
        """The degrees by which to turn the page counter-clockwise so that its lines are level."""
        from ctpn_crnn.deskew import estimate_skew
        from ctpn_crnn.images import load_image

        try:
            return float(estimate_skew(load_image(input_file)))
        except CtpnCrnnError as error:
            raise InputFileError(str(error)) from error

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        """Read a page; write it as hOCR and as text."""
        from ctpn_crnn.writers import open_writer

        page = _read(input_file, options)
        with open_writer("hocr", output_hocr) as writer:
            writer.add(page)
        dpi = _dpi_of(input_file)
        hocr = Path(output_hocr).read_text(encoding="utf-8")
        # OCRmyPDF needs the resolution of the image that was read; the page's bbox is the file's first.
        hocr = re.sub(r"\bbbox( \d+){4}", rf"\g<0>; scan_res {dpi:.0f} {dpi:.0f}", hocr, count=1)
        Path(output_hocr).write_text(hocr, encoding="utf-8")
        _write_text(page, output_text)

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        """Read a page; write it as a PDF page of invisible text, of the image's size, and as text."""
        from ctpn_crnn.writers.pdf import PdfWriter

        page = _read(input_file, options)
        with PdfWriter(output_pdf, picture="none", dpi=_dpi_of(input_file)) as writer:
            writer.add(page)
        _write_text(page, output_text)


def _read(path: Path, options: Any) -> Page:
    """Read the page image.

    Raises:
        BadArgsError: An option of ours makes no sense, or there are no such weights.
        InputFileError: The image cannot be read.
    """
    with _reading:
        try:
            return _recognizer(weights_of(options), min_confidence_of(options)).recognize(path)
        except (ConfigError, WeightsError) as error:
            raise BadArgsError(str(error)) from error
        except CtpnCrnnError as error:
            raise InputFileError(str(error)) from error


@lru_cache(maxsize=1)
def _recognizer(weights: str | None, min_confidence: float) -> Recognizer:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are not for the user
    from ctpn_crnn.recognizer import Recognizer

    return Recognizer(weights=weights, min_confidence=min_confidence)


def _write_text(page: Page, path: Path) -> None:
    Path(path).write_text(page.text + "\n" if page.text else "", encoding="utf-8", errors="replace")


def _dpi_of(path: Path) -> float:
    """Of an image file; OCRmyPDF says it in the file, and makes it the same in both directions."""
    with Image.open(path) as image:
        dpi = image.info.get("dpi", _DEFAULT_DPI)
    dpi = float(dpi[0] if isinstance(dpi, tuple) else dpi)
    return dpi if dpi > 0 else _DEFAULT_DPI
