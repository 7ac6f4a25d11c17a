#!/usr/bin/env python3
"""Train the CTPN text detector on rendered and/or real pages."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow starts: its start-up notes are not for the user

import numpy as np

from ctpn_crnn.commands.arguments import HelpFormatter
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.datasets import is_held_out, read_detection_set
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import require_keras
from ctpn_crnn.runtime.devices import use_device
from ctpn_crnn.training.detection_samples import (
    CropSampler,
    CropSettings,
    FolderPages,
    LabelledRegion,
    MixedPages,
    PageSource,
    RenderedPages,
)
from ctpn_crnn.training.strategies import STRATEGIES, strategy_scope
from ctpn_crnn.weights import read_weights

if TYPE_CHECKING:
    import keras

    from ctpn_crnn.training.ctpn_trainer import TrainingOptions

EPILOG = """examples:
  python tools/train_ctpn.py --smoke
  python tools/train_ctpn.py --out runs/ctpn --vgg16 vgg16.npz --synthetic 0.6 --real td500/train --real formulas
  python tools/train_ctpn.py --out runs/ctpn ... --resume        (the same arguments as before)

A folder given by --real holds images/ and gt/ (ICDAR form), VOC files, or MSRA-TD500. About every fifth page (by the
CRC-32 of its name) is held out for validation. The folder of --out gets checkpoint.npz, log.csv and ctpn.h5.
"""


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    p = argparse.ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    p.add_argument("--out", type=Path, default=Path("runs/ctpn"), help="folder of checkpoint, log and weights")
    p.add_argument("--resume", action="store_true", help="go on exactly where the checkpoint in --out stands")
    p.add_argument("--init", type=Path, help="weights (.h5) of an earlier run to start from")
    p.add_argument("--vgg16", type=Path, help="ImageNet VGG16 as .npz; without it keras.applications provides them")
    p.add_argument("--from-scratch", action="store_true", help="start from random weights, without ImageNet")

    data = p.add_argument_group("data")
    data.add_argument("--real", action="append", default=[], type=Path, metavar="DIR", help="a set of real pages")
    data.add_argument("--partial", action="append", default=[], type=Path, metavar="DIR",
                      help="a set of which only some text is annotated: other ink counts for nothing")  # fmt: skip
    data.add_argument("--formula-text", default="formula", help="a region with this text is a formula")
    data.add_argument("--synthetic", type=float, default=0.6, help="share of rendered pages, 0 to 1")
    data.add_argument("--corpus", type=Path, help="folder of .txt files to render")
    data.add_argument("--fonts", type=Path, action="append", help="folder of fonts to render with")
    data.add_argument("--backgrounds", type=Path, help="folder of photos without text to render on")
    data.add_argument("--size", type=int, default=512, help="side of the square crops, a multiple of 16")
    data.add_argument("--scale", type=float, nargs=2, default=(0.6, 1.6), metavar=("MIN", "MAX"),
                      help="random enlargement of the pages")  # fmt: skip
    data.add_argument("--rotation", type=float, default=4.0, help="greatest random turn in degrees")
    data.add_argument("--crops-per-page", type=int, default=2, help="neighbouring crops taken of one page")
    data.add_argument("--workers", type=int, default=1, help="processes that make crops; 0 = none")
    data.add_argument("--validation-crops", type=int, default=32, help="held-out crops to look at; 0 = none")

    how = p.add_argument_group("training")
    how.add_argument("--steps", type=int, default=2000, help="optimizer steps")
    how.add_argument("--batch-size", type=int, default=4, help="crops a step")
    how.add_argument("--optimizer", choices=("adamw", "sgd"), default="adamw")
    how.add_argument("--learning-rate", type=float, default=3e-4, help="after the warm-up; then a cosine")
    how.add_argument("--warmup-steps", type=int, default=100)
    how.add_argument("--weight-decay", type=float, default=1e-4)
    how.add_argument("--clip-norm", type=float, default=5.0, help="greatest norm of the gradient")
    how.add_argument("--freeze-blocks", type=int, default=2, help="VGG blocks left as they are (0 to 5)")
    how.add_argument("--samples", type=int, default=256, help="anchors sampled of each crop (paper: 128)")
    how.add_argument("--negative", type=float, default=0.5, help="IoU below which an anchor is negative")
    how.add_argument("--hard", type=float, default=0.5, help="share of the negatives that are the hardest ones")
    how.add_argument("--balanced", action=argparse.BooleanOptionalAction, default=True,
                     help="sample text and formulas in equal parts")  # fmt: skip
    how.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    how.add_argument("--device", default="auto", help="auto, cpu, gpu (all of them), gpu:N; cpu:N: N logical ones")
    how.add_argument("--strategy", choices=STRATEGIES, default="none", help="how several devices share each batch")
    how.add_argument("--seed", type=int, default=0)
    how.add_argument("--checkpoint-steps", type=int, default=200, help="steps between two checkpoints")
    how.add_argument("--log-steps", type=int, default=50, help="steps between two rows of the log")
    how.add_argument("--validation-every", type=int, default=4, help="rows of the log between two validations")
    how.add_argument("--max-minutes", type=float, default=0.0, help="stop after this time, with a checkpoint")
    how.add_argument("--tensorboard", type=Path, help="folder for TensorBoard")
    p.add_argument("--smoke", action="store_true", help="a tiny run of less than a minute that checks all parts")
    return p.parse_args(argv)


def check(args: argparse.Namespace) -> None:
    """Find what is wrong before the framework is imported, as far as that goes.

    Raises:
        ConfigError: Arguments do not go together, --out holds a run, or the framework is not installed.
        WeightsError: --init is missing, damaged, or no detector's.
    """
    if args.strategy == "multiworker" and args.max_minutes:
        # A worker that stops on its own clock leaves the others waiting without end.
        raise ConfigError("--strategy multiworker: leave out --max-minutes.")
    if not (args.smoke or args.resume) and (args.out / "checkpoint.npz").exists():
        raise ConfigError(f"{args.out} holds a run already: add --resume, or name another folder by --out.")
    if args.init is not None and not args.resume:
        read_weights(args.init, kind="ctpn")
    require_keras("training")


def sources(args: argparse.Namespace) -> tuple[PageSource, PageSource | None]:
    """Where pages come from: (for training, held out for validation or None)."""
    if not 0 <= args.synthetic <= 1:
        raise ConfigError(f"--synthetic {args.synthetic}: give a share between 0 and 1.")
    train: list[PageSource] = []
    held_out: list[PageSource] = []
    for folder in args.real + args.partial:
        pages = read_detection_set(folder, formula_text=args.formula_text)
        partial = folder in args.partial
        for into, chosen in (
            (train, [p for p in pages if not is_held_out(p.path)]),
            (held_out, [p for p in pages if is_held_out(p.path)]),
        ):
            if chosen:
                into.append(FolderPages(chosen, partial))
    weights = [(1 - args.synthetic) / len(train)] * len(train) if train else []
    if args.synthetic or not train:
        fonts = tuple(args.fonts) if args.fonts else None
        train.append(RenderedPages(args.corpus, fonts, args.backgrounds))
        weights.append(args.synthetic or 1.0)
    validation = MixedPages(held_out, [1.0] * len(held_out)) if held_out else None
    return MixedPages(train, weights), validation


def options_of(args: argparse.Namespace) -> TrainingOptions:
    """The options of the run, checked."""
    from ctpn_crnn.training.ctpn_trainer import TrainingOptions

    names = (
        "steps", "batch_size", "optimizer", "learning_rate", "warmup_steps", "weight_decay", "clip_norm",
        "freeze_blocks", "samples", "negative", "hard", "balanced", "seed",
    )  # fmt: skip
    values = {name: getattr(args, name) for name in names}
    return TrainingOptions(**values)


def run(args: argparse.Namespace, train_source: PageSource, held_out: PageSource | None) -> list[dict[str, float]]:
    """Train as the arguments say; returns the rows of the log."""
    import keras

    from ctpn_crnn.ctpn.network import CTPN
    from ctpn_crnn.runtime.keras_network import choose_precision
    from ctpn_crnn.training.ctpn_trainer import Watch, build_training_model, load_checkpoint, train
    from ctpn_crnn.training.detection_batches import DetectionBatches
    from ctpn_crnn.weights import save_weights

    options = options_of(args)
    args.out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(args.seed)
    precision = choose_precision() if args.precision == "auto" else args.precision
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    network = CTPN()
    model = network.build_model()
    start_weights(model, args, train_source)
    training = build_training_model(network, model, options)
    done = load_checkpoint(training, args.out / "checkpoint.npz", options) if args.resume else 0

    settings = CropSettings(args.size, tuple(args.scale), rotation=args.rotation)
    sampler = CropSampler(train_source, settings, args.seed, args.crops_per_page)
    count = max(options.steps - done, 0) + args.log_steps  # The last epoch may reach beyond the last step.
    batches = DetectionBatches(sampler, args.batch_size, count, first_batch=done, processes=args.workers)
    validation = None
    if held_out is not None and args.validation_crops > 0:
        still = CropSettings(args.size, tuple(args.scale), stretch=0.0, rotation=0.0, colour=0.0)
        validation = CropSampler(held_out, still, seed=1).batch(0, args.validation_crops)

    def write_weights(step: int) -> None:
        row = watch.history[-1] if watch.history else {}
        info = {"steps": step, "crop": args.size, "data": described(args), "last": row, **vars(options)}
        save_weights(model, args.out / "ctpn.h5", kind="ctpn", config=network.spec.to_config(), charset=None, info=info)

    watch = Watch(options, args.out, batches, args.checkpoint_steps, 60 * args.max_minutes, write_weights)
    extra = (keras.callbacks.TensorBoard(str(args.tensorboard), update_freq="epoch"),) if args.tensorboard else ()
    try:
        return train(
            training,
            batches,
            watch,
            epoch_steps=args.log_steps,
            validation=validation,
            validation_epochs=args.validation_every,
            callbacks=extra,
        )
    finally:
        batches.close()


def start_weights(model: keras.Model, args: argparse.Namespace, source: PageSource) -> None:
    """Put in the weights that training starts from."""
    from ctpn_crnn.training.vgg16 import load_vgg16, normalise_activations

    if args.resume or args.from_scratch:
        return
    if args.init is not None:
        read_weights(args.init, kind="ctpn").apply_to(model)
    else:
        load_vgg16(model, args.vgg16)
        crops, _ = CropSampler(source, CropSettings(args.size, tuple(args.scale)), args.seed).batch(0, 8)
        normalise_activations(model, crops)


def described(args: argparse.Namespace) -> dict[str, Any]:
    """What the training saw, by names that mean something on another machine."""
    sets = [folder.resolve().name for folder in args.real + args.partial]
    return {"real": sets, "synthetic": args.synthetic if sets else 1.0, "scale": list(args.scale)}


def toy_page(rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
    """A page of dark bars on white: what the smoke run learns to find."""
    image = np.full((160, 160, 3), 235, np.uint8)
    regions = []
    y = int(rng.integers(8, 30))
    while y < 130:
        height, x = int(rng.integers(12, 26)), int(rng.integers(4, 40))
        width = int(rng.integers(60, 110))
        image[y : y + height, x : x + width : 3] = 40
        regions.append(LabelledRegion(np.float32([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])))
        y += height + int(rng.integers(10, 24))
    return image, regions


def smoke() -> None:
    """Train for a few steps on toy pages, interrupt, resume, and check that the loss has fallen.

    Raises:
        TrainingError: it has not.
    """
    from ctpn_crnn.training.ctpn_trainer import TrainingError

    with tempfile.TemporaryDirectory() as folder:
        common = [
            "--out", folder, "--from-scratch", "--precision", "float32", "--size", "64", "--scale", "0.7", "1.0",
            "--steps", "30", "--batch-size", "4", "--freeze-blocks", "4", "--learning-rate", "1e-3", "--samples", "64",
            "--warmup-steps", "5", "--log-steps", "6", "--validation-every", "2", "--validation-crops", "4",
        ]  # fmt: skip
        first = run(parse([*common, "--max-minutes", "0.1"]), toy_page, toy_page)
        rows = first + run(parse([*common, "--resume"]), toy_page, toy_page)
    before, after = rows[0]["loss"], rows[-1]["loss"]
    if not after < 0.7 * before:
        raise TrainingError(f"the loss went from {before:.3f} to {after:.3f}: it should have fallen by a third.")
    print(f"smoke run: the loss fell from {before:.3f} to {after:.3f}.")


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse(argv)

    def work() -> None:
        check(args)
        pages = () if args.smoke else sources(args)
        use_device(args.device)
        with strategy_scope(args.strategy):
            if args.smoke:
                smoke()
            else:
                run(args, *pages)

    return run_command(work, "train_ctpn", resume_hint=f"--resume goes on from {args.out / 'checkpoint.npz'}")


if __name__ == "__main__":
    sys.exit(main())
