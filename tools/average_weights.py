"""Average two weights files, such as those before and after a training on other data."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ctpn_crnn.commands.arguments import make_parser
from ctpn_crnn.commands.running import run_command

EPILOG = """\
examples:
  python tools/average_weights.py ctpn_crnn/weights/crnn.h5 runs/crnn/crnn.h5 average.h5 --share 0.6

The average has no calibration and no ranges of int8: fit them anew (tools/evaluate.py recognition --fit-calibration,
tools/fit_int8.py).

exit codes: 0 written, 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser(__doc__, EPILOG)
    parser.add_argument("first", type=Path, metavar="FIRST", help="a weights file (.h5)")
    parser.add_argument("second", type=Path, metavar="SECOND", help="another one of the same architecture")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="the weights file to write")
    parser.add_argument("--share", type=float, default=0.5, help="of the second file, 0..1")
    return parser.parse_args(argv)


def run(arguments: argparse.Namespace) -> int:
    """Average; returns the exit code."""
    from ctpn_crnn.training.averaging import average_weights

    average_weights(arguments.first, arguments.second, arguments.share, arguments.output)
    rest = f"{1 - arguments.share:g} of {arguments.first}"
    print(f"Saved {arguments.output}: {rest}, {arguments.share:g} of {arguments.second}")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    return run_command(lambda: run(parse_arguments(argv)))


if __name__ == "__main__":
    sys.exit(main())
