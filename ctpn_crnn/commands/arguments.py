"""Parts of command lines that several commands share."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path
from typing import Any

from ctpn_crnn.errors import OutputError
from ctpn_crnn.runtime import PRECISIONS, RUNTIMES


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Defaults in the help, and the examples as they are."""


def positive(value: str) -> int:
    """A whole number above 0."""
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not a whole number above 0")
    return int(value)


def positive_number(value: str) -> float:
    """A finite number above 0."""
    number = _number(value)
    if not 0.0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number above 0")
    return number


def share(value: str) -> float:
    """A number in 0..1."""
    number = _number(value)
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number in 0..1")
    return number


def image_size(value: str) -> tuple[int, int]:
    """The (height, width) that "1240x1754" asks for, which says the width first."""
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", value)
    if not match:
        raise argparse.ArgumentTypeError(f"{value!r} is not a size; write width x height, such as 1240x1754")
    return int(match[2]), int(match[1])


def _number(value: str) -> float:
    """NaN, which lies in no range, for what is no number."""
    try:
        return float(value)
    except ValueError:
        return math.nan


def add_runtime(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """--runtime and --precision."""
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto", help="what runs the networks")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="of the networks")


SEARCH = ("beam_width", "language_model", "lm_weight", "length_bonus", "second_look")
"""What `add_search` adds."""


def add_search(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """--beam-width, --language-model, --lm-weight, --length-bonus and --second-look of a reader."""
    parser.add_argument(
        "--beam-width",
        type=positive,
        metavar="N",
        help="prefixes that decoding searches; 1 is greedy, without a language model (None: 10 with one, else 1)",
    )
    parser.add_argument(
        "--language-model",
        default="auto",
        metavar="FILE",
        help="of characters, by tools/build_language_model.py; auto is the shipped one, none uses none",
    )
    parser.add_argument(
        "--lm-weight", type=float, metavar="W", help="power of the model's probabilities (None: the reader's own)"
    )
    parser.add_argument(
        "--length-bonus", type=float, metavar="B", help="log of each character's worth beside it (None: likewise)"
    )
    parser.add_argument(
        "--second-look",
        type=float,
        metavar="P",
        help="read lines less sure than this, 0 to 1, again in up to six ways; 0 is faster (None: the reader's own)",
    )


def search_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Those of `add_search` that were given, as arguments of `LineReader`."""
    given = {name: getattr(arguments, name) for name in SEARCH}
    return {name: value for name, value in given.items() if value is not None}


def make_folder(folder: Path, option: str) -> None:
    """Make an output folder now: better to fail before the work than after it.

    Raises:
        OutputError: It cannot be made; the message names the option.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot make the folder {folder}: {reason}; choose another with {option}") from error
