"""Which device the networks run on; to be chosen before the first one is loaded."""

from __future__ import annotations

import os
import sys

from ctpn_crnn.errors import ConfigError


def use_cpu() -> None:
    """Hide GPUs from the frameworks, without loading one.

    Raises:
        ConfigError: TensorFlow has already taken hold of a GPU.
    """
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not hasattr(tensorflow, "config"):
        return
    try:
        tensorflow.config.set_visible_devices([], "GPU")
    except RuntimeError as error:
        if tensorflow.config.get_visible_devices("GPU"):
            raise ConfigError("TensorFlow already uses a GPU; choose the device before anything is run") from error


def use_gpu() -> None:
    """Check that the framework sees a GPU, and let it take the memory it needs, not all of it.

    Raises:
        ConfigError: There is no GPU that can be used.
    """
    import keras

    if keras.backend.backend() == "jax":
        import jax

        found = any(device.platform == "gpu" for device in jax.devices())
    else:
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)
        found = bool(gpus)
    if not found:
        raise ConfigError(
            "gpu: no GPU can be used: there is none, its driver is missing, or the framework was installed without "
            "CUDA (pip install tensorflow[and-cuda]); leave --gpu out to run on the CPU"
        )
