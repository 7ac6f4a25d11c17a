"""Options of a training that both networks have in common."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from ctpn_crnn.errors import ConfigError, CtpnCrnnError

CHECKPOINT = "checkpoint.npz"
"""Name of the checkpoint in the folder of a run."""

OPTIMIZERS = ("adamw", "sgd")
PRECISIONS = ("auto", "float32", "bfloat16")


class TrainingError(CtpnCrnnError, RuntimeError):
    """A training failed; the message says at which step and what to try."""


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained.

    Attributes:
        steps: Optimizer steps of the whole run.
        learning_rate: Its peak, reached after the warm-up.
        warmup_steps: Steps in which the learning rate rises from 0; at most a quarter of `steps` is used.
        final_rate: Learning rate of the last step, as a share of the peak; the way there is a cosine.
        optimizer: "adamw" or "sgd" (momentum 0.9).
        weight_decay: Decoupled weight decay of kernels; biases and batch normalisation have none.
        clip_norm: Largest norm of the gradient of all weights together.
        ema: Momentum of the running average of the weights, which is validated and saved; 0 for no average.
        seed: Seed of the initial weights, the training data and the sampling of anchors.
        precision: "float32", "bfloat16", or "auto" for what the machine computes faster.
        processes: Processes that make training batches ahead; 0 makes them in the training process.
        checkpoint_steps: Steps between two checkpoints; each also adds a row to the log.
        validate_every: Checkpoints between two validations.
        max_minutes: Minutes after which the run stops with a checkpoint; 0 for no limit.

    Raises:
        ConfigError: An option is out of its range.
    """

    steps: int = 2000
    learning_rate: float = 3e-4
    warmup_steps: int = 100
    final_rate: float = 0.01
    optimizer: str = "adamw"
    weight_decay: float = 1e-4
    clip_norm: float = 5.0
    ema: float = 0.99
    seed: int = 0
    precision: str = "auto"
    processes: int = 1
    checkpoint_steps: int = 100
    validate_every: int = 5
    max_minutes: float = 0.0

    def __post_init__(self) -> None:
        allowed: Mapping[str, bool] = {
            "steps (1 or more)": self.steps >= 1,
            "learning_rate (above 0)": 0.0 < self.learning_rate < float("inf"),
            "warmup_steps (0 or more)": self.warmup_steps >= 0,
            "final_rate (0 to 1)": 0.0 <= self.final_rate <= 1.0,
            "optimizer (adamw or sgd)": self.optimizer in OPTIMIZERS,
            "weight_decay (0 or more)": self.weight_decay >= 0,
            "clip_norm (above 0)": self.clip_norm > 0,
            "ema (0 or more, below 1)": 0.0 <= self.ema < 1.0,
            "precision (auto, float32 or bfloat16)": self.precision in PRECISIONS,
            "processes (0 or more)": self.processes >= 0,
            "checkpoint_steps (1 or more)": self.checkpoint_steps >= 1,
            "validate_every (1 or more)": self.validate_every >= 1,
            "max_minutes (0 or more)": self.max_minutes >= 0,
        }
        check_options(self, allowed)

    def fixed(self) -> dict[str, Any]:
        """Options that must stay the same when a run is resumed, by name.

        The others decide when a run stops, what it reports, how fast it is, and how it rounds.
        """
        free = {"steps", "precision", "processes", "checkpoint_steps", "validate_every", "max_minutes"}
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in free}


def check_options(options: Any, allowed: Mapping[str, bool]) -> None:
    """Refuse options that are out of their range.

    Args:
        options: Holds the values as attributes.
        allowed: "name (range)" of each option, and whether its value lies in the range.

    Raises:
        ConfigError: A value does not.
    """
    for name, good in allowed.items():
        if not good:
            option, limits = name.split(maxsplit=1)
            raise ConfigError(f"training option {option}: {getattr(options, option)!r} is out of range, give {limits}.")


def require_tensorboard() -> None:
    """Refuse to write logs for TensorBoard where it is not installed.

    Raises:
        ConfigError: It is not.
    """
    with contextlib.suppress(ValueError):
        if find_spec("tensorboard") is not None:
            return
    raise ConfigError("--tensorboard needs the package tensorboard: pip install tensorboard, or leave out the option.")
