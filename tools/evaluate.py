"""Score the reader, the detector or the whole path on a set with ground truth: markdown tables, and JSON."""

from __future__ import annotations

import argparse
import sys

from ctpn_crnn.commands import evaluate
from ctpn_crnn.commands.arguments import HelpFormatter
from ctpn_crnn.commands.evaluate import make_detector, make_reader, make_recognizer
from ctpn_crnn.commands.running import run_command


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    epilog = evaluate.EPILOG.replace("ctpn-crnn evaluate", "python tools/evaluate.py")
    parser = argparse.ArgumentParser(description=__doc__, epilog=epilog, formatter_class=HelpFormatter)
    evaluate.add_arguments(parser)
    arguments = parser.parse_args(argv)
    networks = evaluate.Networks(make_reader, make_detector, make_recognizer)
    return run_command(lambda: evaluate.run(arguments, networks))


if __name__ == "__main__":
    sys.exit(main())
