"""Options that several commands and tools share, and the types of their values."""

from __future__ import annotations

import argparse
import getpass
import math
import os
import re
import warnings
from pathlib import Path
from typing import Any

from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.runtime import PRECISIONS, RUNTIMES
from ctpn_crnn.weights.choice import WeightsChoice


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Show the defaults of options, and keep the line breaks of the epilog."""


Parser = argparse.ArgumentParser | argparse._ArgumentGroup
"""A parser, or a group of its options."""

_WEIGHTS_OPTIONS = {
    "ctpn": ("--ctpn-weights", "--weights-ctpn", "weights of the detector"),
    "crnn": ("--crnn-weights", "--weights-crnn", "weights of the reader"),
}


def make_parser(description: str | None, epilog: str, name: str | None = None) -> argparse.ArgumentParser:
    """Make the parser of a command or tool.

    Args:
        description: What it does: the docstring of its module.
        epilog: Examples and exit codes; printed as they are.
        name: What the help calls it; None for the name of the script.
    """
    return argparse.ArgumentParser(name, description=description, epilog=epilog, formatter_class=HelpFormatter)


def positive(value: str) -> int:
    """Parse a whole number above 0."""
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not a whole number above 0")
    return int(value)


def positive_number(value: str) -> float:
    """Parse a finite number above 0."""
    number = _number(value)
    if not 0.0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number above 0")
    return number


def share(value: str) -> float:
    """Parse a number in 0..1."""
    number = _number(value)
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number in 0..1")
    return number


def image_size(value: str) -> tuple[int, int]:
    """Parse "WIDTHxHEIGHT", such as "1240x1754"; returns (height, width)."""
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", value)
    if not match:
        raise argparse.ArgumentTypeError(f"{value!r} is not a size; write width x height, such as 1240x1754")
    return int(match[2]), int(match[1])


def _number(value: str) -> float:
    """Parse a number; NaN, which lies in no range, where it is none."""
    try:
        return float(value)
    except ValueError:
        return math.nan


def add_weights(parser: Parser, *kinds: str) -> None:
    """Add --ctpn-weights and --crnn-weights.

    Args:
        parser: Where to.
        kinds: Which of them: "ctpn", "crnn".
    """
    for kind in kinds:
        *names, meaning = _WEIGHTS_OPTIONS[kind]
        parser.add_argument(*names, metavar="FILE", help=f"{meaning} (None: those shipped)")


def add_runtime(parser: Parser) -> None:
    """Add --runtime and --precision."""
    parser.add_argument("--runtime", choices=RUNTIMES, default="auto", help="what runs the networks")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="of the networks")


SEARCH_OPTIONS = ("beam_width", "language_model", "lm_weight", "length_bonus", "second_look")
"""Destinations of the options that `add_search` adds; also arguments of `LineReader` and `Recognizer`."""


def add_search(parser: Parser) -> None:
    """Add --beam-width, --language-model, --lm-weight, --length-bonus and --second-look, by which a reader searches."""
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
        "--lm-weight",
        type=float,
        metavar="W",
        help="power of the language model's probabilities (None: the reader's own)",
    )
    parser.add_argument(
        "--length-bonus",
        type=float,
        metavar="B",
        help="added to the log probability of a text for each of its characters (None: the reader's own)",
    )
    parser.add_argument(
        "--second-look",
        type=float,
        metavar="P",
        help="read lines less sure than this, 0 to 1, again in up to six ways; 0 is faster (None: the reader's own)",
    )


def search_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Collect the options of `add_search` that were given, as arguments of `LineReader`."""
    given = {name: getattr(arguments, name) for name in SEARCH_OPTIONS}
    return {name: value for name, value in given.items() if value is not None}


def add_networks(parser: Parser) -> None:
    """Add all options of a `Recognizer`'s networks: --weights, and those of the three functions above."""
    parser.add_argument("--weights", metavar="FOLDER", help="folder with ctpn.h5 and crnn.h5 (None: those shipped)")
    add_weights(parser, "ctpn", "crnn")
    add_runtime(parser)
    add_search(parser)


def weights_choice(arguments: argparse.Namespace) -> WeightsChoice:
    """Return the weights that the options of `add_networks` choose.

    Raises:
        ConfigError: Both a folder and a file were given.
    """
    if arguments.weights and (arguments.ctpn_weights or arguments.crnn_weights):
        raise ConfigError("give either --weights or --ctpn-weights/--crnn-weights, not both")
    files = {"ctpn": arguments.ctpn_weights, "crnn": arguments.crnn_weights}
    return arguments.weights or (files if any(files.values()) else None)


PASSWORD_VARIABLE = "CTPN_CRNN_PASSWORD"
"""Environment variable with the password of PDFs, where --password is not given."""

_ASK = "-"
"""Value of --password that asks for it; a password that is a single hyphen goes into the environment variable."""


def add_password(parser: Parser) -> None:
    """Add --password, which opens encrypted PDFs."""
    parser.add_argument(
        "--password",
        nargs="?",
        const=_ASK,
        help=f"opens encrypted PDFs; - or nothing asks for it on the terminal (None: that in {PASSWORD_VARIABLE})",
    )


def pdf_password(arguments: argparse.Namespace) -> str | None:
    """Return the password that --password gives or asks for, or that of the environment; None without one.

    Raises:
        ConfigError: It is to be asked for, and there is no terminal.
    """
    if arguments.password is None:
        return os.environ.get(PASSWORD_VARIABLE) or None
    if arguments.password != _ASK:
        return arguments.password
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would be shown on the screen
            return getpass.getpass("Password of the PDFs: ")
    except (getpass.GetPassWarning, EOFError, OSError) as error:
        raise ConfigError(
            f"--password - asks for the password, and there is no terminal: set {PASSWORD_VARIABLE} instead"
        ) from error


def make_folder(folder: Path, option: str) -> None:
    """Make an output folder before the work begins, so that a wrong one is noticed early.

    Raises:
        OutputError: It cannot be made; the message names the option.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot make the folder {folder}: {reason}; choose another with {option}") from error
