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
    from ctpn_crnn.training.strategies import use_device  # here: it brings the framework, which `use_cpu` does without

    use_device("gpu")
