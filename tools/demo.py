"""Read the text of images: print it, and write pictures that show what was found and read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ctpn_crnn.commands.arguments import HelpFormatter
from ctpn_crnn.commands.read import add_arguments, make_recognizer, run
from ctpn_crnn.commands.running import run_command

EPILOG = """\
examples:
  python tools/demo.py img.jpg
  python tools/demo.py scans/ "photos/*.jpg" report.pdf --output read --format txt,json,picture
  python tools/demo.py img.jpg --json --format "" | jq -r '.lines[].text'

All is read each time, and files of before are replaced; `ctpn-crnn read` goes on where it was stopped.

exit codes: 0 all was read, 1 some was not (it is named on stderr), 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    add_arguments(parser)
    parser.set_defaults(always_print=True, format=["png"], output=Path("demo-output"))
    arguments = parser.parse_args(argv)
    if arguments.weights and (arguments.ctpn_weights or arguments.crnn_weights):
        parser.error("give either --weights or --ctpn-weights/--crnn-weights")
    return arguments


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    arguments = parse_arguments(argv)
    return run_command(lambda: run(arguments, make_recognizer))


if __name__ == "__main__":
    sys.exit(main())
