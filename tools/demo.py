"""Read the text of images: print it, and write pictures that show what was found and read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ctpn_crnn.commands import read
from ctpn_crnn.commands.arguments import make_parser
from ctpn_crnn.commands.running import run_command

EPILOG = """\
examples:
  python tools/demo.py img.jpg
  python tools/demo.py scans/ "photos/*.jpg" report.pdf --output read --format txt,json,picture
  python tools/demo.py img.jpg --json --format "" | jq -r '.lines[].text'

Everything is read each time, and files of an earlier run are replaced; `ctpn-crnn read` continues where it was stopped.

exit codes: 0 all was read, 1 some was not (it is named on stderr), 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line: that of `ctpn-crnn read` with other defaults."""
    parser = make_parser(__doc__, EPILOG)
    read.add_arguments(parser)
    parser.set_defaults(always_print=True, format=["png"], output=Path("demo-output"))
    arguments = parser.parse_args(argv)
    if arguments.weights and (arguments.ctpn_weights or arguments.crnn_weights):
        parser.error("give either --weights or --ctpn-weights/--crnn-weights")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    return run_command(lambda: read.run(parse_arguments(argv)))


if __name__ == "__main__":
    sys.exit(main())
