#!/usr/bin/env python3
"""Time the parts of the detector: the network, the connector, the fit to the ink, the view."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from benchmarking import OUR_ENGINES
from benchmarking.detector_times import time_detection
from ctpn_crnn.commands.arguments import HelpFormatter, image_size, positive
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import ConfigError, CtpnCrnnError
from ctpn_crnn.runtime import Network, load_network

EPILOG = """\
examples:
  python tools/benchmark_detector.py docs/sample.png
  python tools/benchmark_detector.py photo.jpg --size 896x608 --batch 1 4 --engines onnx-int8 keras

Times are medians over --repeats, on the machine's own number of threads; measure where nothing else runs.
exit codes: 0 done, 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    p = argparse.ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    p.add_argument("image", type=Path, metavar="IMAGE", help="page or photograph")
    p.add_argument(
        "--size", type=image_size, metavar="WxH", help="resize the image before it is timed (None: as it is)"
    )
    p.add_argument(
        "--batch", type=positive, nargs="+", default=[1], metavar="N", help="number of images detected together"
    )
    p.add_argument(
        "--engines", nargs="+", choices=OUR_ENGINES, default=["onnx-int8", "onnx"], metavar="ENGINE",
        help=f"what runs the network: {', '.join(OUR_ENGINES)}",
    )  # fmt: skip
    p.add_argument("--weights", type=Path, metavar="FILE", help="weights of the detector (None: those shipped)")
    p.add_argument("--repeats", type=positive, default=5, metavar="N", help="how often each part is timed")
    return p.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    arguments = parse_arguments(argv)
    return run_command(lambda: benchmark(arguments), name="benchmark_detector")


def benchmark(arguments: argparse.Namespace) -> int:
    """Time the engines and print a table; returns the exit code."""
    image = load_image(arguments.image)
    if arguments.size:
        image = cv2.resize(image, arguments.size[::-1], interpolation=cv2.INTER_AREA)
    print(f"{arguments.image}, {image.shape[0]} x {image.shape[1]} pixels; milliseconds an image\n")
    print("| engine | images | all | network | connector | share of it | ink | view |\n" + "|---" * 8 + "|")
    ran = 0
    for engine in dict.fromkeys(arguments.engines):
        try:
            network = load_network(CTPN_DEFINITION, arguments.weights, **OUR_ENGINES[engine])
        except CtpnCrnnError as error:
            print(f"{engine} is left out: {error}", file=sys.stderr)
            continue
        ran += 1
        for count in arguments.batch:
            print(f"| {engine} | {count} | {row(network, [image] * count, arguments.repeats)} |", flush=True)
    if not ran:
        raise ConfigError("none of the engines could run; the reasons are listed above.")
    return 0


def row(network: Network, images: list[np.ndarray], repeats: int) -> str:
    """Return the cells of a row of the table."""
    times = time_detection(network, images, repeats)
    shown = [f"{1000 * seconds:.0f}" for seconds in (times.total, times.network)]
    shown += [f"{1000 * times.connector:.1f}", f"{times.connector / times.total:.1%}"]
    return " | ".join(shown + [f"{1000 * seconds:.1f}" for seconds in (times.ink, times.view)])


if __name__ == "__main__":
    sys.exit(main())
