"""Trainings of about a minute that need nothing but the package, to see that all parts of one work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import keras
import numpy as np

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.synthesis.lines import LineStyle
from ctpn_crnn.training.crnn_training import ReaderData, ReaderTask
from ctpn_crnn.training.crop_batches import CropBatches, CropSampler, CropSettings
from ctpn_crnn.training.ctpn_training import DetectorOptions, DetectorTask
from ctpn_crnn.training.labelled_regions import LabelledRegion
from ctpn_crnn.training.line_batches import BatchPlan, LineSource
from ctpn_crnn.training.line_validation import rendered_set
from ctpn_crnn.training.loop import Trainer, TrainingTask
from ctpn_crnn.training.options import TrainingError, TrainingOptions

_OPTIONS = TrainingOptions(steps=24, warmup_steps=4, learning_rate=1e-3, ema=0.5, processes=0, checkpoint_steps=4)

_EASY = LineStyle(strength=0.1, inverted=0.0, mixed_fonts=0.0, clutter=0.0, texture=0.0, tilt=0.0)


def smoke_source() -> LineSource:
    """Return a source of digits in the font that the package ships."""
    font = files("ctpn_crnn") / "assets" / "CtpnCrnnSans.woff2"
    return LineSource(Charset("0123456789.,-"), (str(font),), style=_EASY, held_out=0.0)


def smoke_reader() -> ReaderTask:
    """Return a reader to be trained on narrow lines of digits, first by frame labels, then by CTC."""
    data = ReaderData(smoke_source(), BatchPlan((32, 64), 256, seed=3), frame_steps=12)
    return ReaderTask(data, [rendered_set(data.source, 4)])


def smoke_detector() -> DetectorTask:
    """Return a detector to be trained on small pages of dark bars."""
    sampler = CropSampler(bar_page, CropSettings(64, (0.7, 1.0)))
    return DetectorTask(DetectorOptions(freeze_blocks=4, samples=64), CropBatches(sampler, 4), sampler.batch(1000, 4))


def bar_page(rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
    """Return a page of dark bars on white."""
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


def smoke_run(make_task: Callable[[], TrainingTask], output: str | Path, tensorboard: bool = False) -> str:
    """Train a third of the steps, resume and train the others, and check that the loss has fallen.

    Args:
        make_task: Builds the network that is trained.
        output: Folder of the run.
        tensorboard: Whether to write logs for TensorBoard.

    Returns:
        One sentence with the losses.

    Raises:
        TrainingError: The loss of a stage did not fall.
    """
    rows: list[dict[str, float]] = []
    for steps in (8, _OPTIONS.steps):
        keras.utils.set_random_seed(1)
        trainer = Trainer(make_task(), replace(_OPTIONS, steps=steps), output, tensorboard)
        if rows:
            trainer.resume()
        rows += trainer.run()
    begin, told = 0.0, []
    for stage in trainer.task.stages(_OPTIONS.steps):
        losses = [row["loss"] for row in rows if begin < row["step"] <= stage.end]
        begin = stage.end
        if not losses[-1] < losses[0]:
            raise TrainingError(f"smoke run: the loss of the stage {stage.name} did not fall: {losses}.")
        told.append(f"{stage.name} {losses[0]:.2f} -> {losses[-1]:.2f}")
    return f"Smoke run: the loss fell, {', '.join(told)}."
