"""What happens around the steps of a training: checkpoints, validation, log, progress, and the end."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
from tqdm import tqdm

from ctpn_crnn.files import written_aside
from ctpn_crnn.training.batches import TrainingBatches
from ctpn_crnn.training.checkpoint import save_checkpoint
from ctpn_crnn.training.optimizers import averaged_weights, steps_taken
from ctpn_crnn.training.options import CHECKPOINT, TrainingError
from ctpn_crnn.training.strategies import is_chief

if TYPE_CHECKING:
    from ctpn_crnn.training.loop import Trainer

LOG = "log.csv"
"""Name of the log in the folder of a run."""

COLUMNS = ("step", "learning_rate", "samples_per_s", "waiting", "dropped", "loss")
"""Columns of the log besides `epoch`, Keras' number of the row, and those that a network adds."""


class TrainingMonitor(keras.callbacks.Callback):
    """Writes checkpoints, validates, and ends a stage at its last step, at the time limit, or when the loss is NaN.

    It adds to the logs of each epoch, which later callbacks see: `step`, `learning_rate`, `samples_per_s`, `waiting`
    (share of the time spent waiting for batches), `dropped` (samples left out), and the results of a validation.

    Args:
        trainer: The run.
        batches: What the stage is trained on.
        end: Step at which the stage ends.
    """

    def __init__(self, trainer: Trainer, batches: TrainingBatches, end: int) -> None:
        super().__init__()
        self.trainer, self.batches, self.end = trainer, batches, end
        self.step = self.saved = 0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.step = steps_taken(self.model.optimizer)
        self._save()  # A run that fails or is stopped early has a checkpoint too.

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic()
        self._before = self.step, self.batches.samples, self.batches.waited

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.step += 1
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise TrainingError(
                f"step {self.step}: the loss is {loss}. {self.trainer.output / CHECKPOINT} is that of step "
                f"{self.saved}. Begin another run with a lower --learning-rate, or look for a damaged sample."
            )
        if self.step >= self.end or self.trainer.is_late():
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        _, samples, waited = self._before
        seconds = max(time.monotonic() - self._began, 1e-6)
        row = {name: float(value) for name, value in (logs or {}).items()}
        row |= {
            "step": self.step,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "samples_per_s": (self.batches.samples - samples) / seconds,
            "waiting": min((self.batches.waited - waited) / seconds, 1.0),
            "dropped": self.batches.dropped,
        }
        self._save()
        options = self.trainer.options
        if self.model.stop_training or (epoch + 1) % options.validate_every == 0:
            with averaged_weights(self.model):
                row |= self.trainer.task.validate()
                self.trainer.save_weights(row)
        self.trainer.history.append(row)
        if logs is not None:
            logs.update(row)

    def _save(self) -> None:
        save_checkpoint(self.model, self.trainer.output, self.trainer.settings)
        self.saved = self.step


class TrainingLog(keras.callbacks.CSVLogger):
    """Keras' CSV log with fixed columns, without rows of steps that a resumed run takes again.

    Args:
        path: The file.
        columns: Columns besides `epoch`. A value that an epoch does not have is "NA".
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(str(path), append=True)
        self.path, self.columns = path, list(columns)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._keep_rows(steps_taken(self.model.optimizer))
        super().on_train_begin(logs)
        self.keys = self.columns

    def _keep_rows(self, step: int) -> None:
        """Drop what a killed run wrote after its last checkpoint."""
        rows: list[dict[str, str]] = []
        if self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
        with written_aside(self.path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["epoch", *self.columns], restval="NA", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)


class TrainingProgress(keras.callbacks.Callback):
    """Shows a bar with rate and time left, if stderr is a terminal, and prints a line for each row of the log.

    Args:
        steps: Steps of the whole run.
        stage: Name of the stage.
        monitor: Knows the step.
    """

    def __init__(self, steps: int, stage: str, monitor: TrainingMonitor) -> None:
        super().__init__()
        self.steps, self.stage, self.monitor = steps, stage, monitor
        self._bar: tqdm | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._bar = tqdm(
            total=self.steps, initial=self.monitor.step, desc=self.stage, unit="step", disable=None, leave=False
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if not self._bar.disable:
            self._bar.set_postfix_str(f"loss {(logs or {}).get('loss', 0.0):.3f}", refresh=False)
            self._bar.update(1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if is_chief():
            row = logs or {}
            speed = f"{row['samples_per_s']:.1f} samples/s, {100 * row['waiting']:.0f} % of the time waiting for data"
            losses = "  ".join(f"{name} {value:.4g}" for name, value in row.items() if name not in COLUMNS[:-1])
            tqdm.write(f"{self.stage} {int(row['step'])}/{self.steps}  {losses}  {speed}")

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._bar.close()
