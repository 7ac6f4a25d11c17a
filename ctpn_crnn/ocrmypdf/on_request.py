"""What OCRmyPDF loads by itself where ctpn_crnn is installed: one more choice for ``--ocr-engine``.

It is another module than the plugin, since OCRmyPDF refuses one that is both installed and named with ``--plugin``; and
it must not become the engine of those who never asked for it.
"""

from __future__ import annotations

import argparse
from typing import Any

from ocrmypdf import hookimpl

from ctpn_crnn.ocrmypdf.options import ENGINE_NAME, add_engine_options, prefer_own_renderer
from ctpn_crnn.ocrmypdf.tesseract_check import skip_tesseract_check


@hookimpl
def initialize(plugin_manager: Any) -> None:
    """Spare those who read with this engine an installation of Tesseract."""
    skip_tesseract_check(plugin_manager, _is_wanted)


@hookimpl
def add_options(parser: argparse.ArgumentParser) -> None:
    """Our command line options, and our name among the engines."""
    add_engine_options(parser)


@hookimpl
def check_options(options: Any) -> None:
    """Choose the text layer with a place for each character, unless another one was asked for."""
    if _is_wanted(options):
        prefer_own_renderer(options)


@hookimpl(tryfirst=True)
def get_ocr_engine(options: Any = None) -> Any:
    """This engine, if it was asked for by name."""
    if not _is_wanted(options):
        return None
    from ctpn_crnn.ocrmypdf.engine import CtpnCrnnEngine

    return CtpnCrnnEngine()


def _is_wanted(options: Any) -> bool:
    return getattr(options, "ocr_engine", None) == ENGINE_NAME
