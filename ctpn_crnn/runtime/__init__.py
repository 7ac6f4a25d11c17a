"""How a network is run: chosen once here, hidden from the rooms above.

    network = load_network("ctpn")
    scores, vertical, side = network.predict(images)

Importing this package imports neither TensorFlow nor Keras; loading a network does.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime.machine import has_bfloat16, has_bfloat16_matrices, has_int8_sums, may_have_gpu

if TYPE_CHECKING:
    import numpy as np

KINDS = ("ctpn", "crnn")
RUNTIMES = ("auto", "keras", "onnx")
_PRECISIONS = {"keras": ("float32", "bfloat16"), "onnx": ("float32", "int8")}
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
BACKENDS = ("tensorflow", "jax", "torch")
"""What Keras computes with."""


class Network(Protocol):
    """A loaded network.

    Attributes:
        config: What the weights file says about the network: its constructor's arguments.
        charset: The characters that a reader knows, one string; None for a detector.
    """

    config: dict[str, Any]
    charset: str | None

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network.

        Args:
            batch: (N, height, width, channels), 0..255, uint8 or float: RGB for "ctpn", both sides multiples of 16;
                grey for "crnn", height 32, width a multiple of 4.

        Returns:
            The outputs of the network, float32: three heads for "ctpn", one tensor of logits for "crnn".
        """
        ...


def load_network(
    kind: str, weights: str | Path | None = None, runtime: str = "auto", precision: str = "auto"
) -> Network:
    """Load a network.

    Args:
        kind: "ctpn" or "crnn".
        weights: A weights file, or an .onnx file made by `ctpn_crnn.export`; the shipped weights when None.
        runtime: "keras", "onnx", or "auto", see `choose_runtime`.
        precision: "float32", "bfloat16" (Keras only), "int8" (ONNX Runtime only: 8-bit integers),
            or "auto": of the latter two the runtime's own where the machine computes in it, else float32.

    Raises:
        ConfigError: An argument is not among those above, or the runtime is not installed or cannot do it.
        WeightsError: The weights are missing, damaged, or those of another network.
    """
    for name, value, allowed in (
        ("kind", kind, KINDS),
        ("runtime", runtime, RUNTIMES),
        ("precision", precision, PRECISIONS),
    ):
        if value not in allowed:
            raise ConfigError(f"{name} is {value!r}: give one of {', '.join(repr(a) for a in allowed)}.")
    chosen = choose_runtime(weights, precision) if runtime == "auto" else runtime
    _check_installed(chosen)
    if precision != "auto" and precision not in _PRECISIONS[chosen]:
        raise ConfigError(
            f"precision is {precision!r}, which runtime {chosen!r} has not: give one of "
            f"{', '.join(repr(known) for known in _PRECISIONS[chosen])}, or 'auto'."
        )
    if chosen == "keras":
        if _is_onnx(weights):
            raise ConfigError(f"{weights} is an ONNX model, which Keras cannot run: give runtime='onnx' or 'auto'.")
        from ctpn_crnn.runtime.keras_network import KerasNetwork

        return KerasNetwork(kind, weights, precision)
    if precision == "int8" and _is_onnx(weights):
        raise ConfigError(f"{weights} is an ONNX model, whose precision is its own: give precision='auto'.")
    from ctpn_crnn.runtime.onnx_network import OnnxNetwork

    return OnnxNetwork(kind, weights, precision)


def choose_runtime(weights: str | Path | None = None, precision: str = "auto") -> str:
    """Return "onnx" or "keras": the faster one of those that are installed and can do what is asked.

    Keras where TensorFlow may find a GPU, or the processor multiplies matrices in bfloat16 (AMX); else ONNX Runtime,
    which needs no import of TensorFlow: in 8-bit integers it takes less time than Keras in bfloat16 without AMX, in
    float32 a quarter of Keras' (docs/onnx.md). Where the processor has bfloat16 but no sums of 8-bit products, Keras.
    An .onnx file is ONNX Runtime's in any case, explicit int8 too, and explicit bfloat16 is Keras'.

    Raises:
        ConfigError: Neither is installed.
    """
    if _is_onnx(weights) or precision == "int8":
        return "onnx"
    if precision == "bfloat16":
        return "keras"
    onnx, keras = is_installed("onnx"), is_installed("keras")
    if not onnx and not keras:
        raise ConfigError(
            "neither TensorFlow with Keras nor ONNX Runtime is installed, one of which has to run the networks: "
            "pip install tensorflow, or pip install onnxruntime for reading alone."
        )
    if not onnx or (keras and (may_have_gpu() or (precision == "auto" and _prefers_bfloat16()))):
        return "keras"
    return "onnx"


def _prefers_bfloat16() -> bool:
    return has_bfloat16_matrices() or (has_bfloat16() and not has_int8_sums())


def is_installed(runtime: str) -> bool:
    """Whether a runtime can be imported. Does not import it."""
    if runtime == "onnx":
        return _exists("onnxruntime")
    return _has_keras(BACKENDS)


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


def _check_installed(runtime: str) -> None:
    if not is_installed(runtime):
        package, other = ("onnxruntime", "keras") if runtime == "onnx" else ("tensorflow", "onnx")
        raise ConfigError(
            f"runtime is {runtime!r}, but {package} is not installed: pip install {package}, or give runtime={other!r}."
        )


def _is_onnx(weights: str | Path | None) -> bool:
    return weights is not None and Path(weights).suffix.lower() == ".onnx"
