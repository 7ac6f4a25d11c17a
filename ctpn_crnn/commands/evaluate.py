"""Score the reader, the detector or the whole path on a set with ground truth: markdown tables, and JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from ctpn_crnn.commands.arguments import (
    HelpFormatter,
    add_runtime,
    add_search,
    add_weights,
    positive,
    search_options,
)
from ctpn_crnn.datasets import LabelledLine, PageTruth, is_held_out, read_detection_set, read_line_list
from ctpn_crnn.datasets.lines import LINE_LIST_NAME
from ctpn_crnn.errors import CtpnCrnnError, DatasetError, OutputError
from ctpn_crnn.evaluation.crops import choose, line_crops, page_crops, readable_regions
from ctpn_crnn.evaluation.report import (
    calibration_note,
    cases_table,
    detection_tables,
    pages_tables,
    recognition_tables,
    to_json,
)
from ctpn_crnn.evaluation.runs import Run, run_detection, run_pages, run_recognition
from ctpn_crnn.evaluation.worst_cases import write_cases
from ctpn_crnn.files import writable, write_bytes

if TYPE_CHECKING:
    from ctpn_crnn import Detector, LineReader, Recognizer

WORST_IN_FOLDER = 100
PARTS: dict[str, Callable[[Path], bool]] = {
    "all": lambda path: True,
    "train": lambda path: not is_held_out(path),
    "held-out": is_held_out,
}

EPILOG = """\
examples:
  ctpn-crnn evaluate recognition iiit5k_test --english --limit 300
  ctpn-crnn evaluate recognition reports --errors 20       (a detection set with text: its quads are cut out)
  ctpn-crnn evaluate recognition reports --beam-width 10 --language-model lm.npz
  ctpn-crnn evaluate detection msra_td500 --part held-out --json td500.json
  ctpn-crnn evaluate pages reports --errors worst_pages

