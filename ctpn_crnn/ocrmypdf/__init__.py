"""Plugin for OCRmyPDF: this library reads the pages.

    ocrmypdf --plugin ctpn_crnn.ocrmypdf scan.pdf searchable.pdf

Named like this, the plugin is the engine that ``--ocr-engine auto`` means, and Tesseract need not be installed. Where
ctpn_crnn is installed, OCRmyPDF also finds `ctpn_crnn.ocrmypdf.on_request` by itself, which changes nothing until
``--ocr-engine ctpn_crnn`` asks for it.

In this module `import ocrmypdf` means the package of that name, not this one.
"""

from __future__ import annotations

import argparse
from typing import Any

import ocrmypdf
from ocrmypdf import hookimpl
from ocrmypdf.exceptions import MissingDependencyError

from ctpn_crnn.ocrmypdf.engine import CtpnCrnnEngine
from ctpn_crnn.ocrmypdf.options import ENGINE_NAME, add_engine_options, prefer_own_renderer
from ctpn_crnn.ocrmypdf.tesseract_check import skip_tesseract_check

__all__ = ["CtpnCrnnEngine", "add_options", "check_options", "get_ocr_engine", "initialize"]

OLDEST = 17
"""Major version of OCRmyPDF."""


@hookimpl
def initialize(plugin_manager: Any) -> None:
    """Spare those who read with this engine an installation of Tesseract."""
    skip_tesseract_check(plugin_manager, _is_wanted)


@hookimpl
def add_options(parser: argparse.ArgumentParser) -> None:
    """Our command line options."""
    add_engine_options(parser)


@hookimpl
def check_options(options: Any) -> None:
    """Choose the text layer with a place for each character, unless another one was asked for.

    Raises:
        MissingDependencyError: OCRmyPDF is older than 17, which gives every page the first one's font: with ours, whose
            codes are the page's own, the text of the others would be wrong.
    """
    if int(ocrmypdf.__version__.split(".")[0]) < OLDEST:
        raise MissingDependencyError(
            f"ctpn_crnn reads for OCRmyPDF {OLDEST} or newer (Python 3.11 or newer), and this is "
            f"{ocrmypdf.__version__}: pip install --upgrade 'ocrmypdf>={OLDEST}'"
        )
    if _is_wanted(options):
        prefer_own_renderer(options)


@hookimpl(tryfirst=True)
def get_ocr_engine(options: Any = None) -> CtpnCrnnEngine | None:
    """This engine, unless another one was asked for by name."""
    return CtpnCrnnEngine() if _is_wanted(options) else None


def _is_wanted(options: Any) -> bool:
    return getattr(options, "ocr_engine", "auto") in ("auto", ENGINE_NAME)
