"""A network: its definition, which a room of its own hands over, and its loading by Keras or ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime.choice import (
    PRECISIONS,
    PRECISIONS_OF,
    RUNTIMES,
    choose_runtime,
    is_onnx,
    require_runtime,
)

if TYPE_CHECKING:
    import keras
    import numpy as np

    from ctpn_crnn.runtime.onnx_layers import FloatLayers
    from ctpn_crnn.weights import WeightsFile


@dataclass(frozen=True)
class NetworkDefinition:
    """How a network is built from a weights file.

    Attributes:
        kind: Name of the network, which stands in weights files and .onnx files: "ctpn" or "crnn".
        build_keras: Returns the Keras model, without its weights.
        build_onnx: Adds the network, weights included, to the graph of the layers; its input is named "image".
    """

    kind: str
    build_keras: Callable[[WeightsFile], keras.Model]
    build_onnx: Callable[[WeightsFile, FloatLayers], None]


class ReloadedNetwork:
    """How a network that was loaded from a file is copied and sent to another process.

    It is never changed once it is loaded: copies are the network itself. A pickle holds the path of its file instead of
    its weights, and the file is loaded again where it is unpickled. Its arguments are those of the subclass.
    """

    def __init__(self, definition: NetworkDefinition, weights: str | Path | None, *options: Any) -> None:
        # Absolute: another process may run in another folder. None stays, as the package may lie elsewhere there.
        self._origin = (definition, None if weights is None else Path(weights).absolute(), *options)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._origin

    def __copy__(self) -> ReloadedNetwork:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ReloadedNetwork:
        return self


class Network(Protocol):
    """A loaded network.

    Attributes:
        config: The configuration of the weights file: the architecture, and what was measured of the weights.
        charset: The characters that a reader knows, one string; None for a detector.
    """

    config: dict[str, Any]
    charset: str | None

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network.

        Args:
            batch: (N, height, width, channels), 0..255, uint8 or float: RGB for a CTPN, both sides multiples of its
                stride; grey for a CRNN, of its input height, the width a multiple of its frame width.

        Returns:
            The outputs of the network, float32: three heads of a CTPN, one tensor of logits of a CRNN.
        """
        ...


def load_network(
    definition: NetworkDefinition,
    weights: str | Path | None = None,
    runtime: str = "auto",
    precision: str = "auto",
) -> Network:
    """Load a network.

    Args:
        definition: Of the network.
        weights: A weights file, or an .onnx file made by `ctpn_crnn.export`; the shipped weights when None.
        runtime: "keras", "onnx", or "auto", see `choose_runtime`.
        precision: "float32", "bfloat16" (Keras only), "int8" (ONNX Runtime only: 8-bit integers),
            or "auto": bfloat16 for Keras and int8 for ONNX Runtime where the machine is fast in it, else float32.

    Raises:
        ConfigError: An argument is not among those above, or the runtime is not installed or cannot do it.
        WeightsError: The weights are missing, damaged, or those of another network.
    """
    for name, value, allowed in (("runtime", runtime, RUNTIMES), ("precision", precision, PRECISIONS)):
        if value not in allowed:
            raise ConfigError(f"{name} is {value!r}: give one of {', '.join(repr(a) for a in allowed)}.")
    chosen = choose_runtime(weights, precision) if runtime == "auto" else runtime
    require_runtime(chosen)
    if precision != "auto" and precision not in PRECISIONS_OF[chosen]:
        raise ConfigError(
            f"precision is {precision!r}, which runtime {chosen!r} has not: give one of "
            f"{', '.join(repr(known) for known in PRECISIONS_OF[chosen])}, or 'auto'."
        )
    if chosen == "keras":
        if is_onnx(weights):
            raise ConfigError(f"{weights} is an ONNX model, which Keras cannot run: give runtime='onnx' or 'auto'.")
        from ctpn_crnn.runtime.keras_network import KerasNetwork

        return KerasNetwork(definition, weights, precision)
    if precision == "int8" and is_onnx(weights):
        raise ConfigError(f"{weights} is an ONNX model, whose precision is its own: give precision='auto'.")
    from ctpn_crnn.runtime.onnx_network import OnnxNetwork

    return OnnxNetwork(definition, weights, precision)
