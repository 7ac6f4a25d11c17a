#!/usr/bin/env python
"""Read random pictures of the kinds on which text was lost; count lines read exactly and characters lost."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from benchmarking.kinds import KINDS
from benchmarking.kinds.picture import KindScore
from ctpn_crnn import Recognizer
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.synthesis.fonts import FontLibrary


def main(arguments: list[str] | None = None) -> int:
    """Print a table, one row a kind; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        epilog="example: python tools/measure_kinds.py numbers --count 100 --errors wrong",
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all when none is given")
    parser.add_argument("--count", type=int, default=100, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0, help="other seeds draw other pictures")
    parser.add_argument("--runtime", default="auto", choices=["auto", "keras", "onnx"], help="what runs the networks")
    parser.add_argument(
        "--errors", type=Path, metavar="DIR", help="save pictures that were not read exactly, with texts"
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.kinds if name not in KINDS]:
        parser.error(f"there is no kind {unknown[0]!r}: give some of {', '.join(KINDS)}")
    try:
        fonts, recognizer = FontLibrary.discover(), Recognizer(runtime=options.runtime)
        if options.errors:
            options.errors.mkdir(parents=True, exist_ok=True)
        print("| kind | pictures | lines | exact | characters lost | added |\n|---|---|---|---|---|---|")
        for name in options.kinds or KINDS:
            score = measure(name, options.count, options.seed, fonts, recognizer, options.errors)
            print(f"| {name} | {options.count} | {score.lines} | {score.exact} | {score.lost} | {score.added} |")
    except (CtpnCrnnError, OSError) as error:
        print(f"measure_kinds: {error}", file=sys.stderr)
        return 1
    return 0


def measure(
    name: str, count: int, seed: int, fonts: FontLibrary, recognizer: Recognizer, errors: Path | None = None
) -> KindScore:
    """Read `count` pictures of a kind and score them; save those that are not read exactly under `errors`."""
    score = KindScore()
    for number in tqdm(range(count), desc=name, disable=None):
        picture = KINDS[name](np.random.default_rng([seed, number]), fonts)
        read = recognizer.recognize(picture.image).text.split("\n")
        if score.update(picture.lines, read) < len(picture.lines) and errors:
            cv2.imwrite(str(errors / f"{name}-{number}.png"), picture.image)
            texts = "\n".join(["is:", *picture.lines, "read:", *read, ""])
            (errors / f"{name}-{number}.txt").write_text(texts, encoding="utf-8")
    return score


if __name__ == "__main__":
    sys.exit(main())
