"""Read the text of images and PDFs: print it, or write it to files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from ctpn_crnn import Page, Recognizer
from ctpn_crnn.commands.arguments import (
    SEARCH_OPTIONS,
    add_runtime,
    add_search,
    add_weights,
    make_folder,
    positive_number,
    search_options,
    share,
)
from ctpn_crnn.documents.sources import PDF_DPI
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.jobs.folder import (
    Document,
    FolderJob,
    Journal,
    PageOptions,
    Plan,
    Watcher,
    count_pages,
    expand,
    file_signature,
)
from ctpn_crnn.jobs.folder import make_plan as plan_of
from ctpn_crnn.recognizer import Failure, WeightsChoice, choose_weights
from ctpn_crnn.writers import WRITERS
from ctpn_crnn.writers.text import FLOWS

OUTPUT = Path("ctpn-crnn-output")
_OTHER_NAMES = {"picture": "png", "text": "txt", "markdown": "md"}

EPILOG = """\
examples:
  ctpn-crnn read letter.jpg
  ctpn-crnn read scans/ "photos/*.jpg" report.pdf --format txt,json,hocr,pdf --output read
  ctpn-crnn read paper.pdf --dpi 300 --deskew --format md --save-formulas formulas
  ctpn-crnn read - --json < letter.jpg | jq -r '.lines[].text'

Each source (file) gives one file a format. A job that was stopped goes on when the same command is given again: what is
finished, and unchanged since, is not read again (it is where the text is to be printed too).

exit codes: 0 all was read, 1 some was not (it is named on stderr), 2 bad usage or input, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="images, folders, patterns, PDFs, multi-page TIFFs; - for standard input",
    )
    output = parser.add_argument_group("output")
    output.add_argument("--output", type=Path, metavar="DIR", help=f"folder for the files (None: {OUTPUT})")
    output.add_argument(
        "--format",
        type=parse_formats,
        metavar="LIST",
        help=f"files to write, of {','.join(WRITERS)} (None: txt with --output, else the text is printed)",
    )
    output.add_argument(
        "--flow",
        choices=tuple(FLOWS),
        default="lines",
        help="of text: the lines as they stand on the page, or paragraphs; tables have tabs between cells in both",
    )
    output.add_argument("--json", action="store_true", help="print a page as JSON, one a line, instead of its text")
    output.add_argument("--save-formulas", type=Path, metavar="DIR", help="cut each formula out, as a PNG file")
    output.add_argument("--redo", action="store_true", help="read again also what is finished")
    output.add_argument("--progress", action="store_true", help="progress bar also where stderr is no terminal")
    output.add_argument("--quiet", action="store_true", help="print neither text nor progress, only what went wrong")
    pages = parser.add_argument_group("pages")
    pages.add_argument("--dpi", type=positive_number, default=PDF_DPI, help="resolution of pages of PDFs")
    pages.add_argument("--password", help="opens encrypted PDFs")
    pages.add_argument("--skip-text", action="store_true", help="leave out pages of PDFs that already have text")
    pages.add_argument("--deskew", action="store_true", help="find the lines of leaning pages on the page set upright")
    pages.add_argument(
        "--orientation",
        choices=("auto", "upright"),
        default="auto",
        help="auto: read pages that are upside down or on their side; upright: take all pages to stand upright",
    )
    pages.add_argument(
        "--min-confidence",
        type=share,
        default=0.0,
        metavar="C",
        help="leave out lines whose characters are less sure on average (0..1)",
    )
    networks = parser.add_argument_group("networks")
    networks.add_argument("--weights", metavar="FOLDER", help="folder with ctpn.h5 and crnn.h5 (None: those shipped)")
    add_weights(networks, "ctpn", "crnn")
    add_runtime(networks)
    add_search(networks)
    # For tools/demo.py: text is printed whether or not files are written, and files of before are replaced.
    parser.set_defaults(always_print=False)


