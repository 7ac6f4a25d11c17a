"""Options that both training scripts share, and what they check before the framework is imported."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import require_keras
from ctpn_crnn.training.options import CHECKPOINT, OPTIMIZERS, PRECISIONS, TrainingOptions, require_tensorboard
from ctpn_crnn.training.strategies import STRATEGIES
from ctpn_crnn.weights import WeightsFile, read_weights

RESUME_HINT = "--resume goes on from the checkpoint in the output folder"


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the output folder, --init, --resume, --tensorboard and --smoke."""
    parser.add_argument("output", nargs="?", type=Path, metavar="OUTPUT", help="folder of checkpoint, log and weights")
    parser.add_argument("--init", metavar="WEIGHTS", help="start from the weights of an earlier run (.h5)")
    parser.add_argument(
        "--resume", action="store_true", help="go on exactly where the run in OUTPUT stopped, with the same options"
    )
    parser.add_argument("--tensorboard", action="store_true", help="write logs for TensorBoard to OUTPUT/tensorboard")
    parser.add_argument("--smoke", action="store_true", help="a run of about a minute that checks all parts")


def add_sources(data: argparse._ArgumentGroup) -> None:
    """Add --corpus, --fonts and --backgrounds, of which training images are rendered."""
    data.add_argument("--corpus", help="folder of UTF-8 .txt files (None: a few built-in sentences)")
    data.add_argument(
        "--fonts", nargs="+", action="extend", default=[], metavar="DIR", help="folders of fonts (none: the system's)"
    )
    data.add_argument("--backgrounds", metavar="DIR", help="folder of photographs without text (None: plain grounds)")


def add_training(parser: argparse.ArgumentParser, defaults: TrainingOptions) -> argparse._ArgumentGroup:
    """Add the options of `TrainingOptions`, --device and --strategy.

    Args:
        parser: Where to.
        defaults: Default of each option.

    Returns:
        The group of options, for further ones.
    """
    how = parser.add_argument_group("training")
    texts = {
        "steps": "optimizer steps of the whole run",
        "learning_rate": "its peak, after the warm-up; from there it falls along a cosine",
        "warmup_steps": "steps of linear rise, at most a quarter of all",
        "final_rate": "last learning rate, as a share of the peak",
        "optimizer": "sgd has a momentum of 0.9",
        "weight_decay": "decoupled, of kernels",
        "clip_norm": "largest norm of the gradient",
        "ema": "momentum of the running average of the weights, which is validated and saved; 0 for none",
        "seed": "of weights, data and sampling",
        "precision": "of the layers; auto chooses what the machine computes faster",
        "processes": "processes that make training batches; 0 for none",
        "checkpoint_steps": "steps between two checkpoints, and between two rows of the log",
        "validate_every": "checkpoints between two validations",
        "max_minutes": "stop after this time, with a checkpoint; 0 for no limit",
    }
    choices = {"optimizer": OPTIMIZERS, "precision": PRECISIONS}
    for name, text in texts.items():
        default = getattr(defaults, name)
        how.add_argument(
            f"--{name.replace('_', '-')}", type=type(default), default=default, choices=choices.get(name), help=text
        )
    how.add_argument("--device", default="auto", help="auto, cpu, gpu (all of them), gpu:N; cpu:N: N logical devices")
    how.add_argument("--strategy", choices=STRATEGIES, default="none", help="how several devices share each batch")
    return how


def training_options(arguments: argparse.Namespace) -> TrainingOptions:
    """Return the options that `add_training` added.

    Raises:
        ConfigError: One is out of its range.
    """
    names = [field.name for field in dataclasses.fields(TrainingOptions)]
    return TrainingOptions(**{name: getattr(arguments, name) for name in names})


def check_run(arguments: argparse.Namespace, kind: str) -> WeightsFile | None:
    """Find what is wrong with a run before the framework is imported, as far as that goes.

    Args:
        arguments: Of `add_run` and `add_training`.
        kind: "ctpn" or "crnn".

    Returns:
        The weights of --init; None without it, and for a run that is resumed.

    Raises:
        ConfigError: No output folder is named, it holds a run, options exclude each other, or a package is missing.
        WeightsError: --init is missing or damaged, or holds another network.
    """
    training_options(arguments)
    if arguments.output is None and not arguments.smoke:
        raise ConfigError("Name an output folder, or use --smoke.")
    if arguments.smoke and arguments.resume:
        raise ConfigError("--smoke resumes a run of its own: leave out --resume.")
    if arguments.output is not None and not arguments.resume and (arguments.output / CHECKPOINT).exists():
        raise ConfigError(f"{arguments.output} holds a run already: add --resume, or name another folder.")
    if arguments.strategy == "multiworker" and arguments.max_minutes:
        # A worker that stops by its own clock leaves the others waiting without end.
        raise ConfigError("--strategy multiworker: leave out --max-minutes.")
    if arguments.tensorboard:
        require_tensorboard()
    weights = read_weights(arguments.init, kind=kind) if arguments.init and not arguments.resume else None
    require_keras("training")
    return weights


def use_precision(options: TrainingOptions) -> None:
    """Set Keras' policy and random seeds for a run."""
    import keras

    from ctpn_crnn.runtime.keras_network import choose_precision

    precision = choose_precision() if options.precision == "auto" else options.precision
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    keras.utils.set_random_seed(options.seed)
