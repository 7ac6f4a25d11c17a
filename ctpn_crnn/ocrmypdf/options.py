"""The plugin's command line options."""

from __future__ import annotations

import argparse
from typing import Any

ENGINE_NAME = "ctpn_crnn"
"""What ``--ocr-engine`` calls us."""

_WEIGHTS = "--ctpn-crnn-weights"
_MIN_CONFIDENCE = "--ctpn-crnn-min-confidence"


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add our options, and our name to the choices of ``--ocr-engine``; a second time does nothing.

    Both modules of the plugin call this.
    """
    actions = {option: action for action in parser._actions for option in action.option_strings}
    engines = actions.get("--ocr-engine")  # argparse has no public way to one choice more
    if engines is not None and engines.choices is not None and ENGINE_NAME not in engines.choices:
        engines.choices = [*engines.choices, ENGINE_NAME]
    if _WEIGHTS in actions:
        return
    group = parser.add_argument_group("ctpn_crnn", "Options of the ctpn_crnn engine")
    group.add_argument(
        _WEIGHTS,
        metavar="FOLDER",
        default=None,
        help="Read with the weights ctpn.h5 and crnn.h5 in this folder instead of the shipped ones.",
    )
    group.add_argument(
        _MIN_CONFIDENCE,
        metavar="SHARE",
        type=float,
        default=0.0,
        help="Leave out lines whose characters are less sure than this on average, 0..1 (default: 0).",
    )


def weights_of(options: Any) -> str | None:
    """The folder with weights, or None for the shipped ones."""
    return getattr(options, "ctpn_crnn_weights", None)


def min_confidence_of(options: Any) -> float:
    """0..1."""
    return float(getattr(options, "ctpn_crnn_min_confidence", None) or 0.0)


def prefer_own_renderer(options: Any) -> None:
    """Have the engine write the text layer itself ("sandwich") where the choice is left to the program.

    OCRmyPDF's own renderers place words, ours each character.
    """
    if getattr(options, "pdf_renderer", None) == "auto":
        options.pdf_renderer = "sandwich"
