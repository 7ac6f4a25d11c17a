"""Training of the CTPN by `compile` and `fit`: the training model, its optimizer, checkpoints, and the log."""

from __future__ import annotations

import csv
import json
import math
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from ctpn_crnn.ctpn.anchor_target import AnchorTarget
from ctpn_crnn.ctpn.anchors import STRIP_COLUMNS
from ctpn_crnn.ctpn.losses import CTPNLoss
from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.errors import ConfigError, CtpnCrnnError, WeightsError
from ctpn_crnn.files import written_aside
from ctpn_crnn.training.distributed import SGD, AdamW, TrainingModel
from ctpn_crnn.training.strategies import is_chief, shared_input

LOSSES = ("loss", "score_loss", "vertical_loss", "side_loss")
COLUMNS = ("step", "learning_rate", "images_per_s", "waiting", *LOSSES, *(f"val_{name}" for name in LOSSES))
"""Columns of log.csv."""


class TrainingError(CtpnCrnnError, RuntimeError):
    """Training went astray; the message says where and what to try."""


@dataclass(frozen=True)
class TrainingOptions:
    """How the network is trained; whatever is here belongs to a run and may not change when it is resumed.

    Attributes:
        steps: optimizer steps of the whole run.
        batch_size: crops a step.
        optimizer: "adamw" or "sgd" (momentum 0.9).
        learning_rate: at the end of the warm-up; from there it falls to 1 % along a cosine.
        warmup_steps: steps of linear rise from 0.
        weight_decay: decoupled weight decay of all kernels.
        clip_norm: greatest norm of the whole gradient.
        freeze_blocks: VGG blocks that keep their weights, counted from the first (paper: the first two convolutions).
        samples: anchors sampled of each crop (paper: 128).
        negative: IoU below which an anchor is negative (paper: 0.5).
        hard: share of the negatives that are the hardest ones (paper: 0).
        balanced: whether text and formulas have equal parts of the positives (paper: knows no formulas).
        seed: of crops, sampling and initial weights.
    """

    steps: int = 2000
    batch_size: int = 4
    optimizer: str = "adamw"
    learning_rate: float = 3e-4
    warmup_steps: int = 100
    weight_decay: float = 1e-4
    clip_norm: float = 5.0
    freeze_blocks: int = 2
    samples: int = 256
    negative: float = 0.5
    hard: float = 0.5
    balanced: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        allowed: Mapping[str, bool] = {
            "steps (1 or more)": self.steps >= 1,
            "batch_size (1 or more)": self.batch_size >= 1,
            "optimizer ('adamw' or 'sgd')": self.optimizer in ("adamw", "sgd"),
            "learning_rate (above 0)": self.learning_rate > 0,
            "warmup_steps (0 or more)": self.warmup_steps >= 0,
            "weight_decay (0 or more)": self.weight_decay >= 0,
            "clip_norm (above 0)": self.clip_norm > 0,
            f"freeze_blocks (0 to {len(CTPNSpec().blocks)})": 0 <= self.freeze_blocks <= len(CTPNSpec().blocks),
            "samples (2 or more)": self.samples >= 2,
            "hard (0 to 1)": 0 <= self.hard <= 1,
        }
        for name, good in allowed.items():
            if not good:
                raise ConfigError(f"training option {name}: got {getattr(self, name.split()[0])!r}.")


class BatchStream(Protocol):
    """What the training reads: a `keras.utils.PyDataset` of ((images, strips),), and what it knows about itself."""

    batch_size: int
    waited: float

    def __len__(self) -> int: ...


def freeze_blocks(model: keras.Model, blocks: int) -> None:
    """Keep the weights of the first `blocks` VGG blocks as they are; no gradient is computed for or through them.

    Blocks that the model does not have, as it begins behind them, are none of its concern.
    """
    for layer in model.layers:
        block = re.fullmatch(r"block(\d)_conv\d", layer.name)
        if block:
            layer.trainable = int(block[1]) > blocks


def build_training_model(network: CTPN, model: keras.Model, options: TrainingOptions) -> keras.Model:
    """Join a CTPN model with its targets and its loss, compiled for `fit`.

    Args:
        network: the network that built `model`.
        model: image, or features of its first blocks, -> (scores, vertical, side); the returned model shares its
            layers.
        options: see `TrainingOptions`.

    Returns:
        A model of [image (N, H, W, 3), strips (N, M, 7)] whose loss and metrics come from `CTPNLoss`.
    """
    freeze_blocks(model, options.freeze_blocks)
    target = AnchorTarget(
        network.spec.heights,
        options.samples,
        negative=options.negative,
        hard=options.hard,
        balanced=options.balanced,
        seed=options.seed,
        name="anchor_target",
    )
    training_model = with_loss(model, target, "ctpn_training")
    # XLA compiles convolutions poorly on a CPU; JAX has nothing else.
    jit = "auto" if keras.backend.backend() == "jax" else False
    training_model.compile(optimizer=build_optimizer(options), jit_compile=jit)
    return training_model


