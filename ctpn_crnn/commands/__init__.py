"""The console command `ctpn-crnn`.

Each subcommand is a module of this package with a docstring, an `EPILOG`, `add_arguments(parser)` and `run(arguments)`.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from types import ModuleType

from ctpn_crnn.commands.arguments import HelpFormatter, make_parser
from ctpn_crnn.commands.running import run_command

COMMANDS = {
    "read": "read the text of images and PDFs; write text, JSON, hOCR, searchable PDF and more",
    "serve": "a page in the browser and a REST interface that read pictures and PDFs",
    "detect": "a table of the text windows of many images",
    "evaluate": "score the networks on a set with ground truth",
    "export": "write a network as ONNX or SavedModel",
    "info": "versions, weights, runtimes, processor",
}
"""Subcommand -> its line in the help."""

SUMMARY = "OCR for Chinese and English: CTPN finds the text lines, CRNN reads them."

EPILOG = """\
examples:
  ctpn-crnn read letter.jpg
  ctpn-crnn read scans/ --format txt,pdf --output read
  ctpn-crnn COMMAND --help
"""


def main(argv: list[str] | None = None) -> int:
    """Run the console command; returns the exit code."""
    return run_command(lambda: _run(sys.argv[1:] if argv is None else argv))


def _run(argv: list[str]) -> int:
    arguments = _parser(argv[0] if argv else "").parse_args(argv)
    return _module(arguments.command).run(arguments)


def run_as_script(command: str, argv: list[str] | None = None) -> int:
    """Run the subcommand that a script of the same name in tools/ stands for; returns the exit code."""
    return run_command(lambda: _run_script(command, argv))


def _run_script(command: str, argv: list[str] | None) -> int:
    module = _module(command)
    parser = make_parser(module.__doc__, module.EPILOG.replace(f"ctpn-crnn {command}", f"python tools/{command}.py"))
    module.add_arguments(parser)
    return module.run(parser.parse_args(argv))


def _parser(chosen: str) -> argparse.ArgumentParser:
    """Build the parser of all subcommands; only the chosen one is imported and gets its options."""
    from ctpn_crnn import __version__

    parser = make_parser(SUMMARY, EPILOG, "ctpn-crnn")
    parser.add_argument("--version", action="version", version=f"ctpn-crnn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, formatter_class=HelpFormatter)
        if name == chosen:
            module = _module(name)
            command.description, command.epilog = module.__doc__, module.EPILOG
            module.add_arguments(command)
    return parser


def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")
