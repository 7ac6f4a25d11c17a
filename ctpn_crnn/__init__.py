"""OCR for Chinese and English: CTPN finds the text lines, CRNN reads them.

    from ctpn_crnn import Recognizer
    page = Recognizer().recognize("img.jpg")
    print(page.text)

Importing this package is cheap: each public class is imported when it is first used, and TensorFlow only with the
first network.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctpn_crnn.crnn.reader import LineReader
    from ctpn_crnn.ctpn.detector import Detector
    from ctpn_crnn.page import Char, Page, Reading, Region, TextLine
    from ctpn_crnn.recognizer import Recognizer

__version__ = "0.1.0"

__all__ = ["Char", "Detector", "LineReader", "Page", "Reading", "Recognizer", "Region", "TextLine", "__version__"]

# By itself TensorFlow takes oneDNN's kernels on some processors only; with AVX2, training is 1.3 times faster by them.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

_HOME = {
    "Char": "ctpn_crnn.page",
    "Detector": "ctpn_crnn.ctpn.detector",
    "LineReader": "ctpn_crnn.crnn.reader",
    "Page": "ctpn_crnn.page",
    "Reading": "ctpn_crnn.page",
    "Recognizer": "ctpn_crnn.recognizer",
    "Region": "ctpn_crnn.page",
    "TextLine": "ctpn_crnn.page",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