def with_loss(model: keras.Model, target: AnchorTarget, name: str) -> TrainingModel:
    """A model with the outputs (scores, vertical, side) -> one of [its input, strips (N, M, 7)] with their loss."""
    strips = keras.Input((None, STRIP_COLUMNS), name="strips")
    loss = CTPNLoss(name="ctpn_loss")([*model.outputs, *target([model.outputs[0], strips])])
    return TrainingModel([model.inputs[0], strips], loss, name=name)


def build_optimizer(options: TrainingOptions) -> keras.optimizers.Optimizer:
    """AdamW, or SGD with momentum, with warm-up, cosine decay and clipping of the gradient's norm."""
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if options.warmup_steps else options.learning_rate,
        decay_steps=max(options.steps - options.warmup_steps, 1),
        alpha=0.01,
        warmup_target=options.learning_rate if options.warmup_steps else None,
        warmup_steps=options.warmup_steps,
    )
    common = {"weight_decay": options.weight_decay or None, "global_clipnorm": options.clip_norm}
    if options.optimizer == "sgd":
        optimizer = SGD(schedule, momentum=0.9, **common)
    else:
        optimizer = AdamW(schedule, **common)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def save_checkpoint(model: keras.Model, path: Path, options: TrainingOptions) -> None:
    """Write everything that the run needs to go on: weights, sampling state, optimizer, options. Atomic.

    Of several workers only the first one writes.

    Raises:
        OutputError: the file cannot be written; the one before it is left as it was.
    """
    if not is_chief():
        return
    if keras.backend.backend() == "jax":
        model.jax_state_sync()  # `fit` keeps the state to itself between epochs there.
    arrays = {name: keras.ops.convert_to_numpy(v) for name, v in _state(model).items()}
    arrays["options"] = np.array(json.dumps(asdict(options)))
    with written_aside(path) as aside, aside.open("wb") as file:
        np.savez(file, **arrays)


def load_checkpoint(model: keras.Model, path: Path, options: TrainingOptions) -> int:
    """Put a training model back to where `save_checkpoint` left it.

    Returns:
        Steps that had been taken.

    Raises:
        WeightsError: the file is missing or damaged, or holds another network.
        ConfigError: the run that wrote it had other options.
    """
    try:
        # Opened here, as NumPy leaves a damaged file open.
        with path.open("rb") as opened, np.load(opened) as file:
            arrays = {name: file[name] for name in file.files}
        written = json.loads(str(arrays.pop("options")))
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no checkpoint to resume from; train without resuming.") from error
    except Exception as error:
        raise WeightsError(f"{path}: this is no readable checkpoint ({error}); train without resuming.") from error
    now = {k: v for k, v in asdict(options).items() if k != "steps"}  # A run may be made longer or shorter.
    changed = {k: (written.get(k), v) for k, v in now.items() if written.get(k) != v}
    if changed:
        told = ", ".join(f"{k} was {old}, is {new}" for k, (old, new) in changed.items())
        raise ConfigError(f"{path}: a run goes on with the options it began with: {told}.")
    state = _state(model)
    if set(state) != set(arrays):
        odd = sorted(set(state) ^ set(arrays))[:3]
        raise WeightsError(f"{path}: the checkpoint is of another network or optimizer: {', '.join(odd)} ...")
    for name, variable in state.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise WeightsError(f"{path}: {name} has shape {arrays[name].shape}, the network {tuple(variable.shape)}.")
        variable.assign(arrays[name])
    return steps_taken(model)


def steps_taken(model: keras.Model) -> int:
    """Optimizer steps that a training model has taken since the very beginning."""
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


def _state(model: keras.Model) -> dict[str, Any]:
    """Every variable that decides how a training goes on: weights, state of the sampling, optimizer.

    Named by place and own name: the paths of random seeds count up with every model that a process builds.
    """
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    groups = {"model": model.variables, "optimizer": model.optimizer.variables}
    return {f"{group}/{i}/{v.name}": v for group, variables in groups.items() for i, v in enumerate(variables)}


