"""Read the text of images and PDFs: print it, or write it to files."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from ctpn_crnn import Page, Recognizer
from ctpn_crnn.commands.arguments import (
    SEARCH_OPTIONS,
    add_networks,
    add_password,
    make_folder,
    pdf_password,
    positive_number,
    search_options,
    share,
    weights_choice,
)
from ctpn_crnn.documents.sources import PDF_DPI
from ctpn_crnn.errors import ConfigError, with_name
from ctpn_crnn.jobs.folder import (
    JOURNAL_NAME,
    Document,
    DocumentRecords,
    FolderJob,
    JobMonitor,
    PageOptions,
    Plan,
    count_pages,
    expand,
    file_signature,
    make_plan,
)
from ctpn_crnn.jobs.journal import Journal
from ctpn_crnn.recognizer import Failure
from ctpn_crnn.weights.choice import choose_weights
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

Each source gives one file for each format. A job that was stopped continues when the same command is given again: what
is finished, and unchanged since, is not read again, unless its text is to be printed too.

exit codes: 0 all was read, 1 some was not (it is named on stderr), 2 bad usage or input, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
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
    output.add_argument(
        "--rasterize",
        action="store_true",
        help="of pdf: new pages with JPEG pictures; otherwise pages of PDFs and pictures of images stay as they are",
    )
    output.add_argument(
        "--csv-bom", action="store_true", help="begin CSV files with a byte order mark, as Excel needs it"
    )
    output.add_argument("--json", action="store_true", help="print each page as one line of JSON instead of its text")
    output.add_argument("--save-formulas", type=Path, metavar="DIR", help="cut each formula out, as a PNG file")
    output.add_argument("--redo", action="store_true", help="read again also what is finished")
    output.add_argument("--progress", action="store_true", help="progress bar also where stderr is no terminal")
    output.add_argument("--quiet", action="store_true", help="print neither text nor progress, only what went wrong")
    pages = parser.add_argument_group("pages")
    pages.add_argument("--dpi", type=positive_number, default=PDF_DPI, help="resolution of pages of PDFs")
    add_password(pages)
    pages.add_argument("--skip-text", action="store_true", help="leave out pages of PDFs that already have text")
    pages.add_argument("--deskew", action="store_true", help="turn leaning pages upright before lines are found")
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
    add_networks(parser.add_argument_group("networks"))
    # tools/demo.py sets it: text is printed also where files are written, and files of an earlier run are replaced.
    parser.set_defaults(always_print=False)


def parse_formats(value: str) -> list[str]:
    """Parse a list of formats: "txt,picture" is ["txt", "png"]."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    names = list(dict.fromkeys(_OTHER_NAMES.get(name, name) for name in names))
    unknown = [name for name in names if name not in WRITERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown format {unknown[0]!r} (choose from {', '.join(WRITERS)})")
    return names


def make_recognizer(arguments: argparse.Namespace) -> Recognizer:
    """Make the recognizer that the command line asks for."""
    return Recognizer(
        weights_choice(arguments),
        arguments.runtime,
        arguments.precision,
        min_confidence=arguments.min_confidence,
        deskew="auto" if arguments.deskew else "off",
        orientation=arguments.orientation,
        **search_options(arguments),
    )


def run(arguments: argparse.Namespace) -> int:
    """Read everything; returns the exit code.

    Raises:
        ConfigError: Options contradict each other, or what a format needs is not installed.
        OutputError: A folder cannot be made, or the journal of the output folder cannot be used.
        WeightsError: The weights cannot be used.
    """
    _check(arguments)
    formats = arguments.format if arguments.format is not None else ["txt"] if arguments.output else []
    output = arguments.output or OUTPUT
    options = PageOptions(arguments.dpi, pdf_password(arguments), arguments.skip_text)
    for name in formats:
        WRITERS[name].check_installed()
    if formats:
        make_folder(output, "--output")
    if arguments.save_formulas:
        make_folder(arguments.save_formulas, "--save-formulas")
    # Without a journal everything is read each time: text is wanted on stdout again, files need not be made again.
    with Journal(output / JOURNAL_NAME) if formats and not arguments.always_print else nullcontext() as journal:
        return _read(arguments, options, formats, output, DocumentRecords(journal))


def _read(
    arguments: argparse.Namespace, options: PageOptions, formats: list[str], output: Path, records: DocumentRecords
) -> int:
    printing = arguments.always_print or arguments.json or not formats
    done = {"formats": formats, "settings": _settings(arguments)}
    documents, unlisted = expand(arguments.sources)
    plan = make_plan(documents, output, done, records, redo=arguments.redo or printing, replace=arguments.always_print)
    console = Console(arguments, plan, printing, output if formats else None)
    for failure in unlisted:
        console.not_listed(failure)
    try:
        if plan.work:
            job = FolderJob(
                make_recognizer(arguments),
                records,
                formats,
                output,
                done=done,
                options=options,
                writers=_writer_options(arguments),
                formulas=arguments.save_formulas,
                monitor=console,
            )
            console.start(options)
            with logging_redirect_tqdm():
                job.run(plan.work)
    except BrokenPipeError:
        console.is_cut_off = True
        raise
    finally:
        console.close()
    return 1 if console.failures else 0


def _check(arguments: argparse.Namespace) -> None:
    weights_choice(arguments)  # raises where it makes no sense, before any folder is made
    if arguments.skip_text and arguments.rasterize and "pdf" in (arguments.format or ()):
        raise ConfigError("--skip-text leaves pages out, and a PDF of new pages would lose them: leave out --rasterize")


def _writer_options(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Options of the writers, by format."""
    pdf = {"picture": "jpeg" if arguments.rasterize else "original", "level": arguments.deskew}
    return {"txt": {"flow": arguments.flow}, "pdf": pdf, "csv": {"bom": arguments.csv_bom}}


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Collect what determines the outputs: options, and the signatures of the files that they name."""
    pages, outputs = (
        ("dpi", "skip_text", "deskew", "orientation", "min_confidence"),
        ("flow", "save_formulas", "rasterize", "csv_bom"),
    )
    networks = ("runtime", "precision", "weights", "ctpn_weights", "crnn_weights")
    values = {name: getattr(arguments, name) for name in (*pages, *networks, *outputs, *SEARCH_OPTIONS)}
    values = {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
    return {**values, "files": _network_files(arguments)}


def _network_files(arguments: argparse.Namespace) -> dict[str, Any]:
    """Identify the files of the networks and the language model, so that another file of the same name is noticed."""
    from ctpn_crnn.weights import LANGUAGE_MODEL, read_manifest  # here: it brings h5py, which takes time

    model = arguments.language_model
    files = {**choose_weights(weights_choice(arguments)), LANGUAGE_MODEL: None if model == "auto" else model}
    shipped = read_manifest()["weights"]
    return {
        kind: shipped.get(kind, {}).get("sha256") if path is None else file_signature(path)
        for kind, path in files.items()
    }


class Console(JobMonitor):
    """Shows a job: text on stdout; progress, failures and a summary on stderr.

    Args:
        arguments: The command line.
        plan: What is to be done.
        printing: Whether pages are printed.
        output: Folder of the files; None where none are written.

    Attributes:
        failures: What failed.
        is_cut_off: Whether the reader of our output, such as `head`, has ended: no more is said then of what was done.
    """

    def __init__(self, arguments: argparse.Namespace, plan: Plan, printing: bool, output: Path | None = None) -> None:
        self.failures: list[Failure] = []
        self.is_cut_off = False
        self._output = output
        self._plan, self._quiet, self._json = plan, arguments.quiet, arguments.json
        self._printing, self._flow = printing and not arguments.quiet, FLOWS[arguments.flow]
        self._force_progress = arguments.progress
        self._bar: tqdm | None = None
        self._complete = self._ended = self._skipped = self._pages = self._unlisted = 0

    def start(self, options: PageOptions) -> None:
        """Begin to show progress: for two pages or more on a terminal, or wherever --progress asks for it."""
        shown = not self._quiet and (self._force_progress or sys.stderr.isatty())
        pages = sum(count_pages(document, options) for document, _ in self._plan.work) if shown else 0
        shown = shown and (pages > 1 or self._force_progress)
        self._bar = tqdm(total=pages, unit="page", disable=not shown)

    def page_read(self, page: Page) -> None:
        """Print a page."""
        self._pages += 1
        if not self._printing:
            return
        if self._json:
            tqdm.write(json.dumps(page.to_dict(), ensure_ascii=False))
            return
        has_name = len(self._plan.work) > 1 or "#page=" in (page.source or "")
        tqdm.write((f"== {page.source}\n" if has_name else "") + self._flow(page))

    def page_done(self) -> None:
        """Advance the progress bar."""
        if self._bar is not None:
            self._bar.update(1)

    def page_skipped(self, name: str) -> None:
        """Count a page that already has text."""
        self._skipped += 1

    def failed(self, failure: Failure) -> None:
        """Keep a failure for the end."""
        self.failures.append(failure)

    def not_listed(self, failure: Failure) -> None:
        """Count a source of which no documents could be listed."""
        self.failed(failure)
        self._unlisted += 1

    def document_done(self, document: Document, complete: bool) -> None:
        """Count a document."""
        self._ended += 1
        self._complete += complete

    def close(self) -> None:
        """Print the summary, also after an interrupt."""
        if self._bar is not None:
            self._bar.close()
        for failure in self.failures:
            print(f"failed: {with_name(failure.source, failure.error)}", file=sys.stderr)
        if self._quiet or self.is_cut_off:
            return
        if self._skipped:
            print(f"pages left out as they have text already: {self._skipped}", file=sys.stderr)
        finished = len(self._plan.finished)
        if finished:
            print(f"documents finished before and skipped: {finished}; --redo reads them again", file=sys.stderr)
        if self._bar is not None or not self._plan.work:  # not where the networks could not even be loaded
            print(self._summary(), file=sys.stderr)

    def _summary(self) -> str:
        """Say in one line how many documents are read and have failed, and where the files are."""
        failed = self._ended - self._complete
        if self._ended < len(self._plan.work):  # interrupted
            done = f"{self._complete} of {len(self._plan.work)} documents are done"
            return f"{done}{f', {failed} failed' if failed else ''}; the same command goes on"
        failed += self._unlisted
        files = f"; files in {self._output}" if self._output is not None else ""
        return f"documents read: {self._complete}, pages: {self._pages}, failed: {failed}{files}"
