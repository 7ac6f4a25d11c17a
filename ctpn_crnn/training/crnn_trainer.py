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
from keras import layers, ops

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.ctc import ctc_loss, greedy_decode
from ctpn_crnn.crnn.line_image import pad_lines
from ctpn_crnn.crnn.network import CONVOLUTIONS, CRNN
from ctpn_crnn.crnn.spec import FRAME_WIDTH, INPUT_HEIGHT
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import hdf5_written_aside
from ctpn_crnn.runtime.keras_layers import training_layers
from ctpn_crnn.training.distributed import AdamW, TrainingModel, synchronize_batch_statistics
from ctpn_crnn.training.identity_init import let_through
from ctpn_crnn.training.line_batches import IGNORED, BatchPlan, CTCEncoder, FrameEncoder, LineBatches, LineSource
from ctpn_crnn.training.strategies import is_chief, shared_input

PHASES = ("frames", "joint", "ctc")


@dataclass(frozen=True)
class Phase:
    """One part of the schedule.

    Args:
        name: "frames" (linear head on the convolutions), "joint" (that head and the LSTMs) or "ctc".
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
        first_layers: computes what the first convolutions give of lines, as `runtime.onnx_network.first_layers` makes
            it of the weights that the reader has. They stay as they are then; CTC alone, which trains what follows.
        kept: how many convolutions `first_layers` has.

    Raises:
        ConfigError: `first_layers` with a phase other than ctc.
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
        first_layers: Callable[[np.ndarray], np.ndarray] | None = None,
        kept: int = CONVOLUTIONS,
    ) -> None:
        if first_layers is not None and any(phase.name != "ctc" for phase in phases):
            raise ConfigError("Kept convolutions can be trained behind with the phase ctc only, for example ctc:1000.")
        self.charset, self.source, self.plan, self.phases = charset, source, plan, tuple(phases)
        self.output = Path(output)
        self.epoch_steps, self.processes = epoch_steps, processes
        self.weight_decay, self.clip_norm, self.ema = weight_decay, clip_norm, ema
        self.first_layers, self.kept = first_layers, 0 if first_layers is None else kept
        self.network = CRNN(charset.num_classes, **training_layers())
        self.reader = self.network.build_model()
        self.frame_head = layers.Dense(charset.num_classes, name="frame_head", dtype="float32")
        image = keras.Input((INPUT_HEIGHT, None, 1), name="image")
        features = self.network.features(image, reuse=True)
        self.frame_reader = keras.Model(image, self.frame_head(features), name="frame_reader")
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
        if self.phase and self.step == 0 and self.phases[self.phase - 1].name == "frames" and phase.name != "frames":
            self._pass_on()
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

    def _pass_on(self) -> None:
        """Starts the LSTMs and the projection as what the frame head has learnt."""
        synthesizer = self.source.open()
        samples = [synthesizer(np.random.default_rng((self.plan.seed, number)), 160).image for number in range(32)]
        features = self.network.features(pad_lines(samples, 160), reuse=True)
        recurrent = [self.reader.get_layer(name) for name in ("bilstm1", "bilstm2")]
        factor = let_through(recurrent, ops.convert_to_numpy(features).astype(np.float32))
        kernel, bias = self.frame_head.get_weights()
        self.reader.get_layer("projection").set_weights([kernel / factor, bias])

    def training_model(self, phase: Phase) -> keras.Model:
        """The model that a phase fits; all phases share their layers."""
        if self.kept:
            maps = self.reader.get_layer(self.network.layer_behind(self.kept)).output
            given = keras.Input(maps.shape[1:], name="features")
        else:
            given = keras.Input((INPUT_HEIGHT, None, 1), name="image")
        features = self.network.features(given, reuse=True, kept=self.kept)
        if phase.name == "ctc":
            return TrainingModel(given, self.network.project(self.network.recurrent(features)), name="ctc")
        positions = keras.Input((None,), dtype="int32", name="positions")
        heads = [self.frame_head(TakeFrames(name="frames_of_features")([features, positions]))]
        if phase.name == "joint":
            sequence = self.network.recurrent(features)
            heads.append(self.network.project(TakeFrames(name="frames_of_sequence")([sequence, positions])))
        return TrainingModel([given, positions], heads if len(heads) > 1 else heads[0], name=phase.name)

    def _losses(self, phase: Phase) -> dict[str, Any]:
        if phase.name == "ctc":
            return {"loss": ctc_loss}
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)
        if phase.name == "frames":
            return {"loss": loss, "metrics": [frame_accuracy]}
        return {"loss": [loss, loss], "loss_weights": [0.3, 1.0], "metrics": [[frame_accuracy], [frame_accuracy]]}

    def _batches(self, phase: Phase) -> LineBatches:
        if phase.name == "ctc":
            encode = CTCEncoder(self.charset, self.first_layers)
        else:
            encode = FrameEncoder(self.charset, 1 + (phase.name == "joint"))
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

    def active_reader(self) -> keras.Model:
        """What reads best so far: the frame head until the LSTMs are trained, then the whole network."""
        phase = self.phases[min(self.phase, len(self.phases) - 1)]
        return self.frame_reader if phase.name == "frames" else self.reader

    def _state(self) -> dict[str, Any]:
        # Weights, not variables: those hold random seeds too, whose paths count up with every model of a process.
        state = {f"reader/{v.path}": v for v in self.reader.weights}
        state |= {f"head/{v.path}": v for v in self.frame_head.weights}
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
        config = {"num_classes": self.charset.num_classes, "lstm_units": self.network.lstm_units}
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


@keras.saving.register_keras_serializable(package="ctpn_crnn")
class TakeFrames(layers.Layer):
    """Picks frames of a sequence: (N, T, F) and positions (N, K) -> (N, K, F), so that only they are projected."""

    def call(self, inputs: Sequence[Any]) -> Any:
        sequence, positions = inputs
        return ops.take_along_axis(sequence, ops.cast(positions, "int32")[..., None], axis=1)

    def compute_output_shape(self, input_shape: Sequence[tuple]) -> tuple:
        (batch, _, features), (_, count) = input_shape
        return (batch, count, features)


def frame_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Share of the labelled frames whose arg-max is right."""
    known = ops.cast(ops.not_equal(y_true, IGNORED), "float32")
    right = ops.cast(ops.equal(ops.cast(y_true, "int32"), ops.cast(ops.argmax(y_pred, -1), "int32")), "float32")
    return ops.sum(right * known) / ops.maximum(ops.sum(known), 1.0)


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
