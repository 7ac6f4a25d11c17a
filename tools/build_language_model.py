"""Build a character language model from plain text, for reading with a beam search."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from ctpn_crnn.commands.arguments import HelpFormatter, positive
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.crnn.language_model import MAX_ORDER
from ctpn_crnn.files import writable
from ctpn_crnn.training.ngram_counting import NgramCounter, corpus_files, count_files

EPILOG = """\
examples:
  python tools/build_language_model.py texts/ lm.npz
  python tools/build_language_model.py contracts.txt lm.npz --order 2 --min-count 1
  python tools/evaluate.py recognition my_lines --language-model lm.npz

CORPUS is a UTF-8 text file, or a folder of .txt files. It should resemble the text to be read: the same kind of
documents, the same script. The model keeps counts of characters only.

exit codes: 0 written, 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="UTF-8 text file, or folder of .txt files")
    parser.add_argument("output", type=Path, metavar="OUT", help="the .npz file to write")
    parser.add_argument(
        "--order",
        type=int,
        choices=range(1, MAX_ORDER + 1),
        default=5,
        help="largest number of characters of an n-gram",
    )
    parser.add_argument(
        "--min-count", type=positive, default=2, metavar="N", help="leave out longer n-grams that occur less often"
    )
    return parser.parse_args(argv)


def run(arguments: argparse.Namespace) -> int:
    """Count n-grams, write the model, and print its size; returns the exit code."""
    files, output = corpus_files(arguments.corpus), arguments.output
    writable(output)
    counter = NgramCounter(arguments.order)
    size = sum(path.stat().st_size for path in files)
    with tqdm(total=size, unit="B", unit_scale=True, disable=None) as bar:
        count_files(files, counter, bar.update)
    model = counter.model(arguments.min_count)
    model.save(output)
    known = ", ".join(f"{count} of {order}" for order, count in enumerate(model.sizes, start=1))
    print(f"{output}: n-grams of so many characters: {known}; {output.stat().st_size / 1e6:.1f} MB")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Build the model; returns the exit code."""
    arguments = parse_arguments(argv)
    return run_command(lambda: run(arguments))


if __name__ == "__main__":
    sys.exit(main())
