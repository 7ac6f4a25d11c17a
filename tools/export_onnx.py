"""Write a network as ONNX or as a SavedModel, and check that it still computes what Keras computes."""

from __future__ import annotations

import argparse
import sys

from ctpn_crnn.commands.arguments import make_parser
from ctpn_crnn.commands.export import add_arguments, run
from ctpn_crnn.commands.running import run_command

EPILOG = """\
examples:
  python tools/export_onnx.py ctpn ctpn.onnx
  python tools/export_onnx.py ctpn ctpn-boxes.onnx --proposals
  python tools/export_onnx.py crnn reader.onnx --weights runs/crnn/crnn.h5 --images lines/*.png
  python tools/export_onnx.py crnn crnn.onnx --int8 crnn-int8.onnx --images lines/*.png
  python tools/export_onnx.py crnn saved/crnn --format saved_model

Recognizer(runtime="onnx") needs no export: it runs the .h5 files themselves, faster than the exported ones.

exit codes: 0 written and computes what Keras computes, 2 it does not, or bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line: that of `ctpn-crnn export`, always with --check."""
    parser = make_parser(__doc__, EPILOG)
    add_arguments(parser)
    parser.add_argument("--format", choices=("onnx", "saved_model"), help="what to write (None: as OUTPUT is named)")
    parser.set_defaults(check=True)
    arguments = parser.parse_args(argv)
    named = "onnx" if arguments.output.suffix.lower() == ".onnx" else "saved_model"
    if arguments.format not in (None, named):
        parser.error(f"--format {arguments.format} needs an OUTPUT that {_NAME_RULES[arguments.format]} .onnx")
    return arguments


_NAME_RULES = {"onnx": "ends with", "saved_model": "does not end with"}


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    return run_command(lambda: run(parse_arguments(argv)))


if __name__ == "__main__":
    sys.exit(main())
