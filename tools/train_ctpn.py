#!/usr/bin/env python3
"""Train the text detector (CTPN) on rendered and real pages."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from training_arguments import (
    RESUME_HINT,
    add_run,
    add_sources,
    add_training,
    check_run,
    training_options,
    use_precision,
)

from ctpn_crnn.commands.arguments import make_parser
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.datasets import is_held_out, read_detection_set
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime.devices import use_device
from ctpn_crnn.training.crop_batches import CropBatches, CropSampler, CropSettings
from ctpn_crnn.training.options import TrainingOptions
from ctpn_crnn.training.page_sources import FolderPages, MixedPages, PageSource, RenderedPages
from ctpn_crnn.training.strategies import is_chief, strategy_scope
from ctpn_crnn.weights import WeightsFile

DEFAULTS = TrainingOptions()

EPILOG = """\
examples:
  python tools/train_ctpn.py --smoke
  python tools/train_ctpn.py runs/ctpn --corpus texts/ --vgg16 vgg16.npz --real td500/train formulas/ --synthetic 0.6
  python tools/train_ctpn.py runs/mine --real my_pages/ --synthetic 0.3 --init ctpn.h5 --steps 1000
  python tools/train_ctpn.py runs/ctpn --resume ...      (goes on exactly where it stopped; the same options as before)

A set of --real or --partial holds images/ and gt/ (ICDAR form), VOC files, or MSRA-TD500. About every fifth page (by
the CRC-32 of its name) is held out for validation. OUTPUT gets checkpoint.npz, log.csv and ctpn.h5.

exit codes: 0 trained, 1 an unexpected error, 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser(__doc__, EPILOG)
    add_run(parser)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)  # former name of OUTPUT
    parser.add_argument("--vgg16", type=Path, help="ImageNet VGG16 as .npz (None: keras.applications downloads it)")
    parser.add_argument("--from-scratch", action="store_true", help="start from random weights, without ImageNet")
    data = parser.add_argument_group("data")
    add_sources(data)
    several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": [], "type": Path, "metavar": "DIR"}
    data.add_argument("--real", **several, help="sets of real pages")
    data.add_argument("--partial", **several, help="sets of which only some text is annotated: other ink is ignored")
    data.add_argument("--formula-text", default="formula", help="a region with this text is a formula")
    data.add_argument("--synthetic", type=float, default=0.6, help="share of rendered pages, 0..1")
    data.add_argument("--size", type=int, default=512, help="side of the square crops, a multiple of 16")
    data.add_argument(
        "--scale", type=float, nargs=2, default=(0.6, 1.6), metavar=("MIN", "MAX"), help="magnification of the pages"
    )
    data.add_argument("--rotation", type=float, default=4.0, help="largest rotation in degrees")
    data.add_argument("--crops-per-page", type=int, default=2, help="successive crops taken of one page")
    data.add_argument("--validation-crops", type=int, default=32, help="crops of held-out pages to validate on")
    training = add_training(parser, DEFAULTS)
    training.add_argument("--batch-size", type=int, default=4, help="crops of a batch")
    training.add_argument("--freeze-blocks", type=int, default=2, help="VGG blocks that keep their weights, 0 to 5")
    training.add_argument("--samples", type=int, default=256, help="anchors sampled of each crop (paper: 128)")
    training.add_argument("--negative", type=float, default=0.5, help="IoU below which an anchor is negative")
    training.add_argument("--hard", type=float, default=0.5, help="share of the negatives that are the hardest ones")
    training.add_argument(
        "--balanced",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether text and formulas have equal parts of the positives",
    )
    arguments = parser.parse_args(argv)
    arguments.output = arguments.output or arguments.out
    return arguments


def page_sources(arguments: argparse.Namespace) -> tuple[PageSource, PageSource | None]:
    """Return the pages to train on, and those held out for validation, if there are any.

    Raises:
        ConfigError: --synthetic is no share.
        DatasetError: A set is missing or malformed.
    """
    if not 0 <= arguments.synthetic <= 1:
        raise ConfigError(f"--synthetic {arguments.synthetic}: give a share between 0 and 1.")
    trained: list[PageSource] = []
    held_out: list[PageSource] = []
    for folder in arguments.real + arguments.partial:
        pages = read_detection_set(folder, formula_text=arguments.formula_text)
        for sources, held in ((trained, False), (held_out, True)):
            chosen = [page for page in pages if is_held_out(page.path) == held]
            if chosen:
                sources.append(FolderPages(chosen, partial=folder in arguments.partial))
    weights = [(1 - arguments.synthetic) / len(trained) for _ in trained]
    if arguments.synthetic or not trained:
        fonts = tuple(Path(folder) for folder in arguments.fonts) or None
        corpus, photos = (Path(path) if path else None for path in (arguments.corpus, arguments.backgrounds))
        trained.append(RenderedPages(corpus, fonts, photos))
        weights.append(arguments.synthetic or 1.0)
    validation = MixedPages(held_out, [1.0] * len(held_out)) if held_out else None
    return MixedPages(trained, weights), validation


def train(
    arguments: argparse.Namespace, weights: WeightsFile | None, pages: PageSource, held_out: PageSource | None
) -> None:
    """Train, and say where the weights are."""
    from ctpn_crnn.training.ctpn_training import DetectorOptions, DetectorTask
    from ctpn_crnn.training.loop import Trainer

    options, scale = training_options(arguments), tuple(arguments.scale)
    use_precision(options)
    settings = CropSettings(arguments.size, scale, rotation=arguments.rotation)
    sampler = CropSampler(pages, settings, options.seed, arguments.crops_per_page)
    validation = None
    if held_out is not None and arguments.validation_crops > 0:
        plain = CropSettings(arguments.size, scale, stretch=0.0, rotation=0.0, colour=0.0)
        validation = CropSampler(held_out, plain, seed=1).batch(0, arguments.validation_crops)
    names = ("freeze_blocks", "samples", "negative", "hard", "balanced")
    task = DetectorTask(
        DetectorOptions(**{name: getattr(arguments, name) for name in names}),
        CropBatches(sampler, arguments.batch_size),
        validation,
        options.seed,
        describe(arguments),
    )
    if weights is not None:
        task.start_from(weights)
    elif not (arguments.resume or arguments.from_scratch):
        task.start_from_imagenet(arguments.vgg16)
    trainer = Trainer(task, options, arguments.output, arguments.tensorboard)
    if arguments.resume:
        trainer.resume()
    trainer.run()
    if is_chief():
        print(f"Saved {trainer.weights}", flush=True)


def describe(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the detector is trained on, by names that mean something on another machine."""
    sets = [folder.resolve().name for folder in arguments.real + arguments.partial]
    return {"real": sets, "synthetic": arguments.synthetic if sets else 1.0, "scale": list(arguments.scale)}


def smoke(arguments: argparse.Namespace) -> None:
    """Train a detector on tiny pages, and say how the loss fell."""
    from ctpn_crnn.training.smoke import smoke_detector, smoke_run

    with tempfile.TemporaryDirectory() as folder:
        print(smoke_run(smoke_detector, arguments.output or folder, arguments.tensorboard))


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit code."""
    arguments = parse_arguments(argv)

    def work() -> None:
        weights = check_run(arguments, "ctpn")
        pages = () if arguments.smoke else page_sources(arguments)
        use_device(arguments.device)
        with strategy_scope(arguments.strategy):
            smoke(arguments) if arguments.smoke else train(arguments, weights, *pages)

    return run_command(work, "train_ctpn", resume_hint=RESUME_HINT)


if __name__ == "__main__":
    sys.exit(main())
