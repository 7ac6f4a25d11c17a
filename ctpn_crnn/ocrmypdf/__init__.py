"""Plugin for OCRmyPDF: this library reads the pages.

    ocrmypdf --plugin ctpn_crnn.ocrmypdf scan.pdf searchable.pdf

With ``--plugin`` it is the engine that ``--ocr-engine auto`` means, and Tesseract need not be installed. Where this
library is installed, OCRmyPDF also finds `ctpn_crnn.ocrmypdf.on_request` by itself, which changes nothing until
``--ocr-engine ctpn_crnn`` asks for it.

In this package `import ocrmypdf` means OCRmyPDF's package.
"""

from __future__ import annotations

from ctpn_crnn.ocrmypdf.engine import CtpnCrnnEngine
from ctpn_crnn.ocrmypdf.hooks import ENGINE_NAME, Hooks

__all__ = ["CtpnCrnnEngine", "add_options", "check_options", "get_ocr_engine", "initialize"]

_HOOKS = Hooks({"auto", ENGINE_NAME})

initialize = _HOOKS.initialize
add_options = _HOOKS.add_options
check_options = _HOOKS.check_options
get_ocr_engine = _HOOKS.get_ocr_engine
