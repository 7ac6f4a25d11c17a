"""The checkpoint of a training: one file with everything that decides how the run goes on."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import written_aside
from ctpn_crnn.training.optimizers import steps_taken, sync_state
from ctpn_crnn.training.options import CHECKPOINT
from ctpn_crnn.training.strategies import is_chief

_SETTINGS = "settings"


def save_checkpoint(model: keras.Model, folder: Path, settings: Mapping[str, Any]) -> None:
    """Write weights, state of the sampling, optimizer with its running average and step, and settings.

    The file is replaced at once: a kill in between leaves the earlier checkpoint whole. Of several workers only the
    first one writes.

    Args:
        model: A compiled training model.
        folder: Folder of the run.
        settings: What must be the same when the run is resumed, in JSON types.

    Raises:
        OutputError: The file cannot be written.
    """
    if not is_chief():
        return
    sync_state(model)
    arrays = {name: keras.ops.convert_to_numpy(variable) for name, variable in _state(model).items()}
    arrays[_SETTINGS] = np.array(json.dumps(settings))
    with written_aside(folder / CHECKPOINT) as aside, aside.open("wb") as file:
        np.savez(file, **arrays)


def load_checkpoint(model: keras.Model, folder: Path, settings: Mapping[str, Any]) -> int:
    """Put a compiled training model back to where `save_checkpoint` left it.

    Args:
        model: Built and compiled as the one that was saved.
        folder: Folder of the run.
        settings: Settings of now.

    Returns:
        Steps that had been taken.

    Raises:
        WeightsError: The file is missing or damaged, or belongs to another network.
        ConfigError: The run was begun with other settings.
    """
    path = folder / CHECKPOINT
    try:
        # Opened here, since NumPy leaves a damaged file open.
        with path.open("rb") as opened, np.load(opened) as file:
            arrays = {name: file[name] for name in file.files}
        saved = json.loads(str(arrays.pop(_SETTINGS)))
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no checkpoint to resume from; train without --resume.") from error
    except Exception as error:
        raise WeightsError(f"{path} is not a readable checkpoint ({error}); train without --resume.") from error
    _compare_settings(path, saved, json.loads(json.dumps(settings)))
    state = _state(model)
    if set(state) != set(arrays):
        odd = ", ".join(sorted(set(state) ^ set(arrays))[:3])
        raise WeightsError(f"{path} belongs to another network or optimizer: only one of the two has {odd}.")
    for name, variable in state.items():
        if tuple(variable.shape) != arrays[name].shape:
            raise WeightsError(f"{path}: {name} has shape {arrays[name].shape}, the network {tuple(variable.shape)}.")
    for name, variable in state.items():
        variable.assign(arrays[name])
    return steps_taken(model.optimizer)


def _compare_settings(path: Path, saved: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    changed = [key for key in {**saved, **now} if saved.get(key) != now.get(key)]
    if changed:
        differences = ", ".join(
            f"{key} was {reprlib.repr(saved.get(key))}, is {reprlib.repr(now.get(key))}" for key in sorted(changed)
        )
        raise ConfigError(f"{path}: a run is resumed with the options that it began with: {differences}.")


def _state(model: keras.Model) -> dict[str, Any]:
    """Return every variable that decides how a training goes on.

    The keys are place and name: the paths of random seeds count up with every model that a process builds.
    """
    groups = {"model": model.variables, "optimizer": model.optimizer.variables}
    return {f"{group}/{i}/{v.name}": v for group, variables in groups.items() for i, v in enumerate(variables)}
