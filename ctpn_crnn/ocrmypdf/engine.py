"""The library as an engine of OCRmyPDF."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrmypdf.exceptions import BadArgsError, InputFileError
from ocrmypdf.pluginspec import OcrEngine, OrientationConfidence
from PIL import Image

import ctpn_crnn
from ctpn_crnn.errors import ConfigError, CtpnCrnnError, WeightsError

if TYPE_CHECKING:
    from ctpn_crnn.page import Page
    from ctpn_crnn.recognizer import Recognizer

LANGUAGES = frozenset({"chi_sim", "chi_tra", "eng"})
"""In Tesseract's names. One network reads all of them at once, whichever of them is asked for."""

_ORIENTATION_CONFIDENCE = 20.0
"""Reported wherever text was read. It is above OCRmyPDF's threshold of 14, because `Recognizer` turns a page only where
it reads clearly better so."""

_DEFAULT_DPI = 72.0
_NAME = f"ctpn_crnn {ctpn_crnn.__version__}"

_reading = threading.Lock()
"""OCRmyPDF processes pages in threads (or in processes, with --no-use-threads). One network, which uses every core,
serves them in turn while the other threads render, clean and compress."""


class CtpnCrnnEngine(OcrEngine):
    """Finds lines with CTPN and reads them with CRNN. Each process loads the networks once, with its first page."""

    @staticmethod
    def version() -> str:
        """The version of this library."""
        return ctpn_crnn.__version__

    @staticmethod
    def creator_tag(options: Any) -> str:
        """The maker of the text, for the document's metadata."""
        return _NAME

    def __str__(self) -> str:
        return _NAME

    @staticmethod
    def languages(options: Any) -> set[str]:
        """The languages that are read, in Tesseract's names."""
        return set(LANGUAGES)

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        """Find by how many degrees the page is turned clockwise; the confidence is 0 where nothing was read."""
        page = _read(input_file, options)
        # OCRmyPDF's documentation calls this the angle to turn the page by, but it turns the page by the opposite.
        return OrientationConfidence(-page.orientation % 360, _ORIENTATION_CONFIDENCE if page.lines else 0.0)

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:
        """Find by how many degrees the page must be turned counter-clockwise so that its lines are level."""
        from ctpn_crnn.documents.images import load_image
        from ctpn_crnn.refine.skew import estimate_skew

        try:
            return float(estimate_skew(load_image(input_file)))
        except CtpnCrnnError as error:
            raise InputFileError(str(error)) from error

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        """Read a page; write it as hOCR and as text."""
        page = _read(input_file, options)
        _write(page, "hocr", output_hocr, dpi=_dpi_of(input_file))
        _write(page, "txt", output_text)

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        """Read a page; write it as a PDF page of invisible text, of the image's size, and as text."""
        page = _read(input_file, options)
        _write(page, "pdf", output_pdf, picture="none", dpi=_dpi_of(input_file))
        _write(page, "txt", output_text)


def _read(path: Path, options: Any) -> Page:
    """Read the page image.

    Raises:
        BadArgsError: An option of this engine makes no sense, or the weights cannot be used.
        InputFileError: The image cannot be read.
    """
    with _reading:
        try:
            weights = getattr(options, "ctpn_crnn_weights", None)
            min_confidence = float(getattr(options, "ctpn_crnn_min_confidence", None) or 0.0)
            return _recognizer(weights, min_confidence).recognize(path)
        except (ConfigError, WeightsError) as error:
            raise BadArgsError(str(error)) from error
        except CtpnCrnnError as error:
            raise InputFileError(str(error)) from error


@lru_cache(maxsize=1)
def _recognizer(weights: str | None, min_confidence: float) -> Recognizer:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hides TensorFlow's start-up notes
    from ctpn_crnn.recognizer import Recognizer

    return Recognizer(weights=weights, min_confidence=min_confidence)


def _write(page: Page, format: str, path: Path, **options: Any) -> None:  # noqa: A002 - the name that `open_writer` has
    from ctpn_crnn.writers import open_writer

    with open_writer(format, path, **options) as writer:
        writer.add(page)


def _dpi_of(path: Path) -> float:
    """The resolution that OCRmyPDF wrote to an image file, the same in both directions."""
    with Image.open(path) as image:
        dpi = image.info.get("dpi", _DEFAULT_DPI)
    dpi = float(dpi[0] if isinstance(dpi, tuple) else dpi)
    return dpi if dpi > 0 else _DEFAULT_DPI
