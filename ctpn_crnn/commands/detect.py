"""Detect text in many images: a table of windows with the probabilities of background, text and formula."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from ctpn_crnn.jobs.windows import CROP_MODES, Options
from ctpn_crnn.jobs.windows import run as detect

EPILOG = """\
examples:
  ctpn-crnn detect images.txt lines.csv --read
  ctpn-crnn detect windows.csv scores.h5 --crop_mode list --context_pad 16

Every option may also be spelled with dashes (--crop-mode). Columns: filename, ymin, xmin, ymax, xmax, class0
(background), class1 (text), class2 (formula), and with --read text, confidence. An interrupted run continues when the
same command is given again. Images that failed are listed in OUTPUT.errors.csv. HDF5 needs pandas and PyTables.

exit codes: 0 all was done, 1 some images failed (see OUTPUT.errors.csv), 2 bad usage or input, or the output cannot
be written, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "input_file",
        type=Path,
        metavar="INPUT",
        help=".txt: a file name a line; .csv: with the header filename,xmin,ymin,xmax,ymax",
    )
    parser.add_argument(
        "output_file", type=Path, metavar="OUTPUT", help=".csv; any other name is written as HDF5, with the key df"
    )
    parser.add_argument(
        "--model_def",
        "--model-def",
        metavar="FILE",
        help="configuration of the CTPN, JSON with classes and heights (None: that of its weights)",
    )
    parser.add_argument(
        "--pretrained_model", "--pretrained-model", metavar="FILE", help="weights of the CTPN (None: those shipped)"
    )
    parser.add_argument(
        "--crop_mode",
        "--crop-mode",
        choices=CROP_MODES,
        default="ctpn",
        help="where windows come from: the input (a .txt: whole images), selective search, or CTPN's lines",
    )
    parser.add_argument("--gpu", action="store_true", help="run on a GPU")
    _add_preprocessing(parser)
    parser.add_argument("--read", action="store_true", help="read the windows: adds the columns text and confidence")
    parser.add_argument(
        "--reader_model", "--reader-model", metavar="FILE", help="weights of the reader (None: those shipped)"
    )


def _add_preprocessing(parser: argparse.ArgumentParser) -> None:
    """Add the options of Caffe's preprocessing."""
    parser.add_argument(
        "--mean_file",
        "--mean-file",
        default="",
        metavar="FILE",
        help=".npy with the mean to subtract, K x H x W, H x W x K or K; empty for none: the CTPN subtracts its own",
    )
    parser.add_argument(
        "--input_scale", "--input-scale", type=float, metavar="F", help="factor after the mean is subtracted (None: 1)"
    )
    parser.add_argument(
        "--raw_scale",
        "--raw-scale",
        type=float,
        default=255.0,
        metavar="F",
        help="factor of the image (0..1) before the mean is subtracted",
    )
    parser.add_argument(
        "--channel_swap",
        "--channel-swap",
        default="2,1,0",
        metavar="ORDER",
        help="order of the channels; the default turns OpenCV's BGR into the RGB that the CTPN takes",
    )
    parser.add_argument(
        "--context_pad",
        "--context-pad",
        type=int,
        default=16,
        metavar="PIXELS",
        help="pixels around a window, in the network's input (list and selective_search)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Detect; returns the exit code.

    Raises:
        CtpnCrnnError: The input, an option or the output cannot be used.
    """
    options = Options(**{field.name: getattr(arguments, field.name) for field in dataclasses.fields(Options)})
    failed = detect(options, say=lambda text: print(text, flush=True))
    if failed:
        print(f"{failed} images could not be done: see {options.output_file}.errors.csv", file=sys.stderr)
    return 1 if failed else 0
