#!/usr/bin/env python3
"""Train the line reader (CRNN) on lines rendered from fonts and a corpus, or on lines of your own."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from training_arguments import (
    RESUME_HINT,
    add_run,
    add_sources,
    add_training,
    check_run,
    training_options,
    use_precision,
)

from ctpn_crnn.commands.arguments import make_parser, positive, share
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.runtime.devices import use_device
from ctpn_crnn.synthesis.lines import LineStyle
from ctpn_crnn.training.line_batches import BatchPlan, LineSource
from ctpn_crnn.training.options import TrainingOptions
from ctpn_crnn.training.strategies import is_chief, strategy_scope
from ctpn_crnn.weights import WeightsFile

DEFAULTS = TrainingOptions(steps=5000, weight_decay=1e-3, clip_norm=2.0, seed=1)

EPILOG = """\
examples:
  python tools/train_crnn.py --smoke
  python tools/train_crnn.py runs/crnn --corpus texts/ --backgrounds photos/ --steps 30000 --frame-steps 10000
  python tools/train_crnn.py runs/mine --lines my_lines/ --init crnn.h5 --steps 1000
  python tools/train_crnn.py runs/crnn --resume ...      (goes on exactly where it stopped; the same options as before)

OUTPUT gets checkpoint.npz, log.csv and crnn.h5.

exit codes: 0 trained, 1 an unexpected error, 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser(__doc__, EPILOG)
    add_run(parser)
    data = parser.add_argument_group("data")
    add_sources(data)
    data.add_argument("--lines", metavar="DIR", help="line list of your own (lines.tsv: image, tab, text)")
    data.add_argument(
        "--lines-share", type=float, default=0.5, metavar="S", help="of lines from that list, 0..1; others are rendered"
    )
    data.add_argument("--charset", help="charset file, one character a line (None: the built-in charset)")
    data.add_argument("--strength", type=share, default=0.6, help="strength of the degradation, 0..1")
    data.add_argument("--signs", type=share, default=0.3, help="share of lines drawn as signs on photographs, 0..1")
    data.add_argument(
        "--traditional", type=share, default=0.3, help="share of Chinese text in traditional characters (needs OpenCC)"
    )
    data.add_argument("--pixels", type=positive, default=4160, help="sum of the widths of the lines of a batch")
    data.add_argument(
        "--widths", type=int, nargs="+", default=[96, 160, 160, 256, 400], help="widths of batches, multiples of 4"
    )
    data.add_argument(
        "--dev",
        nargs="+",
        action="extend",
        default=[],
        metavar="DIR",
        help="sets to validate on besides rendered lines: line lists, or detection sets with text",
    )
    data.add_argument("--dev-lines", type=positive, default=96, help="lines of each set to validate on")
    training = add_training(parser, DEFAULTS)
    training.add_argument(
        "--frame-steps", type=int, default=0, help="first steps that learn from frame labels; needed from scratch"
    )
    return parser.parse_args(argv)


def train(arguments: argparse.Namespace, weights: WeightsFile | None) -> None:
    """Train, and say where the weights are."""
    from ctpn_crnn.training.crnn_training import ReaderData, ReaderTask
    from ctpn_crnn.training.line_validation import real_set, rendered_set
    from ctpn_crnn.training.loop import Trainer

    options = training_options(arguments)
    source = LineSource(
        Charset.load(arguments.charset) if arguments.charset else Charset.default(),
        tuple(arguments.fonts),
        arguments.corpus,
        arguments.backgrounds,
        LineStyle(strength=arguments.strength, signs=arguments.signs),
        lines=arguments.lines,
        share=arguments.lines_share,
        traditional=arguments.traditional,
    )
    plan = BatchPlan(tuple(arguments.widths), arguments.pixels, options.seed)
    data = ReaderData(source, plan, arguments.frame_steps)
    if arguments.lines:
        fitting, lines = data.fitting_lines()
        print(f"{fitting} of {lines} lines of {arguments.lines} are narrow enough to be trained on", flush=True)
    use_precision(options)
    sets = [rendered_set(source, arguments.dev_lines), *(real_set(path, arguments.dev_lines) for path in arguments.dev)]
    task = ReaderTask(data, sets, describe(arguments))
    if weights is not None:
        task.start_from(weights)
    print(f"{task.model.count_params():,} parameters, {len(source.charset)} characters", flush=True)
    trainer = Trainer(task, options, arguments.output, arguments.tensorboard)
    if arguments.resume:
        trainer.resume()
    trainer.run()
    if is_chief():
        print(f"Saved {trainer.weights}", flush=True)


def describe(arguments: argparse.Namespace) -> dict[str, object]:
    """Return what the reader is trained on, by names that mean something on another machine."""
    return {
        "lines": Path(arguments.lines).name if arguments.lines else None,
        "lines_share": arguments.lines_share if arguments.lines else 0.0,
        "signs": arguments.signs,
        "strength": arguments.strength,
        "traditional": arguments.traditional,
    }


def smoke(arguments: argparse.Namespace) -> None:
    """Train a tiny reader, and say how the loss fell."""
    from ctpn_crnn.training.smoke import smoke_reader, smoke_run

    with tempfile.TemporaryDirectory() as folder:
        print(smoke_run(smoke_reader, arguments.output or folder, arguments.tensorboard))


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit code."""
    arguments = parse_arguments(argv)

    def work() -> None:
        weights = check_run(arguments, "crnn")
        use_device(arguments.device)
        with strategy_scope(arguments.strategy):
            smoke(arguments) if arguments.smoke else train(arguments, weights)

    return run_command(work, "train_crnn", resume_hint=RESUME_HINT)


if __name__ == "__main__":
    sys.exit(main())
