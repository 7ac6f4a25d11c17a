"""Read the text of images: print it, and write pictures that show what was found and read."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

from ctpn_crnn import Page, Recognizer
from ctpn_crnn.errors import CtpnCrnnError, OutputError
from ctpn_crnn.recognizer import Failure
from ctpn_crnn.sources import sources
from ctpn_crnn.writers import write_json, write_picture, write_text

# The picture's name keeps it from replacing a source when both lie in one folder.
FORMATS: dict[str, tuple[str, Callable[[Page, Path], None]]] = {
    "txt": (".txt", write_text),
    "json": (".json", write_json),
    "picture": ("-ocr.png", write_picture),
}

EPILOG = """\
examples:
  python tools/demo.py img.jpg
  python tools/demo.py scans/ "photos/*.jpg" report.pdf --output read --format txt,json,picture
  python tools/demo.py img.jpg --json --format "" | jq -r '.lines[].text'

exit codes: 0 all were read, 1 some were not (they are named on stderr), 2 bad usage, 130 interrupted
"""


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Defaults in the help, and the examples as they are."""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="images, folders, patterns, PDFs, multi-page TIFFs")
    parser.add_argument("--output", type=Path, default=Path("demo-output"), metavar="DIR", help="folder for the files")
    parser.add_argument(
        "--format",
        type=parse_formats,
        default="picture",
        metavar="LIST",
        help=f"files to write, of {','.join(FORMATS)}",
    )
    parser.add_argument("--json", action="store_true", help="print a page as JSON, one a line, instead of its text")
    parser.add_argument("--weights", metavar="FOLDER", help="folder with ctpn.h5 and crnn.h5 (None: those shipped)")
    parser.add_argument("--ctpn-weights", metavar="FILE", help="weights of the detector, instead")
    parser.add_argument("--crnn-weights", metavar="FILE", help="weights of the reader, instead")
    parser.add_argument("--runtime", choices=("auto", "keras", "onnx"), default="auto", help="what runs the networks")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="of the networks")
    parser.add_argument(
        "--min-confidence", type=parse_share, default=0.0, metavar="C", help="leave out lines read with less (0..1)"
    )
    parser.add_argument("--quiet", action="store_true", help="print neither text nor progress")
    arguments = parser.parse_args(argv)
    if arguments.weights and (arguments.ctpn_weights or arguments.crnn_weights):
        parser.error("give either --weights or --ctpn-weights/--crnn-weights")
    return arguments


def parse_formats(value: str) -> list[str]:
    """Split "txt,picture" into ["txt", "picture"]."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown format {unknown[0]!r} (choose from {', '.join(FORMATS)})")
    return names


def parse_share(value: str) -> float:
    """A number in 0..1."""
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number in 0..1")
    return share


def make_recognizer(arguments: argparse.Namespace) -> Recognizer:
    """The recognizer that the command line asks for."""
    files = {"ctpn": arguments.ctpn_weights, "crnn": arguments.crnn_weights}
    weights = arguments.weights or (files if any(files.values()) else None)
    return Recognizer(weights, arguments.runtime, arguments.precision, min_confidence=arguments.min_confidence)


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    arguments = parse_arguments(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are not for the user
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese is no reason to stop
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        failures = run(arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except CtpnCrnnError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 1 if failures else 0


def run(arguments: argparse.Namespace) -> int:
    """Read everything; returns how many sources failed."""
    if arguments.format:
        make_folder(arguments.output)
    recognizer = make_recognizer(arguments)
    failures: list[Failure] = []
    taken: set[str] = set()

    def report(failure: Failure) -> None:
        failures.append(failure)
        tqdm.write(f"failed: {failure.source}: {failure.error}", file=sys.stderr)

    for page in read_pages(recognizer, arguments, report):
        if not arguments.quiet:
            show(page, arguments.json, len(arguments.images) > 1 or bool(taken))
        stem = free_stem(page.source or "image", taken)
        for name in arguments.format:
            suffix, write = FORMATS[name]
            try:
                write(page, arguments.output / (stem + suffix))
            except CtpnCrnnError as error:
                report(Failure(page.source or "image", error))
    return len(failures)


def read_pages(
    recognizer: Recognizer, arguments: argparse.Namespace, report: Callable[[Failure], None]
) -> Iterator[Page]:
    """Pages one after the other, with a progress bar over the sources when there are several and someone watches."""
    given = list(sources(arguments.images))
    silent = True if arguments.quiet or len(given) < 2 else None  # None: silent where stderr is no terminal
    for source in tqdm(given, unit="file", disable=silent):
        yield from recognizer.recognize_all(source, on_error=report)


def show(page: Page, as_json: bool, with_name: bool) -> None:
    """Print one page."""
    if as_json:
        tqdm.write(json.dumps(page.to_dict(), ensure_ascii=False))
        return
    heading = f"== {page.source}\n" if with_name else ""
    tqdm.write(heading + page.text)


def free_stem(source: str, taken: set[str]) -> str:
    """A file name, without suffix, for what belongs to a source; not given twice in a run."""
    path, _, number = source.partition("#page=")
    stem = Path(path).stem + (f"-p{number}" if number else "")
    name, count = stem, 1
    while name.lower() in taken:  # some file systems take A and a for the same
        count += 1
        name = f"{stem}-{count}"
    taken.add(name.lower())
    return name


def make_folder(folder: Path) -> None:
    """Make the output folder now: better to fail before the work than after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}; choose another with --output") from error


if __name__ == "__main__":
    sys.exit(main())
