"""OCRmyPDF's check for Tesseract, which is in the way of those who read with something else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

_TESSERACT = "ocrmypdf.builtin_plugins.tesseract_ocr"


def skip_tesseract_check(plugin_manager: Any, is_needless: Callable[[Any], bool]) -> None:
    """Let OCRmyPDF start without the program Tesseract when it is not going to be used.

    The built-in plugin of Tesseract cannot be blocked as a whole, because OCRmyPDF counts on its options. So only its
    check is put behind a condition.

    Args:
        plugin_manager: pluggy's, as the hook `initialize` gets it.
        is_needless: OCRmyPDF's options -> whether another engine reads, so that the check is left out.
    """
    for implementation in plugin_manager.hook.check_options.get_hookimpls():
        if implementation.plugin_name == _TESSERACT:
            implementation.function = _guarded(implementation.function, is_needless)


def _guarded(check: Callable[[Any], Any], is_needless: Callable[[Any], bool]) -> Callable[[Any], Any]:
    @wraps(check)
    def guarded(options: Any) -> Any:
        return None if is_needless(options) else check(options)

    return guarded
