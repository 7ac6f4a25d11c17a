#!/usr/bin/env python3
"""Trains the line reader (CRNN) on lines rendered from fonts and a corpus."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ctpn_crnn.commands.arguments import HelpFormatter
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import require_keras
from ctpn_crnn.runtime.devices import use_device
from ctpn_crnn.training.strategies import STRATEGIES, strategy_scope
from ctpn_crnn.weights import read_weights

EXAMPLES = """examples:
  python tools/train_crnn.py --smoke
  python tools/train_crnn.py runs/crnn --corpus corpus/ --backgrounds photos/ --steps frames:4000 ctc:2000
  python tools/train_crnn.py runs/mine --lines my_lines/ --init crnn.h5 --steps ctc:1000
  python tools/train_crnn.py runs/crnn --resume          # goes on exactly where the run stopped
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=HelpFormatter)
    p.add_argument("output", nargs="?", help="folder of checkpoint, logs and weights")
    data = p.add_argument_group("data")
    data.add_argument("--corpus", help="folder of UTF-8 .txt files; without it only a few built-in sentences are drawn")
    data.add_argument("--fonts", nargs="+", default=[], help="folders of fonts (default: the system's)")
    data.add_argument("--backgrounds", help="folder of .jpg photographs without text")
    data.add_argument(
        "--lines", metavar="DIR", help="line list of your own (lines.tsv: image, tab, text); for the phase ctc only"
    )
    data.add_argument(
        "--lines-share", type=float, default=0.5, metavar="S", help="of lines from that list, 0..1; others are rendered"
    )
    data.add_argument("--charset", help="charset file, one character a line (default: the built-in charset)")
    data.add_argument("--strength", type=float, default=0.6, help="strength of the degradation, 0..1")
    data.add_argument("--signs", type=float, default=0.3, help="share of lines drawn as signs on photographs, 0..1")
    data.add_argument(
        "--traditional", type=float, default=0.3, help="share of Chinese text in traditional characters (needs OpenCC)"
    )
    data.add_argument(
        "--dev", nargs="*", default=[], help="folders to validate on: line lists, or detection sets with text"
    )
    data.add_argument("--dev-lines", type=int, default=96, help="lines of each validation set")
    run = p.add_argument_group("training")
    run.add_argument(
        "--steps",
        nargs="+",
        default=["frames:4000", "ctc:3000"],
        metavar="PHASE:STEPS[:RATE]",
        help="schedule: phases frames, ctc with their steps and peak learning rates",
    )
    run.add_argument("--pixels", type=int, default=4160, help="sum of the widths of a batch")
    run.add_argument(
        "--widths", type=int, nargs="+", default=[96, 160, 160, 256, 400], help="bucket widths, multiples of 4"
    )
    run.add_argument("--epoch-steps", type=int, default=100, help="steps between checkpoints")
    run.add_argument("--validate-every", type=int, default=5, help="validate after so many epochs")
    run.add_argument("--processes", type=int, default=1, help="rendering processes")
    run.add_argument("--device", default="auto", help="auto, cpu, gpu (all of them), gpu:N; cpu:N: N logical ones")
    run.add_argument("--strategy", choices=STRATEGIES, default="none", help="how several devices share each batch")
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--ema", type=float, default=0.99, help="momentum of the running average of the weights")
    run.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="auto")
    run.add_argument(
        "--resume", nargs="?", const="", metavar="CHECKPOINT", help="go on from the output's checkpoint or this one"
    )
    run.add_argument("--init", metavar="WEIGHTS", help="start from a weights file; its charset may be a subset of ours")
    run.add_argument("--tensorboard", action="store_true", help="write TensorBoard logs too")
    run.add_argument("--smoke", action="store_true", help="a tiny run of about a minute; fails unless the loss falls")
    return p


def check(arguments: argparse.Namespace) -> None:
    """Find what is wrong before the framework is imported, as far as that goes.

    Raises:
        ConfigError: No output folder is named, it holds a run, or the framework is not installed.
        WeightsError: --init is missing, damaged, or no reader's.
    """
    if not (arguments.smoke or arguments.output):
        raise ConfigError("Name an output folder, or use --smoke.")
    anew = arguments.smoke or arguments.resume is None
    if anew and arguments.output and (Path(arguments.output) / "checkpoint.h5").exists():
        raise ConfigError(f"{arguments.output} holds a run already: add --resume, or name another folder.")
    if arguments.init:
        read_weights(arguments.init, "crnn")
    require_keras("training")


def train(arguments: argparse.Namespace) -> None:
    """Train as the arguments say."""
    if arguments.smoke:
        from ctpn_crnn.training.crnn_smoke import smoke_run

        with tempfile.TemporaryDirectory() as folder:
            print(smoke_run(arguments.output or folder))
    else:
        from ctpn_crnn.training.crnn_run import train_from_arguments

        train_from_arguments(arguments)


def main(argv: list[str] | None = None) -> int:
    """Runs the tool; returns the exit status."""
    arguments = parser().parse_args(argv)

    def work() -> None:
        check(arguments)
        use_device(arguments.device)
        with strategy_scope(arguments.strategy):
            train(arguments)

    return run_command(work, "train_crnn", resume_hint="--resume goes on from the last checkpoint")


if __name__ == "__main__":
    sys.exit(main())
