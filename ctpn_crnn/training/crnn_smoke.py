"""A run of about a minute through every phase of the reader's training, to see that all of it works."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import keras

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.synthesis.lines import LineStyle
from ctpn_crnn.training.crnn_trainer import Phase, ReaderTrainer
from ctpn_crnn.training.line_batches import BatchPlan, LineSource

_EASY = LineStyle(strength=0.1, inverted=0.0, mixed_fonts=0.0, clutter=0.0, texture=0.0, tilt=0.0)


def smoke_source() -> LineSource:
    """Digits in the font that the package ships: nothing has to be installed."""
    charset = Charset("0123456789.,-")
    font = files("ctpn_crnn") / "assets" / "CtpnCrnnSans.woff2"
    return LineSource(charset, (str(font),), style=_EASY, held_out=0.0)


def smoke_run(output: str | Path) -> str:
    """Trains a few steps of each phase, resumes in between, and checks that the loss falls.

    Returns:
        One sentence with the losses.

    Raises:
        ConfigError: the loss of a phase did not fall.
    """
    keras.utils.set_random_seed(1)
    source = smoke_source()
    phases = [Phase("frames", 40, 2e-3, warmup=4), Phase("ctc", 4, 1e-4, warmup=1)]

    def trainer(schedule: list[Phase]) -> ReaderTrainer:
        return ReaderTrainer(source.charset, source, BatchPlan((32, 64), 256, seed=3), schedule, output, 4, 0, ema=0.9)

    trainer(phases[:1]).train()
    resumed = trainer(phases)
    resumed.resume()
    resumed.train()
    resumed.save_weights(Path(output) / "crnn.h5", {"data": "smoke run"})
    rows = [json.loads(line) for line in (Path(output) / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = {phase.name: [row["loss"] for row in rows if row["phase"] == phase.name] for phase in phases}
    if not losses["frames"][-1] < 0.9 * losses["frames"][0]:
        raise ConfigError(f"The loss did not fall in the frames phase: {losses['frames']}.")
    told = ", ".join(f"{name} {values[0]:.2f} -> {values[-1]:.2f}" for name, values in losses.items())
    return f"Smoke run: loss {told}."
