"""The device that computes: CPU or GPU, chosen before the first network is loaded.

Importing this module imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import require_keras


def use_device(name: str = "auto") -> None:
    """Choose the device for Keras, and let a GPU's memory be taken as it is needed instead of all at once.

    Args:
        name: "auto" (GPUs if the framework sees any, else the CPU), "cpu", "gpu" (all GPUs), "gpu:N" (the Nth GPU that
            the framework sees, counted from 0), or "cpu:N" (the CPU as N logical devices, to try a strategy with).

    Raises:
        ConfigError: The name is none of these, there is no such device, the framework has begun to compute, or none is
            installed.
    """
    match = re.fullmatch(r"auto|(cpu|gpu)(?::(\d+))?", name)
    if not match or name == "cpu:0":
        raise ConfigError(
            f"device {name!r}: give auto, cpu, gpu, gpu:N with N counted from 0, or cpu:N with N devices."
        )
    if match[1] == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # worker processes inherit it
    require_keras(f"device {name!r}")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # memory growth under JAX
    import keras

    choose = {"tensorflow": _use_tensorflow_device, "jax": _use_jax_device}.get(keras.backend.backend())
    if choose is not None:
        choose(name, int(match[2]) if match[2] else None)
    elif name not in ("auto", "cpu"):
        raise ConfigError(f"device {name!r}: with the {keras.backend.backend()} backend only auto and cpu are known.")


def hide_gpus() -> None:
    """Leave only the CPU to every framework, loaded or not, without loading one.

    Raises:
        ConfigError: TensorFlow already uses a GPU.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not hasattr(tensorflow, "config"):
        return
    try:
        tensorflow.config.set_visible_devices([], "GPU")
    except RuntimeError as error:
        if tensorflow.config.get_visible_devices("GPU"):
            raise ConfigError(
                "the CPU cannot be chosen any more: TensorFlow already uses a GPU; choose before anything is computed"
            ) from error


def _use_tensorflow_device(name: str, number: int | None) -> None:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    chosen = choose_gpus(name, number, gpus)
    try:
        tf.config.set_visible_devices(chosen, "GPU")
        for gpu in chosen:
            tf.config.experimental.set_memory_growth(gpu, True)
        if number is not None and not chosen:
            logical = [tf.config.LogicalDeviceConfiguration()] * number
            tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], logical)
    except RuntimeError as error:  # allowed only before the devices are first used
        raise ConfigError(f"device {name!r}: TensorFlow has begun to compute; choose the device before.") from error


def _use_jax_device(name: str, number: int | None) -> None:
    import jax

    if name.startswith("cpu"):
        if number is not None:
            raise ConfigError(f"device {name!r}: logical devices of the CPU are TensorFlow's; give cpu.")
        jax.config.update("jax_platforms", "cpu")
        return
    chosen = choose_gpus(name, number, [device for device in jax.devices() if device.platform == "gpu"])
    if number is not None:
        jax.config.update("jax_default_device", chosen[0])


def choose_gpus(name: str, number: int | None, gpus: list[Any]) -> list[Any]:
    """Select the GPUs that a device name means.

    Args:
        name: As for `use_device`.
        number: The N of "gpu:N" or "cpu:N", or None.
        gpus: Those that the framework sees.

    Returns:
        Some of `gpus`; none for "cpu", and for "auto" on a machine without GPUs.

    Raises:
        ConfigError: There is no such GPU.
    """
    if name.startswith("cpu"):
        return []
    if name != "auto" and not gpus:
        raise ConfigError(
            f"device {name!r}: no GPU can be used: there is none, its driver is missing, or the framework was "
            "installed without CUDA (pip install tensorflow[and-cuda]); choose the CPU, or leave the choice out."
        )
    if number is None:
        return gpus
    if number >= len(gpus):
        raise ConfigError(f"device {name!r}: there are {len(gpus)} GPUs: gpu:0 to gpu:{len(gpus) - 1}.")
    return [gpus[number]]
