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

from ctpn_crnn.errors import DependencyError

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
    try:
        return getattr(import_module(_HOME[name]), name)
    except ImportError as error:
        ours = opencv_error(error)
        if ours is None:
            raise
        raise ours from error


def opencv_error(error: ImportError) -> DependencyError | None:
    """Make the error to raise where an import failed because of OpenCV; None where the cause is another one."""
    if (error.name or "").partition(".")[0] != "cv2" and not _is_raised_in("cv2", error):
        return None
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DependencyError(
        f"OpenCV cannot be imported ({reason}): pip install opencv-python-headless; or, to keep opencv-python, which "
        "needs the libraries of a desktop, install libgl1 and libglib2.0-0 (their names in Debian)"
    )


def _is_raised_in(package: str, error: BaseException) -> bool:
    """Tell whether a module of a package is among the callers of what raised an error."""
    traceback = error.__traceback__
    while traceback is not None:
        if str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0] == package:
            return True
        traceback = traceback.tb_next
    return False


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
