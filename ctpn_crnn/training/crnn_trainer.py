"""Training of the reader: frame labels on the convolutions, then through the LSTMs, then CTC.

CTC from scratch on thousands of classes stays at all-blank output for long. A rendered line knows where each character
stands, so training starts with cross-entropy on frames of a linear head on the convolutions' features. Then the LSTMs
start as a map that lets these features through (`pass_through`), the projection takes over the head, and training goes
on with frame labels behind the LSTMs ("joint") or at once with the CTC loss, which needs no positions. The linear head
is not shipped.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import ops

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.ctc import ctc_loss, greedy_decode
from ctpn_crnn.crnn.line_image import pad_lines
from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import FRAME_WIDTH, INPUT_HEIGHT, CRNNSpec
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import hdf5_written_aside
from ctpn_crnn.training.distributed import AdamW, TrainingModel, synchronize_batch_statistics
from ctpn_crnn.training.line_batches import IGNORED, BatchPlan, CTCEncoder, FrameEncoder, LineBatches, LineSource
from ctpn_crnn.training.strategies import is_chief, shared_input

PHASES = ("frames", "ctc")


@dataclass(frozen=True)
class Phase:
    """One part of the schedule.

    Args:
        name: "frames" (cross-entropy at labelled frames) or "ctc".
        steps: batches.
        learning_rate: its peak, reached after `warmup` steps; falls along a cosine to `final` of it.
        warmup: steps of linear warm-up.
        final: last learning rate as a part of the peak.
    """

    name: str
    steps: int
    learning_rate: float
    warmup: int = 100
    final: float = 0.03

    def __post_init__(self) -> None:
        if self.name not in PHASES:
            raise ConfigError(f"Unknown training phase {self.name!r}: choose from {', '.join(PHASES)}.")
        if self.steps < 0 or not 0.0 < self.learning_rate < np.inf:
            raise ConfigError(
                f"phase {self.name}: {self.steps} steps at the rate {self.learning_rate}: give 0 or more steps and a "
                "rate above 0."
            )

    def schedule(self) -> keras.optimizers.schedules.LearningRateSchedule:
        """Linear warm-up, then cosine decay."""
        warmup = min(self.warmup, max(1, self.steps // 4))
        return keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=self.learning_rate * 0.01,
            decay_steps=max(1, self.steps - warmup),
            alpha=self.final,
            warmup_target=self.learning_rate,
            warmup_steps=warmup,
        )


@dataclass(frozen=True)
class LineSet:
    """Lines to validate on: grey images of height 32 and their texts."""

    name: str
    images: list[np.ndarray]
    texts: list[str]


class ReaderTrainer:
    """Trains a CRNN through the phases of a schedule and resumes exactly where a run stopped.

    Args:
        charset: the reader's charset.
        source: what the training lines are rendered from.
        plan: how they become batches.
        phases: the schedule.
        output: folder of checkpoint, logs and weights.
        epoch_steps: batches between checkpoints (and progress lines in the CSV log).
        processes: rendering processes.
        weight_decay, clip_norm, ema: of AdamW; `ema` is the momentum of the running average of the weights that is
            validated and saved.
    """

    def __init__(
        self,
        charset: Charset,
        source: LineSource,
        plan: BatchPlan,
        phases: Sequence[Phase],
        output: str | Path,
        epoch_steps: int = 100,
        processes: int = 1,
        weight_decay: float = 1e-3,
        clip_norm: float = 2.0,
        ema: float = 0.99,
    ) -> None:
        self.charset, self.source, self.plan, self.phases = charset, source, plan, tuple(phases)
        self.output = Path(output)
        self.epoch_steps, self.processes = epoch_steps, processes
        self.weight_decay, self.clip_norm, self.ema = weight_decay, clip_norm, ema
        self.network = CRNN(CRNNSpec(charset.num_classes))
        self.reader = self.network.build_model()
        self.phase = 0
        self.step = 0  # Of the present phase.
        self.total_steps = 0
        self.seconds = 0.0
        self._optimizer: AdamW | None = None

    @property
    def checkpoint(self) -> Path:
        """Where the state is kept."""
        return self.output / "checkpoint.h5"

    def train(
        self,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        validate: Callable[[], dict] | None = None,
        validate_every: int = 5,
    ) -> None:
        """Runs the rest of the schedule; a checkpoint is written after every epoch of `epoch_steps` batches.

        Raises:
            ConfigError: the loss became NaN; the message says at which step.
        """
        self.output.mkdir(parents=True, exist_ok=True)
        while self.phase < len(self.phases):
            phase = self.phases[self.phase]
            if self.step < phase.steps:
                self._run(phase, callbacks, validate, validate_every)
            self.phase, self.step, self._optimizer = self.phase + 1, 0, None
            self.save_checkpoint()

    def _run(
        self,
        phase: Phase,
        callbacks: Sequence[keras.callbacks.Callback],
        validate: Callable[[], dict] | None,
        validate_every: int,
    ) -> None:
        model = self.training_model(phase)
        synchronize_batch_statistics(model)
        model.compile(optimizer=self._optimizer_for(phase, model), **self._losses(phase))
        batches = self._batches(phase)
        try:
            while self.step < phase.steps:
                start, waited = time.perf_counter(), batches.waited
                count = min(self.epoch_steps, phase.steps - self.step)
                batches.count = count
                history = model.fit(
                    shared_input(batches.as_input(), self.plan.pixels // max(self.plan.widths)),
                    epochs=1,
                    steps_per_epoch=count,
                    verbose=0,
                    shuffle=False,
                    callbacks=[*callbacks, StopOnNaN(self)],
                )
                batches.advance()
                self.step += count
                self.total_steps += count
                seconds = time.perf_counter() - start
                self.seconds += seconds
                row = {
                    "phase": phase.name,
                    "step": self.step,
                    "total": self.total_steps,
                    "seconds": round(self.seconds),
                    "steps_per_s": round(count / seconds, 3),
                    "data_wait": round((batches.waited - waited) / seconds, 3),
                    "dropped": batches.dropped,
                }
                row |= {key: round(float(values[-1]), 4) for key, values in history.history.items()}
                self.save_checkpoint()
                if validate and (self.step // self.epoch_steps % validate_every == 0 or self.step >= phase.steps):
                    row |= self.with_average(validate)
                self._log(row)
        finally:
            batches.close()

    def training_model(self, phase: Phase) -> keras.Model:
        """The model that a phase fits: the logits of `CRNN.inference`, batch-major."""
        image = keras.Input((INPUT_HEIGHT, None, 1), name="image")
        net_out = self.network.inference(image, name="crnn", reuse=True)
        return TrainingModel(image, ops.transpose(net_out, (1, 0, 2)), name=phase.name)

    def _losses(self, phase: Phase) -> dict[str, Any]:
        return {"loss": ctc_loss if phase.name == "ctc" else frame_loss}

    def _batches(self, phase: Phase) -> LineBatches:
        encode = (CTCEncoder if phase.name == "ctc" else FrameEncoder)(self.charset)
        return LineBatches(self.source, self.plan, encode, self.total_steps, self.epoch_steps, self.processes)

    def _optimizer_for(self, phase: Phase, model: keras.Model) -> keras.optimizers.Optimizer:
        if self._optimizer is None:
            self._optimizer = AdamW(
                phase.schedule(),
                weight_decay=self.weight_decay,
                global_clipnorm=self.clip_norm,
                use_ema=True,
                ema_momentum=self.ema,
            )
            self._optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
            self._optimizer.build(model.trainable_variables)
        return self._optimizer

    def with_average(self, action: Callable[[], Any]) -> Any:
        """Runs `action` while the network holds the running average of its weights."""
        if self._optimizer is None:
            return action()
        variables = self._optimizer._trainable_variables
        kept = [ops.convert_to_numpy(v) for v in variables]
        self._optimizer.overwrite_by_average()
        try:
            return action()
        finally:
            for variable, value in zip(variables, kept):
                variable.assign(value)

    def _state(self) -> dict[str, Any]:
        # Weights, not variables: those hold random seeds too, whose paths count up with every model of a process.
        state = {f"reader/{v.path}": v for v in self.reader.weights}
        if self._optimizer is not None:
            state |= {f"optimizer/{number}": v for number, v in enumerate(self._optimizer.variables)}
        return state

    def save_checkpoint(self) -> None:
        """Writes weights, optimizer and position in the schedule; a kill in between leaves the old checkpoint whole.

        Raises:
            OutputError: the file cannot be written.
        """
        if not is_chief():
            return
        self.output.mkdir(parents=True, exist_ok=True)
        with hdf5_written_aside(self.checkpoint) as file:
            for key, variable in self._state().items():
                file[key] = ops.convert_to_numpy(variable)
            file.attrs["position"] = json.dumps(
                {
                    "phase": self.phase,
                    "step": self.step,
                    "total": self.total_steps,
                    "seconds": self.seconds,
                    "seed": self.plan.seed,
                    "charset": "".join(self.charset.characters),
                }
            )

    def resume(self, path: str | Path | None = None) -> None:
        """Continues from a checkpoint of a run with the same charset.

        Raises:
            WeightsError: the file is missing, damaged or of another charset.
        """
        path = Path(path or self.checkpoint)
        try:
            with h5py.File(path, "r") as file:
                position = json.loads(file.attrs["position"])
                if position["charset"] != "".join(self.charset.characters):
                    raise WeightsError(f"The checkpoint {path} was trained for another charset: resume with that one.")
                self.phase, self.step = position["phase"], position["step"]
                self.total_steps, self.seconds = position["total"], position["seconds"]
                if "optimizer" in file and self.phase < len(self.phases):
                    phase = self.phases[self.phase]
                    self._optimizer_for(phase, self.training_model(phase))
                for key, variable in self._state().items():
                    variable.assign(file[key][()])
        except (OSError, KeyError) as error:
            raise WeightsError(f"Cannot resume from {path}: {error}. Start anew or name another checkpoint.") from None

    def save_weights(self, path: str | Path, info: dict[str, Any]) -> None:
        """Writes the averaged weights of the reader, float16, with the charset."""
        from ctpn_crnn.weights import save_weights

        if not is_chief():
            return
        config = self.network.spec.to_config()
        text = "".join(self.charset.characters)
        info = {
            "steps": self.total_steps,
            "seconds": round(self.seconds),
            "schedule": [asdict(p) for p in self.phases],
            **info,
        }
        self.with_average(lambda: save_weights(self.reader, path, kind="crnn", config=config, charset=text, info=info))

    def _log(self, row: dict[str, Any]) -> None:
        if not is_chief():
            return
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        path = self.output / "log.csv"
        with (self.output / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        rows = [json.loads(line) for line in (self.output / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        columns = list(dict.fromkeys(key for entry in rows for key in entry))
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)


def frame_loss(y_true: Any, y_pred: Any) -> Any:
    """Mean cross-entropy of the labelled frames of each line.

    Args:
        y_true: (N, T) class of each frame; `IGNORED` where it is not known.
        y_pred: logits (N, T, classes).

    Returns:
        (N,) float32.
    """
    known = ops.cast(ops.not_equal(y_true, IGNORED), "float32")
    log_p = ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1)
    index = ops.maximum(ops.cast(y_true, "int32"), 0)[..., None]
    taken = ops.take_along_axis(log_p, index, axis=-1)[..., 0]
    return -ops.sum(taken * known, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)


class StopOnNaN(keras.callbacks.Callback):
    """Stops a run whose loss is not a number, with the step, before a checkpoint of it is written."""

    def __init__(self, trainer: ReaderTrainer) -> None:
        super().__init__()
        self.trainer = trainer

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            raise ConfigError(
                f"The loss is {loss} at step {self.trainer.total_steps + batch + 1}: "
                "resume from the checkpoint with a smaller learning rate."
            )


def read_lines(model: keras.Model, charset: Charset, images: Sequence[np.ndarray], budget: int = 8000) -> list[str]:
    """Greedy readings of grey lines of height 32, in batches of similar width (sum of widths up to `budget`)."""
    order = sorted(range(len(images)), key=lambda i: images[i].shape[1])
    texts = [""] * len(images)
    while order:
        width = -(-images[order[0]].shape[1] // 32) * 32
        batch = []
        while order and len(batch) * width < budget:
            width = max(width, -(-images[order[0]].shape[1] // 32) * 32)
            batch.append(order.pop(0))
        scores = ops.convert_to_numpy(model(pad_lines([images[i] for i in batch], width), training=False))
        frames = [-(-images[i].shape[1] // FRAME_WIDTH) for i in batch]
        for i, decoded in zip(batch, greedy_decode(scores, frames)):
            texts[i] = charset.decode(decoded.classes)
    return texts


def validation_scores(model: keras.Model, charset: Charset, sets: Sequence[LineSet]) -> dict[str, float]:
    """CER and share of exact lines of each set, normalised as the benchmarks are (NFKC, lower case, no spaces)."""
    from ctpn_crnn.evaluation.recognition import RecognitionScore

    scores = {}
    for lines in sets:
        score = RecognitionScore()
        for truth, reading in zip(lines.texts, read_lines(model, charset, lines.images)):
            score.update(truth, reading)
        summary = score.summary()
        scores |= {f"{lines.name}_cer": round(summary["cer"], 4), f"{lines.name}_exact": round(summary["exact"], 4)}
    return scores