class Watch(keras.callbacks.Callback):
    """Checkpoints, log and progress of a run; stops it at its end, at a time limit, or when the loss is no number.

    Args:
        options: of the run.
        folder: where checkpoint.npz and log.csv go.
        batches: the stream that is trained on.
        checkpoint_steps: steps between two checkpoints.
        max_seconds: stop (with a checkpoint) after this time; 0 = never.
        on_checkpoint: called after each checkpoint with the number of steps taken.
    """

    def __init__(
        self,
        options: TrainingOptions,
        folder: Path,
        batches: BatchStream,
        checkpoint_steps: int = 200,
        max_seconds: float = 0.0,
        on_checkpoint: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self.options = options
        self.folder = folder
        self.batches = batches
        self.checkpoint_steps = checkpoint_steps
        self.max_seconds = max_seconds
        self.on_checkpoint = on_checkpoint
        self.progress = Progress(options.steps)
        self.step = 0
        self.history: list[dict[str, float]] = []

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint."""
        return self.folder / "checkpoint.npz"

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.step = steps_taken(self.model)
        self._begin = time.monotonic()
        self._forget_rows_after(self.step)
        # Now, so that a run that is interrupted early, or goes wrong at once, has a checkpoint too.
        save_checkpoint(self.model, self.checkpoint, self.options)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch_begin = time.monotonic()
        self._waited = self.batches.waited
        self._epoch_step = self.step

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.step += 1
        step, loss = self.step, (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise TrainingError(
                f"step {step}: the loss is {loss}. {self.checkpoint} is from before; start again from there with a "
                "lower learning rate (--init instead of --resume), or look for a damaged sample."
            )
        self.progress.show(step, {**(logs or {}), **self._speed(step)})
        if step % self.checkpoint_steps == 0:
            self._save(step)
        late = self.max_seconds and time.monotonic() - self._begin > self.max_seconds
        if step >= self.options.steps or late:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        step = self.step
        row = {"step": step, "learning_rate": float(self.model.optimizer.learning_rate), **self._speed(step)}
        row.update({k: float(v) for k, v in (logs or {}).items()})
        if not all(math.isfinite(v) for v in row.values()):
            raise TrainingError(f"step {step}: a loss is no number: {row}. The last checkpoint is from before.")
        self.history.append(row)
        self._write(row)
        self.progress.line(step, row)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._save(self.step)
        self.progress.close()

    def _save(self, step: int) -> None:
        save_checkpoint(self.model, self.checkpoint, self.options)
        if self.on_checkpoint is not None and is_chief():
            self.on_checkpoint(step)

    def _speed(self, step: int) -> dict[str, float]:
        """Images a second since the epoch began, and the share of that time spent waiting for data."""
        seconds = max(time.monotonic() - self._epoch_begin, 1e-6)
        images = (step - self._epoch_step) * self.options.batch_size
        return {"images_per_s": images / seconds, "waiting": min((self.batches.waited - self._waited) / seconds, 1.0)}

    def _write(self, row: Mapping[str, float]) -> None:
        if not is_chief():
            return
        path = self.folder / "log.csv"
        fresh = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
            if fresh:
                writer.writeheader()
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})

    def _forget_rows_after(self, step: int) -> None:
        """Drop what a killed run wrote after its last checkpoint: those steps are taken again."""
        path = self.folder / "log.csv"
        if path.exists() and is_chief():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
            with written_aside(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(rows)


class Progress:
    """A bar on a terminal, and a line after each epoch; without a terminal the lines only.

    Args:
        steps: steps of the whole run.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.live = sys.stderr.isatty()

    def show(self, step: int, logs: Mapping[str, float]) -> None:
        """Redraw the bar."""
        if self.live:
            filled = 20 * step // max(self.steps, 1)
            print(f"\r[{'=' * filled:20}] {self._text(step, logs)}\x1b[K", end="", file=sys.stderr, flush=True)

    def line(self, step: int, logs: Mapping[str, float]) -> None:
        """Write a lasting line."""
        print(("\r\x1b[K" if self.live else "") + self._text(step, logs), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the line of the bar."""
        if self.live:
            print(file=sys.stderr)

    def _text(self, step: int, logs: Mapping[str, float]) -> str:
        shown = [f"{k.removesuffix('_loss')} {logs[k]:.3f}" for k in LOSSES if k in logs]
        checked = [f"{k.removesuffix('_loss')} {v:.3f}" for k, v in logs.items() if k.startswith("val_")]
        speed = f"{logs.get('images_per_s', 0.0):.2f} images/s, {100 * logs.get('waiting', 0.0):.0f} % waiting"
        return f"{step}/{self.steps}  " + "  ".join([*shown, *checked, speed])


def train(
    model: keras.Model,
    batches: keras.utils.PyDataset,
    watch: Watch,
    *,
    epoch_steps: int = 50,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    validation_epochs: int = 4,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> list[dict[str, float]]:
    """Run `fit` from the model's present step to the last one.

    Args:
        model: from `build_training_model`, perhaps after `load_checkpoint`.
        batches: the stream, beginning at the model's present step.
        watch: looks after the run.
        epoch_steps: steps between two rows of the log.
        validation: (images, strips) held out, or None.
        validation_epochs: epochs between two looks at the validation set.
        callbacks: further callbacks (TensorBoard).

    Returns:
        The rows of the log, oldest first.

    Raises:
        TrainingError: the loss became infinite or no number.
    """
    options = watch.options
    done = steps_taken(model)
    if done >= options.steps:
        return []
    first = done // epoch_steps
    epochs = -(-(options.steps - done) // epoch_steps)
    try:
        model.fit(
            shared_input(batches, options.batch_size),
            shuffle=False,  # The stream is random already, and its order is what makes a run repeatable.
            steps_per_epoch=epoch_steps,
            initial_epoch=first,
            epochs=first + epochs,  # `Watch` ends the last one at the last step.
            validation_data=None if validation is None else (validation,),
            validation_batch_size=options.batch_size,
            validation_freq=validation_epochs,
            verbose=0,
            callbacks=[watch, *callbacks],
        )
    except KeyboardInterrupt:
        # A step is whole or not taken at all, so this is a state like any other.
        save_checkpoint(model, watch.checkpoint, options)
        raise
    return watch.history
