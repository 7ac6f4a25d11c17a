"""Score the reader, the detector or the whole path on a set with ground truth: markdown tables, and JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
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
from ctpn_crnn.datasets import LabelledLine
from ctpn_crnn.errors import CtpnCrnnError, DatasetError, OutputError, with_name
from ctpn_crnn.evaluation.crops import line_crops, page_crops
from ctpn_crnn.evaluation.report import (
    calibration_note,
    cases_table,
    detection_tables,
    pages_tables,
    recognition_tables,
    to_json,
)
from ctpn_crnn.evaluation.runs import Run, run_detection, run_pages, run_recognition
from ctpn_crnn.evaluation.sets import PARTS, EvaluationSet
from ctpn_crnn.evaluation.worst_cases import write_cases
from ctpn_crnn.files import writable, write_bytes

if TYPE_CHECKING:
    from ctpn_crnn import Detector, LineReader, Recognizer

WORST_IN_FOLDER = 100
"""Worst cases that are written to a folder."""

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
    """Add the options of the command."""
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
        help="also print the power of the characters' probabilities with which the confidence of a line is the share "
        "of such lines that are right; use lines like those to be read, not lines for training or scoring",
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("set", type=Path, metavar="DIR", help="folder of the set")
    parser.add_argument("--limit", type=positive, metavar="N", help="score N random lines or images only")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random choice")
    parser.add_argument(
        "--part",
        choices=tuple(PARTS),
        default="all",
        help="part of a detection set; held-out is one page in five, chosen by its name",
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
        help="least short side to which an image is scaled (None: the detector's own choice)",
    )
    parser.add_argument(
        "--max-side",
        type=positive,
        metavar="PX",
        help="largest long side to which it is scaled (None: the detector's own choice)",
    )
    parser.add_argument(
        "--small-print",
        type=float,
        metavar="PX",
        help="height to which the text of a page may be shrunk; 0 treats pages as photographs (None: the detector's "
        "own choice)",
    )
    parser.add_argument(
        "--min-score",
        type=float,
        metavar="S",
        help="least probability of a strip, 0..1 (None: the detector's own choice)",
    )
    parser.add_argument("--no-level", action="store_true", help="do not turn leaning pages upright")
    parser.add_argument("--no-ink", action="store_true", help="do not fit lines to their ink")
    parser.add_argument("--no-side-refinement", action="store_true", help="leave line ends on CTPN's 16 px grid")
    parser.add_argument(
        "--gap-ratio",
        type=float,
        metavar="R",
        help="widest gap between strips, in heights (None: the detector's own choice)",
    )


def make_reader(arguments: argparse.Namespace) -> LineReader:
    """Make the reader that the command line asks for."""
    from ctpn_crnn import LineReader  # here: it imports a framework, and a wrong set is to be reported before that

    return LineReader(
        weights=arguments.crnn_weights,
        runtime=arguments.runtime,
        precision=arguments.precision,
        **search_options(arguments),
    )


def make_detector(arguments: argparse.Namespace) -> Detector:
    """Make the detector that the command line asks for."""
    from ctpn_crnn import Detector
    from ctpn_crnn.ctpn.line_params import LineParams

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
    """Make the recognizer of the detector and the reader that the command line asks for."""
    from ctpn_crnn import Recognizer

    return Recognizer(detector=make_detector(arguments), reader=make_reader(arguments))


def run(arguments: argparse.Namespace) -> int:
    """Score, print, write; returns the exit code.

    Raises:
        DatasetError: There is nothing to score.
        OutputError: A result cannot be written.
        WeightsError: The weights cannot be used.
    """
    _check_output(arguments)
    samples = EvaluationSet(arguments.set, arguments.part, arguments.limit, arguments.seed, arguments.formula_text)
    result, tables = _TASKS[arguments.task](arguments, samples)
    result.skipped = [("", str(problem)) for problem in samples.unread] + result.skipped
    if arguments.json:
        write_bytes(arguments.json, to_json(_report(arguments, result)).encode("utf-8"))
    print(tables)
    if arguments.errors is not None:
        _show_worst(arguments.errors, result)
    for name, problem in result.skipped:
        print(f"skipped: {with_name(name, problem)}", file=sys.stderr)
    if not result.seconds:
        raise DatasetError(f"{arguments.set}: none of its samples could be scored")
    return 1 if result.skipped else 0


def _evaluate_recognition(arguments: argparse.Namespace, samples: EvaluationSet) -> tuple[Run, str]:
    lines = samples.lines()
    reader = make_reader(arguments)
    skipped: list[tuple[str, str]] = []

    def skip(name: str, error: CtpnCrnnError) -> None:
        skipped.append((name, str(error)))

    if isinstance(lines[0], LabelledLine):
        crops = line_crops(lines, skip)
    else:
        crops = page_crops(lines, skip, tuple(arguments.padding))
    rule = "english" if arguments.english else "default"
    result = run_recognition(
        _with_progress(crops, "line", len(lines)),
        reader,
        main_rule=rule,
        batch_size=arguments.batch_size,
        keep_worst=_worst_wanted(arguments.errors),
    )
    result.skipped += skipped
    tables = recognition_tables(result, arguments.set.name, rule)
    if arguments.fit_calibration:
        result.scores["calibration"] = result.calibration.fit()
        tables += "\n\n" + calibration_note(result.scores["calibration"])
    return result, tables


def _evaluate_detection(arguments: argparse.Namespace, samples: EvaluationSet) -> tuple[Run, str]:
    pages, keep = _with_progress(samples.pages(), "image"), _worst_wanted(arguments.errors)
    result = run_detection(pages, make_detector(arguments), keep_worst=keep)
    return result, detection_tables(result, arguments.set.name)


def _evaluate_pages(arguments: argparse.Namespace, samples: EvaluationSet) -> tuple[Run, str]:
    pages, keep = _with_progress(samples.pages(), "page"), _worst_wanted(arguments.errors)
    result = run_pages(pages, make_recognizer(arguments), keep_worst=keep)
    return result, pages_tables(result, arguments.set.name)


_TASKS = {"recognition": _evaluate_recognition, "detection": _evaluate_detection, "pages": _evaluate_pages}


def _with_progress(items: Iterable[Any], unit: str, total: int | None = None) -> Iterable[Any]:
    """Show a progress bar where stderr is a terminal."""
    return tqdm(items, total=total, unit=unit, disable=None)


def _worst_wanted(errors: str | None) -> int:
    """Number of the worst cases to keep."""
    if errors is None:
        return 0
    return int(errors) if errors.isdecimal() else WORST_IN_FOLDER


def _show_worst(errors: str, result: Run) -> None:
    """Print the worst cases, or write them to a folder."""
    if not errors.isdecimal():
        write_cases(result.worst, Path(errors))
    elif result.worst:
        print("\n" + cases_table(result.worst))


def _check_output(arguments: argparse.Namespace) -> None:
    """Check the outputs before the work begins."""
    if arguments.json:
        writable(arguments.json)
    if arguments.errors and not arguments.errors.isdecimal() and Path(arguments.errors).is_file():
        raise OutputError(f"cannot write to {arguments.errors}: it is a file; give a folder with --errors")


def _report(arguments: argparse.Namespace, result: Run) -> dict[str, Any]:
    """What --json writes."""
    left_out = ("command", "task", "set", "json", "errors")
    settings = {name: value for name, value in vars(arguments).items() if name not in left_out}
    return {
        "version": 1,
        "task": arguments.task,
        "set": arguments.set.name,
        "settings": settings,
        "scores": result.scores,
        "time": result.time_summary(),
        "skipped": [{"name": name, "problem": problem} for name, problem in result.skipped],
    }
