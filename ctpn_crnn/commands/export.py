"""Write a network for other programs: as ONNX, or as a TensorFlow SavedModel."""

from __future__ import annotations

import argparse
from pathlib import Path

from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.files import writable
from ctpn_crnn.weights import shipped

EPILOG = """\
examples:
  ctpn-crnn export crnn crnn.onnx
  ctpn-crnn export ctpn ctpn-boxes.onnx --proposals
  ctpn-crnn export crnn saved/crnn --weights runs/crnn/crnn.h5
  ctpn-crnn export crnn crnn.onnx --check --int8 crnn-int8.onnx --images lines/*.png

ctpn is the detector, crnn the reader. `ctpn-crnn read --crnn-weights crnn.onnx` reads with such a file.

exit codes: 0 written, 2 bad usage or input, it cannot be written, or it failed the check, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("network", choices=("ctpn", "crnn"), help="which network")
    parser.add_argument(
        "output", type=Path, metavar="OUTPUT", help="a name ending with .onnx; any other is the folder of a SavedModel"
    )
    parser.add_argument("--weights", type=Path, metavar="FILE", help="its weights file (None: the shipped one)")
    parser.add_argument(
        "--proposals",
        action="store_true",
        help="write the detector's strips, decoded and after NMS, instead of its heads (ONNX)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare the results of the written network with Keras, on generated images and on --images",
    )
    parser.add_argument("--int8", type=Path, metavar="FILE", help="also write the network in 8-bit integers (.onnx)")
    parser.add_argument(
        "--images",
        nargs="+",
        default=[],
        metavar="IMAGE",
        help="for --check and --int8: pages for ctpn, lines for crnn; a few dozen of the kind to be read (None: --int8 "
        "takes the ranges in the weights file)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Export; returns the exit code.

    Raises:
        ConfigError: The options contradict each other, or a package is missing.
        ImageError: An image cannot be read.
        OutputError: The output cannot be written.
        WeightsError: The weights cannot be used.
    """
    is_onnx = arguments.output.suffix.lower() == ".onnx"
    if arguments.proposals and not (is_onnx and arguments.network == "ctpn"):
        raise ConfigError("--proposals is for the detector as ONNX: give ctpn and a name ending with .onnx")
    if arguments.int8 and (arguments.proposals or arguments.int8.suffix.lower() != ".onnx"):
        raise ConfigError("--int8 is for the network's heads as ONNX: give a name ending with .onnx and no --proposals")
    # Checked before the work, which takes a minute.
    for path in [arguments.output] * is_onnx + [arguments.int8] * bool(arguments.int8):
        writable(path)
    for image in arguments.images:
        load_image(image)
    weights = _weights(arguments)
    from ctpn_crnn.export import check_parity, export_int8, export_onnx, export_saved_model  # they need TensorFlow

    if is_onnx:
        export_onnx(weights, arguments.output, outputs="proposals" if arguments.proposals else "heads")
    else:
        export_saved_model(weights, arguments.output)
    print(f"wrote {arguments.output}")
    if arguments.check:
        print(check_parity(weights, arguments.output, arguments.images))
    if arguments.int8:
        print(f"wrote {arguments.int8}: {export_int8(weights, arguments.int8, arguments.images)}")
    return 0


def _weights(arguments: argparse.Namespace) -> Path:
    """The weights file; it must be of the network that is exported."""
    if arguments.weights is None:
        return shipped(arguments.network)
    from ctpn_crnn.weights import read_weights

    read_weights(arguments.weights, arguments.network)
    return arguments.weights
