"""Detect text in many images: a table of windows with the probabilities of background, text and formula."""

from __future__ import annotations

import argparse
import sys

from ctpn_crnn.commands import detect
from ctpn_crnn.commands.arguments import HelpFormatter
from ctpn_crnn.commands.running import run_command


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    epilog = detect.EPILOG.replace("ctpn-crnn detect", "python tools/detect.py")
    parser = argparse.ArgumentParser(description=__doc__, epilog=epilog, formatter_class=HelpFormatter)
    detect.add_arguments(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    arguments = parse_arguments(argv)
    return run_command(lambda: detect.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