def parse_formats(value: str) -> list[str]:
    """Split "txt,picture" into ["txt", "png"]."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    names = list(dict.fromkeys(_OTHER_NAMES.get(name, name) for name in names))
    unknown = [name for name in names if name not in WRITERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown format {unknown[0]!r} (choose from {', '.join(WRITERS)})")
    return names


def make_recognizer(arguments: argparse.Namespace) -> Recognizer:
    """The recognizer that the command line asks for."""
    return Recognizer(
        _weights(arguments),
        arguments.runtime,
        arguments.precision,
        min_confidence=arguments.min_confidence,
        deskew="auto" if arguments.deskew else "off",
        orientation=arguments.orientation,
        **search_options(arguments),
    )


def _weights(arguments: argparse.Namespace) -> WeightsChoice:
    files = {"ctpn": arguments.ctpn_weights, "crnn": arguments.crnn_weights}
    return arguments.weights or (files if any(files.values()) else None)


def run(arguments: argparse.Namespace) -> int:
    """Read everything; returns the exit code.

    Raises:
        ConfigError: Options contradict each other, or what a format needs is not installed.
        OutputError: A folder cannot be made.
        WeightsError: The weights cannot be used.
    """
    _check(arguments)
    formats = arguments.format if arguments.format is not None else ["txt"] if arguments.output else []
    output = arguments.output or OUTPUT
    printing = arguments.always_print or arguments.json or not formats
    for name in formats:
        WRITERS[name].check_installed()
    if formats:
        make_folder(output, "--output")
    if arguments.save_formulas:
        make_folder(arguments.save_formulas, "--save-formulas")
    # Who is shown the text wants it each time; who keeps files does not want them made twice, nor others lost.
    journal = Journal(output if formats and not arguments.always_print else None)
    done = {"formats": formats, "settings": _settings(arguments)}
    documents, unlisted = expand(arguments.sources)
    plan = plan_of(documents, output, done, journal, redo=arguments.redo or printing, replace=arguments.always_print)
    console = Console(arguments, plan, printing)
    for failure in unlisted:
        console.failed(failure)
    options = PageOptions(arguments.dpi, arguments.password, arguments.skip_text)
    try:
        if plan.work:
            job = FolderJob(
                make_recognizer(arguments),
                journal,
                formats,
                output,
                done=done,
                options=options,
                flow=arguments.flow,
                formulas=arguments.save_formulas,
                watcher=console,
            )
            console.start(options)
            with logging_redirect_tqdm():
                job.run(plan.work)
    finally:
        console.close()
    return 1 if console.failures else 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.weights and (arguments.ctpn_weights or arguments.crnn_weights):
        raise ConfigError("give either --weights or --ctpn-weights/--crnn-weights, not both")
    if arguments.skip_text and "pdf" in (arguments.format or ()):
        raise ConfigError(
            "--skip-text leaves pages out, and a PDF would lose them: leave out --skip-text, or use "
            "`ocrmypdf --plugin ctpn_crnn.ocrmypdf --skip-text`, which keeps such pages as they are"
        )


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What changes what is written: options, and the files that they name."""
    pages, outputs = ("dpi", "skip_text", "deskew", "orientation", "min_confidence"), ("flow", "save_formulas")
    networks = ("runtime", "precision", "weights", "ctpn_weights", "crnn_weights")
    values = {name: getattr(arguments, name) for name in (*pages, *networks, *outputs, *SEARCH_OPTIONS)}
    values = {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
    return {**values, "files": _network_files(arguments)}


def _network_files(arguments: argparse.Namespace) -> dict[str, Any]:
    """What tells that a network or the language model is another one than before, also under the same name."""
    from ctpn_crnn.weights import LANGUAGE_MODEL, read_manifest  # here: it brings h5py, which takes time

    model = arguments.language_model
    files = {**choose_weights(_weights(arguments)), LANGUAGE_MODEL: None if model == "auto" else model}
    shipped = read_manifest()["weights"]
    return {
        kind: shipped.get(kind, {}).get("sha256") if path is None else file_signature(path)
        for kind, path in files.items()
    }


class Console(Watcher):
    """Shows a job: text on stdout; progress, what was lost and a summary on stderr.

    Args:
        arguments: The command line.
        plan: What is to be done.
        printing: Whether pages are printed.

    Attributes:
        failures: What was lost.
    """

    def __init__(self, arguments: argparse.Namespace, plan: Plan, printing: bool) -> None:
        self.failures: list[Failure] = []
        self._plan, self._quiet, self._json = plan, arguments.quiet, arguments.json
        self._printing, self._flow = printing and not arguments.quiet, FLOWS[arguments.flow]
        # None: no bar where stderr is no terminal.
        self._silent = True if arguments.quiet else False if arguments.progress else None
        self._bar: tqdm | None = None
        self._read = self._whole = self._ended = self._skipped = 0

    def start(self, options: PageOptions) -> None:
        """Begin to show progress."""
        watched = self._silent is False or (self._silent is None and sys.stderr.isatty())
        pages = sum(count_pages(document, options) for document, _ in self._plan.work) if watched else 0
        self._bar = tqdm(total=pages, unit="page", disable=not watched or (pages < 2 and self._silent is None))

    def page_read(self, page: Page) -> None:
        """Print it."""
        self._read += 1
        if not self._printing:
            return
        if self._json:
            tqdm.write(json.dumps(page.to_dict(), ensure_ascii=False))
            return
        has_name = len(self._plan.work) > 1 or "#page=" in (page.source or "")
        tqdm.write((f"== {page.source}\n" if has_name else "") + self._flow(page))

    def page_done(self) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(1)

    def passed_over(self, name: str) -> None:
        """Count it."""
        self._skipped += 1

    def failed(self, failure: Failure) -> None:
        """Keep it for the end."""
        self.failures.append(failure)

    def document_done(self, document: Document, is_whole: bool) -> None:
        """Count it."""
        self._ended += 1
        self._whole += is_whole

    def close(self) -> None:
        """Say how it went, also when it was interrupted."""
        if self._bar is not None:
            self._bar.close()
        for failure in self.failures:
            print(f"failed: {failure.source}: {failure.error}", file=sys.stderr)
        if self._quiet:
            return
        if self._skipped:
            print(f"pages left out as they have text already: {self._skipped}", file=sys.stderr)
        finished = len(self._plan.finished)
        if finished:
            print(f"documents finished before and skipped: {finished}; --redo reads them again", file=sys.stderr)
        if self._ended < len(self._plan.work) and self._bar is not None:
            failed = f", {self._ended - self._whole} failed" if self._whole < self._ended else ""
            done = f"{self._whole} of {len(self._plan.work)} documents are done{failed}"
            print(f"{done}; the same command goes on", file=sys.stderr)
