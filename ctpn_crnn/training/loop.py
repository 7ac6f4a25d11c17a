"""The training loop of both networks."""

from __future__ import annotations

import dataclasses
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras

from ctpn_crnn.training.batches import BatchMaker, TrainingBatches
from ctpn_crnn.training.checkpoint import load_checkpoint, save_checkpoint
from ctpn_crnn.training.distributed import synchronize_batch_statistics
from ctpn_crnn.training.monitor import COLUMNS, LOG, TrainingLog, TrainingMonitor, TrainingProgress
from ctpn_crnn.training.optimizers import build_optimizer, steps_taken
from ctpn_crnn.training.options import TrainingOptions, require_tensorboard
from ctpn_crnn.training.strategies import is_chief, shared_input


class Stage(NamedTuple):
    """A part of a run with a loss of its own.

    Attributes:
        name: Shown beside the progress.
        end: Step at which it ends, counted from the beginning of the run.
        loss: Loss that `compile` takes; None where the model adds its own.
        maker: Makes its batches.
    """

    name: str
    end: int
    loss: Callable[[Any, Any], Any] | None
    maker: BatchMaker


class TrainingTask(ABC):
    """A network with its training data: what differs between the trainings of the two networks.

    Attributes:
        kind: "ctpn" or "crnn".
        model: What `fit` trains; shares its layers with the network that is saved.
        columns: Columns that the task adds to the log: metrics of the model and results of `validate`.
        settings: Options of the task that must stay the same when a run is resumed, in JSON types.
        description: What the network is trained on, in JSON types; stored with the weights.
    """

    kind: str
    model: keras.Model
    columns: tuple[str, ...]
    settings: Mapping[str, Any]
    description: Mapping[str, Any]

    @abstractmethod
    def stages(self, steps: int) -> list[Stage]:
        """Return the parts of a run of so many steps; the last one ends with the run."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Score the network, with the weights that it has, on data that it is not trained on."""

    @abstractmethod
    def save_weights(self, path: Path, info: dict[str, Any]) -> None:
        """Write the weights of the network, as they are, with information on the run."""


class Trainer:
    """A run: trains a network from its present step to the last one.

    Args:
        task: The network and its data.
        options: How it is trained.
        output: Folder of checkpoint, log and weights.
        tensorboard: Whether to write logs for TensorBoard into `output`/tensorboard.

    Attributes:
        history: Rows of the log that this process has written, oldest first.

    Raises:
        ConfigError: TensorBoard is not installed.
    """

    def __init__(
        self, task: TrainingTask, options: TrainingOptions, output: str | Path, tensorboard: bool = False
    ) -> None:
        if tensorboard:
            require_tensorboard()
        self.task, self.options, self.output, self.tensorboard = task, options, Path(output), tensorboard
        self.settings = {**options.fixed(), **task.settings}
        self.history: list[dict[str, float]] = []
        self._deadline: float | None = None
        synchronize_batch_statistics(task.model)
        self._compile(build_optimizer(options, task.model), task.stages(options.steps)[0])

    @property
    def weights(self) -> Path:
        """The weights file of the run."""
        return self.output / f"{self.task.kind}.h5"

    def resume(self) -> int:
        """Go on from the checkpoint in the output folder; returns its step.

        Raises:
            WeightsError: It is missing or damaged, or belongs to another network.
            ConfigError: The run was begun with other options.
        """
        return load_checkpoint(self.task.model, self.output, self.settings)

    def run(self) -> list[dict[str, float]]:
        """Train; write a checkpoint every `checkpoint_steps`, and the weights at each validation and at the end.

        Returns:
            `history`.

        Raises:
            TrainingError: The loss became infinite or NaN.
            CtpnCrnnError: Training data cannot be made.
        """
        self.output.mkdir(parents=True, exist_ok=True)
        if self.options.max_minutes:
            self._deadline = time.monotonic() + 60 * self.options.max_minutes
        try:
            for stage in self.task.stages(self.options.steps):
                late = self.history and self.is_late()
                if steps_taken(self.task.model.optimizer) < stage.end and not late:
                    self._run_stage(stage)
        except KeyboardInterrupt:
            # A step is taken as a whole or not at all, so this is a state like any other.
            save_checkpoint(self.task.model, self.output, self.settings)
            raise
        return self.history

    def is_late(self) -> bool:
        """Return whether the time limit has passed."""
        return self._deadline is not None and time.monotonic() > self._deadline

    def save_weights(self, last: Mapping[str, float]) -> None:
        """Write the weights of the network as they are; of several workers only the first one does.

        Args:
            last: Row of the log to store with them.
        """
        if is_chief():
            info = {"steps": last["step"], "options": dataclasses.asdict(self.options)}
            info |= {"data": dict(self.task.description), "last": dict(last)}
            self.task.save_weights(self.weights, info)

    def _compile(self, optimizer: keras.optimizers.Optimizer, stage: Stage) -> None:
        # XLA has no CTC and compiles convolutions poorly on a CPU; JAX has nothing else.
        jit = "auto" if keras.backend.backend() == "jax" else False
        self.task.model.compile(optimizer=optimizer, loss=stage.loss, jit_compile=jit)

    def _run_stage(self, stage: Stage) -> None:
        model, interval = self.task.model, self.options.checkpoint_steps
        self._compile(model.optimizer, stage)
        done = steps_taken(model.optimizer)
        # Some batches more than are needed, since the monitor ends the last epoch within it.
        batches = TrainingBatches(stage.maker, done, stage.end - done + interval, self.options.processes)
        first = -(-done // interval)
        callbacks = self._callbacks(stage, batches)
        try:
            model.fit(
                shared_input(batches.as_input(), stage.maker.smallest),
                shuffle=False,
                steps_per_epoch=interval,
                initial_epoch=first,
                epochs=first - (done - stage.end) // interval,
                verbose=0,
                callbacks=callbacks,
            )
        except Exception as error:
            if batches.error is not None:
                raise batches.error from error
            raise
        finally:
            batches.close()
            for callback in callbacks:
                if isinstance(callback, (TrainingLog, TrainingProgress)):
                    callback.on_train_end()  # closes what an interrupted `fit` leaves open

    def _callbacks(self, stage: Stage, batches: TrainingBatches) -> list[keras.callbacks.Callback]:
        monitor = TrainingMonitor(self, batches, stage.end)
        callbacks = [monitor, TrainingProgress(self.options.steps, stage.name, monitor)]
        if is_chief():
            callbacks.append(TrainingLog(self.output / LOG, [*COLUMNS, *self.task.columns]))
            if self.tensorboard:
                callbacks.append(keras.callbacks.TensorBoard(str(self.output / "tensorboard"), update_freq="epoch"))
        return callbacks
