"""Which runtime computes the networks: what is installed, and what is the fastest on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime.machine import INT8_PAIR_FLAG, has_bfloat16_matrices, int8_flag, may_have_gpu

RUNTIMES = ("auto", "keras", "onnx")
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
PRECISIONS_OF = {"keras": ("float32", "bfloat16"), "onnx": ("float32", "int8")}
"""What each runtime can compute in."""

BACKENDS = ("tensorflow", "jax", "torch")
"""What Keras computes with."""


def choose_runtime(weights: str | Path | None = None, precision: str = "auto") -> str:
    """Return "onnx" or "keras": the faster one of those that are installed and can do what is asked.

    Keras where TensorFlow may find a GPU, or the processor multiplies matrices in bfloat16 (AMX); else ONNX Runtime,
    which needs no import of TensorFlow: in 8-bit integers it takes less time than Keras in bfloat16 without AMX, in
    float32 less than half of Keras' (docs/onnx.md). An .onnx file is always run by ONNX Runtime, as is int8 where it is
    asked for; bfloat16 is always run by Keras.

    Raises:
        ConfigError: Neither is installed.
    """
    if is_onnx(weights) or precision == "int8":
        return "onnx"
    if precision == "bfloat16":
        return "keras"
    onnx, keras = is_installed("onnx"), is_installed("keras")
    if not onnx and not keras:
        raise ConfigError(
            "neither TensorFlow with Keras nor ONNX Runtime is installed, one of which has to run the networks: "
            "pip install tensorflow, or pip install onnxruntime onnx for reading alone."
        )
    if not onnx or (keras and (may_have_gpu() or (precision == "auto" and has_bfloat16_matrices()))):
        return "keras"
    return "onnx"


def explain_choice() -> str:
    """Say in a few words why `choose_runtime` chooses as it does where nothing is asked for."""
    if not (is_installed("onnx") and is_installed("keras")):
        return "the only one installed"
    if may_have_gpu():
        return "there may be a GPU"
    if has_bfloat16_matrices():
        return "the processor multiplies bfloat16 matrices (AMX)"
    return "neither a GPU nor AMX is seen"


def explain_onnx_precision() -> str:
    """Say in a few words in which precision ONNX Runtime computes where none is asked for, and why."""
    flag = int8_flag()
    if flag is None:
        return "float32: the processor is not known to be faster in 8-bit integers"
    bits = "7-bit kernels" if flag == INT8_PAIR_FLAG else "8-bit kernels"
    return f"int8 with {bits}, since the processor has {flag}; float32 for weights without ranges"


def is_onnx(weights: str | Path | None) -> bool:
    """Tell whether the weights are an .onnx file, by its name."""
    return weights is not None and Path(weights).suffix.lower() == ".onnx"


def is_installed(runtime: str) -> bool:
    """Tell whether a runtime, "keras" or "onnx", can be imported. Does not import it."""
    if runtime == "onnx":
        return _exists("onnxruntime") and _exists("onnx")
    return _has_keras(BACKENDS)


def require_runtime(runtime: str) -> None:
    """Check, without importing it, that a runtime is installed.

    Raises:
        ConfigError: It is not.
    """
    if not is_installed(runtime):
        package, other = ("onnxruntime onnx", "keras") if runtime == "onnx" else ("tensorflow", "onnx")
        raise ConfigError(
            f"runtime is {runtime!r}, but it is not installed: pip install {package}, or give runtime={other!r}."
        )


def require_keras(what: str, backends: Sequence[str] = BACKENDS) -> None:
    """Check, without importing them, that Keras and one of its backends are installed.

    Args:
        what: What needs them, the beginning of the message.
        backends: Those that will do.

    Raises:
        ConfigError: They are not.
    """
    if not _has_keras(backends):
        raise ConfigError(f"{what} needs TensorFlow with Keras, which is not installed: pip install tensorflow.")


def _has_keras(backends: Sequence[str]) -> bool:
    return _exists("keras") and any(_exists(backend) for backend in backends)


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # an import hook refuses it; or a stub without a spec stands in its place
        return False
