"""OCRmyPDF's hooks, shared by the plugin and by the module that OCRmyPDF finds by itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

import ocrmypdf
from ocrmypdf import hookimpl
from ocrmypdf.exceptions import MissingDependencyError

from ctpn_crnn.ocrmypdf.engine import CtpnCrnnEngine

ENGINE_NAME = "ctpn_crnn"
"""The value of ``--ocr-engine`` that means this engine."""

OLDEST = 17
"""Oldest major version of OCRmyPDF that works."""

_TESSERACT_PLUGIN = "ocrmypdf.builtin_plugins.tesseract_ocr"


class Hooks:
    """The hooks of a plugin that reads with this engine.

    Args:
        choices: The values of ``--ocr-engine`` for which this engine reads.
    """

    def __init__(self, choices: Collection[str]) -> None:
        self._choices = choices

    @hookimpl
    def initialize(self, plugin_manager: Any) -> None:
        """Let OCRmyPDF start without the program Tesseract where this engine reads.

        The built-in plugin of Tesseract cannot be blocked as a whole, because OCRmyPDF needs its options. Only its
        check is made conditional.
        """
        for implementation in plugin_manager.hook.check_options.get_hookimpls():
            if implementation.plugin_name == _TESSERACT_PLUGIN:
                implementation.function = _unless(self._is_chosen, implementation.function)

    @hookimpl
    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the engine's options and its name among the choices of ``--ocr-engine``."""
        add_engine_options(parser)

    @hookimpl
    def check_options(self, options: Any) -> None:
        """Choose the renderer "sandwich" where the choice is left to the program.

        The engine then writes the text layer itself and places each character; OCRmyPDF's renderers place words.

        Raises:
            MissingDependencyError: OCRmyPDF is older than 17. It gives every page the font of the first page, but the
                character codes of our fonts differ from page to page, so that the text of the others would be wrong.
        """
        if not self._is_chosen(options):
            return
        if int(ocrmypdf.__version__.split(".")[0]) < OLDEST:
            raise MissingDependencyError(
                f"ctpn_crnn reads for OCRmyPDF {OLDEST} or newer (Python 3.11 or newer), and this is "
                f"{ocrmypdf.__version__}: pip install --upgrade 'ocrmypdf>={OLDEST}'"
            )
        if getattr(options, "pdf_renderer", None) == "auto":
            options.pdf_renderer = "sandwich"

    @hookimpl(tryfirst=True)
    def get_ocr_engine(self, options: Any = None) -> CtpnCrnnEngine | None:
        """Return this engine where it is chosen."""
        return CtpnCrnnEngine() if self._is_chosen(options) else None

    def _is_chosen(self, options: Any) -> bool:
        return getattr(options, "ocr_engine", "auto") in self._choices


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the engine's options and its name among the choices of ``--ocr-engine``; a second call does nothing."""
    actions = {option: action for action in parser._actions for option in action.option_strings}
    engines = actions.get("--ocr-engine")  # argparse has no public way to add a choice
    if engines is not None and engines.choices is not None and ENGINE_NAME not in engines.choices:
        engines.choices = [*engines.choices, ENGINE_NAME]
    if "--ctpn-crnn-weights" in actions:
        return
    group = parser.add_argument_group("ctpn_crnn", "Options of the ctpn_crnn engine")
    group.add_argument(
        "--ctpn-crnn-weights",
        metavar="FOLDER",
        default=None,
        help="Read with the weights ctpn.h5 and crnn.h5 in this folder instead of the shipped ones.",
    )
    group.add_argument(
        "--ctpn-crnn-min-confidence",
        metavar="SHARE",
        type=float,
        default=0.0,
        help="Leave out lines whose characters are less sure than this on average, 0..1 (default: 0).",
    )


def _unless(condition: Callable[[Any], bool], check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(check)
    def checked(options: Any) -> Any:
        return None if condition(options) else check(options)

    return checked