sets: a line list (lines.tsv: image, tab, text); ICDAR (images/, gt/); Pascal VOC (Annotations/); MSRA-TD500 (.gt)
exit codes: 0 all was scored, 1 some files were not (they are named), 2 bad usage or input, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="recognition|detection|pages")
    recognition = tasks.add_parser(
        "recognition", help="exact match, 1-NED, CER of single lines", formatter_class=HelpFormatter
    )
    detection = tasks.add_parser(
        "detection", help="precision, recall, F of finding lines", formatter_class=HelpFormatter
    )
    pages = tasks.add_parser("pages", help="CER and character F1 of whole pages", formatter_class=HelpFormatter)
    for task in (recognition, detection, pages):
        _add_common(task)
    for task in (detection, pages):
        _add_detector(task)
    for task in (recognition, pages):
        add_weights(task, "crnn")
        add_search(task)
    recognition.add_argument("--english", action="store_true", help="the main row compares letters and digits only")
    recognition.add_argument("--batch-size", type=positive, default=64, metavar="N", help="lines read at once")
    recognition.add_argument(
        "--padding",
        type=float,
        nargs=2,
        default=(0.0, 0.0),
        metavar=("X", "Y"),
        help="around quads that are cut out, in line heights",
    )
    recognition.add_argument(
        "--fit-calibration",
        action="store_true",
        help="also print the power of the characters' probabilities that makes the confidence of a line honest; for "
        "lines that look like those to be read, but were neither trained nor are scored on",
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("set", type=Path, metavar="DIR", help="folder of the set")
    parser.add_argument("--limit", type=positive, metavar="N", help="score N random lines or images only")
    parser.add_argument("--seed", type=int, default=0, help="of the choice")
    parser.add_argument(
        "--part",
        choices=tuple(PARTS),
        default="all",
        help="of a detection set; held-out is one page in five, by its name",
    )
    parser.add_argument(
        "--formula-text", default="formula", metavar="TEXT", help="text that marks a formula in the ICDAR form"
    )
    add_runtime(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write scores, settings and skipped files here")
    parser.add_argument(
        "--errors",
        metavar="N|DIR",
        help=f"print the N worst cases, or write the {WORST_IN_FOLDER} worst with pictures to a folder",
    )


def _add_detector(parser: argparse.ArgumentParser) -> None:
    add_weights(parser, "ctpn")
    parser.add_argument(
        "--short-side",
        type=positive,
        metavar="PX",
        help="least short side that the detector sees (None: its own choice)",
    )
    parser.add_argument(
        "--max-side", type=positive, metavar="PX", help="largest long side that it sees (None: its own choice)"
    )
    parser.add_argument(
        "--small-print",
        type=float,
        metavar="PX",
        help="height to which the ink of a page may be shrunk; 0 shows pages as photographs (None: its own choice)",
    )
    parser.add_argument(
        "--min-score", type=float, metavar="S", help="least probability of a strip, 0..1 (None: its own choice)"
    )
    parser.add_argument("--no-level", action="store_true", help="look at leaning pages as they are")
    parser.add_argument("--no-ink", action="store_true", help="leave out the fitting of lines to their ink")
    parser.add_argument(
        "--no-side-refinement", action="store_true", help="leave the ends of lines on CTPN's 16 px grid"
    )
    parser.add_argument(
        "--gap-ratio", type=float, metavar="R", help="widest gap between strips, in heights (None: its own choice)"
    )


def make_reader(arguments: argparse.Namespace) -> LineReader:
    """The reader that the command line asks for."""
    from ctpn_crnn import LineReader  # here: it brings the framework, which a wrong set name need not wait for

    return LineReader(
        weights=arguments.crnn_weights,
        runtime=arguments.runtime,
        precision=arguments.precision,
        **search_options(arguments),
    )


def make_detector(arguments: argparse.Namespace) -> Detector:
    """The detector that the command line asks for."""
    from ctpn_crnn import Detector
    from ctpn_crnn.ctpn.text_lines import LineParams

    given = {name: getattr(arguments, name) for name in ("short_side", "max_side", "small_print", "min_score")}
    options = {name: value for name, value in given.items() if value is not None}
    if options.get("small_print") == 0:
        options["small_print"] = None
    gap = {} if arguments.gap_ratio is None else {"gap_ratio": arguments.gap_ratio}
    return Detector(
        weights=arguments.ctpn_weights,
        runtime=arguments.runtime,
        precision=arguments.precision,
        lines=LineParams(side_refinement=not arguments.no_side_refinement, **gap),
        level=not arguments.no_level,
        fit_ink=not arguments.no_ink,
        **options,
    )


def make_recognizer(arguments: argparse.Namespace) -> Recognizer:
    """The whole path, of the detector and the reader that the command line asks for."""
    from ctpn_crnn import Recognizer

    return Recognizer(detector=make_detector(arguments), reader=make_reader(arguments))


def run(arguments: argparse.Namespace) -> int:
    """Score, print, write; returns the exit code.

    Raises:
        DatasetError: There is nothing to score.
        OutputError: A result cannot be written.
        WeightsError: The weights cannot be used.
    """
    check_output(arguments)
    unread: list[DatasetError] = []
    scored, tables = TASKS[arguments.task](arguments, unread)
    scored.skipped = [("", str(problem)) for problem in unread] + scored.skipped
    if arguments.json:
        write_bytes(arguments.json, to_json(report(arguments, scored)).encode("utf-8"))
    print(tables)
    show_worst(arguments.errors, scored)
    for name, problem in scored.skipped:
        print(f"skipped: {problem if not name or name in problem else f'{name}: {problem}'}", file=sys.stderr)
    if not scored.seconds:
        raise DatasetError(f"{arguments.set}: none of its samples could be scored")
    return 1 if scored.skipped else 0


def evaluate_recognition(arguments: argparse.Namespace, unread: list[DatasetError]) -> tuple[Run, str]:
    """Read lines."""
    samples = read_lines(arguments, unread)
    reader = make_reader(arguments)
    skipped: list[tuple[str, str]] = []

    def skip(name: str, error: CtpnCrnnError) -> None:
        skipped.append((name, str(error)))

    if isinstance(samples[0], LabelledLine):
        crops = line_crops(samples, skip)
    else:
        crops = page_crops(samples, skip, tuple(arguments.padding))
    rule = "english" if arguments.english else "default"
    run = run_recognition(
        progress(crops, "line", len(samples)),
        reader,
        main_rule=rule,
        batch_size=arguments.batch_size,
        keep_worst=worst_wanted(arguments.errors),
    )
    run.skipped += skipped
    tables = recognition_tables(run, arguments.set.name, rule)
    if arguments.fit_calibration:
        run.scores["calibration"] = run.calibration.fit()
        tables += "\n\n" + calibration_note(run.scores["calibration"])
    return run, tables


def evaluate_detection(arguments: argparse.Namespace, unread: list[DatasetError]) -> tuple[Run, str]:
    """Find lines."""
    pages = read_pages(arguments, unread)
    run = run_detection(progress(pages, "image"), make_detector(arguments), keep_worst=worst_wanted(arguments.errors))
    return run, detection_tables(run, arguments.set.name)


def evaluate_pages(arguments: argparse.Namespace, unread: list[DatasetError]) -> tuple[Run, str]:
    """Find and read."""
    pages = read_pages(arguments, unread)
    run = run_pages(progress(pages, "page"), make_recognizer(arguments), keep_worst=worst_wanted(arguments.errors))
    return run, pages_tables(run, arguments.set.name)


TASKS = {"recognition": evaluate_recognition, "detection": evaluate_detection, "pages": evaluate_pages}


def read_lines(
    arguments: argparse.Namespace, unread: list[DatasetError]
) -> list[LabelledLine] | list[tuple[PageTruth, int]]:
    """The lines to read: of a line list, or the regions of a detection set; never none."""
    samples: list[Any]
    if arguments.set.is_file() or (arguments.set / LINE_LIST_NAME).is_file():
        samples = read_line_list(arguments.set, on_error="skip", skipped=unread)
    else:
        samples = readable_regions(detection_set(arguments, unread))
    return chosen(samples, arguments, unread, "lines whose text is known")


def read_pages(arguments: argparse.Namespace, unread: list[DatasetError]) -> list[PageTruth]:
    """The pages to score; never none."""
    return chosen(detection_set(arguments, unread), arguments, unread, "images with ground truth")


def detection_set(arguments: argparse.Namespace, unread: list[DatasetError]) -> list[PageTruth]:
    """The pages of the part asked for."""
    pages = read_detection_set(arguments.set, formula_text=arguments.formula_text, on_error="skip", skipped=unread)
    return [page for page in pages if PARTS[arguments.part](page.path)]


def chosen(samples: list[Any], arguments: argparse.Namespace, unread: list[DatasetError], what: str) -> list[Any]:
    """A random choice of the samples; an error when there are none."""
    if not samples:
        reason = f"; the first problem of {len(unread)}: {unread[0]}" if unread else ""
        raise DatasetError(f"{arguments.set}: there are no {what} in it (part {arguments.part!r}){reason}")
    return choose(samples, arguments.limit, arguments.seed)


def progress(items: Iterable[Any], unit: str, total: int | None = None) -> Iterable[Any]:
    """Items with a progress bar where stderr is a terminal."""
    return tqdm(items, total=total, unit=unit, disable=None)


def worst_wanted(errors: str | None) -> int:
    """How many of the worst cases to keep."""
    if errors is None:
        return 0
    return int(errors) if errors.isdecimal() else WORST_IN_FOLDER


def show_worst(errors: str | None, run: Run) -> None:
    """Print the worst cases, or write them to a folder."""
    if errors is None:
        return
    if not errors.isdecimal():
        write_cases(run.worst, Path(errors))
    elif run.worst:
        print("\n" + cases_table(run.worst))


def check_output(arguments: argparse.Namespace) -> None:
    """Better to fail before the work than after it."""
    if arguments.json:
        writable(arguments.json)
    if arguments.errors and not arguments.errors.isdecimal() and Path(arguments.errors).is_file():
        raise OutputError(f"cannot write to {arguments.errors}: it is a file; give a folder with --errors")


def report(arguments: argparse.Namespace, run: Run) -> dict[str, Any]:
    """What --json writes."""
    left_out = ("command", "task", "set", "json", "errors")
    settings = {name: value for name, value in vars(arguments).items() if name not in left_out}
    return {
        "version": 1,
        "task": arguments.task,
        "set": arguments.set.name,
        "settings": settings,
        "scores": run.scores,
        "time": run.time_summary(),
        "skipped": [{"name": name, "problem": problem} for name, problem in run.skipped],
    }
