"""Render a training set: text lines for the reader, or pages for the detector."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ctpn_crnn.commands.arguments import HelpFormatter, image_size, positive, share
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.synthesis.fonts import HELD_OUT_FAMILIES, FontLibrary
from ctpn_crnn.synthesis.lines import LineStyle, LineSynthesizer
from ctpn_crnn.synthesis.pages import STYLES, PageSynthesizer
from ctpn_crnn.synthesis.sets import (
    CharacterCount,
    ContactSheet,
    default_columns,
    find_pictures,
    render_many,
    write_lines,
    write_pages,
)
from ctpn_crnn.synthesis.text import Corpus

EPILOG = """\
examples:
  python tools/synthesize.py lines lines-set --count 10000 --workers 4 --corpus texts/
  python tools/synthesize.py lines dev-set --count 500 --seed 7 --families held-out --corpus texts/
  python tools/synthesize.py pages pages-set --count 500 --size 1240x1754 --backgrounds photos/ --sheet
  python tools/synthesize.py pages tables-set --count 50 --styles table=2,receipt=1 --fonts fonts/

A line set is images/*.png with lines.tsv, a page set images/*.jpg with gt/*.txt; tools/evaluate.py and the training
scripts read them. The same seed gives the same set, whatever the number of workers.
exit codes: 0 written, 2 bad usage or input, 130 interrupted
"""
SHEET_SAMPLES = {"lines": 120, "pages": 16}


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    parser.add_argument("what", choices=("lines", "pages"), help="what to render")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="folder of the set; must not hold one yet")
    parser.add_argument("--count", type=positive, default=100, metavar="N", help="number of samples")
    parser.add_argument("--seed", type=natural, default=0, metavar="S", help="of the set")
    parser.add_argument("--workers", type=positive, default=1, metavar="W", help="processes")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of UTF-8 .txt files (None: a few sentences)")
    parser.add_argument(
        "--fonts", type=Path, nargs="+", metavar="DIR", help="font folders or files (None: those installed)"
    )
    parser.add_argument(
        "--families",
        choices=("all", "training", "held-out"),
        default="all",
        help="font families to draw with; the training of the reader keeps the held-out ones for validation",
    )
    parser.add_argument(
        "--backgrounds", type=Path, metavar="DIR", help="photographs without text (None: colour fields)"
    )
    parser.add_argument("--size", type=image_size, default="512x512", metavar="WxH", help="of pages, in pixels")
    parser.add_argument(
        "--styles",
        type=parse_styles,
        metavar="LIST",
        help=f"page styles with weights, of {', '.join(STYLES)} (None: all)",
    )
    parser.add_argument("--width", type=positive, metavar="PX", help="largest width of lines (None: random)")
    parser.add_argument(
        "--signs",
        type=share,
        default=LineStyle.signs,
        metavar="S",
        help="share of lines drawn as signs, 0 to 1; wide lines have fewer",
    )
    parser.add_argument(
        "--sheet", action="store_true", help="also write OUTPUT/sheet.png, a picture of the first samples"
    )
    parser.add_argument(
        "--characters",
        action="store_true",
        help="for lines: also write OUTPUT/characters.tsv, the count of each character, the rarest first",
    )
    return parser.parse_args(argv)


def natural(value: str) -> int:
    """Parse an integer of at least 0."""
    if not value.isdecimal():
        raise argparse.ArgumentTypeError(f"{value!r} is not a whole number of at least 0")
    return int(value)


def parse_styles(value: str) -> dict[str, float]:
    """Parse "table=2,receipt" into {"table": 2.0, "receipt": 1.0}."""
    styles = {}
    for part in filter(None, value.split(",")):
        name, _, weight = part.partition("=")
        try:
            styles[name.strip()] = float(weight or 1)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"{weight!r} is not a weight; write for example table=2,receipt=1"
            ) from None
        if name.strip() not in STYLES:
            raise argparse.ArgumentTypeError(f"unknown style {name!r}; choose from {', '.join(STYLES)}")
    return styles


def make_synthesizer(arguments: argparse.Namespace) -> Callable[[np.random.Generator], object]:
    """Return the synthesizer for the arguments of the command line."""
    for folder in arguments.fonts or ():
        if not folder.exists():
            raise CtpnCrnnError(f"There is no font folder {folder}: check the path.")
    if arguments.corpus is not None and not arguments.corpus.is_dir():
        raise CtpnCrnnError(f"There is no corpus folder {arguments.corpus}: check the path.")
    pictures = find_pictures(arguments.backgrounds) if arguments.backgrounds else []
    fonts, corpus = FontLibrary.discover(arguments.fonts), Corpus(arguments.corpus)
    if arguments.families != "all":
        training, held_out = fonts.split(HELD_OUT_FAMILIES)
        fonts = training if arguments.families == "training" else held_out
    if arguments.what == "pages":
        return PageSynthesizer(fonts, corpus, pictures, arguments.size, arguments.styles)
    grounds = [load_image(path).mean(axis=2).astype(np.uint8) for path in pictures]
    return LineRenderer(LineSynthesizer(fonts, corpus, grounds, LineStyle(signs=arguments.signs)), arguments.width)


class LineRenderer:
    """Renders lines of one width, or of random widths for None."""

    def __init__(self, synthesizer: LineSynthesizer, width: int | None) -> None:
        self.synthesizer = synthesizer
        self.width = width

    def __call__(self, rng: np.random.Generator) -> object:
        return self.synthesizer(rng, self.width)


def run(arguments: argparse.Namespace) -> int:
    """Render and write the set; returns the exit code."""
    if arguments.characters and arguments.what != "lines":
        raise CtpnCrnnError("--characters counts the characters of lines: pages have none to count.")
    most = min(SHEET_SAMPLES[arguments.what], arguments.count)
    sheet = ContactSheet(most if arguments.sheet else 0, default_columns(most))
    synthesizer = make_synthesizer(arguments)
    samples = render_many(synthesizer, arguments.count, arguments.seed, arguments.workers)
    characters = CharacterCount(Charset.default().characters if arguments.characters else ())
    if arguments.characters:
        samples = characters.watch(samples)
    started = time.perf_counter()
    # disable=None: silent where stderr is not a terminal.
    progress = tqdm(sheet.watch(samples), total=arguments.count, unit=arguments.what[:-1], disable=None)
    write: Callable[[Path, Iterator], int] = write_lines if arguments.what == "lines" else write_pages
    count = write(arguments.output, iter(progress))
    rate = count / max(time.perf_counter() - started, 1e-9)
    if arguments.sheet:
        sheet.save(arguments.output / "sheet.png")
    if arguments.characters:
        characters.save(arguments.output / "characters.tsv")
        print(characters.summary())
    print(f"{count} {arguments.what} in {arguments.output} ({rate:.1f}/s)")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Render the set; returns the exit code."""
    arguments = parse_arguments(argv)
    return run_command(lambda: run(arguments))


if __name__ == "__main__":
    sys.exit(main())
