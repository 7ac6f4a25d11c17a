"""Measure the largest value of each convolution's input on images, and store it in the weights file for int8."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from ctpn_crnn.commands.arguments import make_parser
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.export import fit_ranges
from ctpn_crnn.weights import set_ranges

EPILOG = """\
examples:
  python tools/fit_int8.py runs/crnn/crnn.h5 lines/*.png
  python tools/fit_int8.py runs/ctpn/ctpn.h5 pages/*.jpg

Take a few dozen images of the kind to be read (pages for a detector, lines for a reader) that are not used for scoring.
Recognizer(runtime="onnx", precision="int8") then runs the file; by default it is run so where int8 is the fastest.

exit codes: 0 stored, 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser(__doc__, EPILOG)
    parser.add_argument("weights", type=Path, metavar="WEIGHTS", help="the .h5 file, which is rewritten")
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="pages or lines")
    return parser.parse_args(argv)


def run(arguments: argparse.Namespace) -> int:
    """Measure and store; returns the exit code."""
    with tqdm(total=2 * len(arguments.images), unit="image", disable=None) as bar:
        ranges = fit_ranges(arguments.weights, arguments.images, bar.update)
    set_ranges(arguments.weights, ranges)
    print(f"{arguments.weights}: " + ", ".join(f"{name} {value:.1f}" for name, value in ranges.items()))
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    return run_command(lambda: run(parse_arguments(argv)))


if __name__ == "__main__":
    sys.exit(main())
