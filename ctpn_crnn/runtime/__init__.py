"""How a network is run: chosen once here, hidden from the rooms above.

    network = load_network("ctpn")
    scores, vertical, side = network.predict(images)

Importing this package imports neither TensorFlow nor Keras; loading a network does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ctpn_crnn.errors import ConfigError

KINDS = ("ctpn", "crnn")
RUNTIMES = ("auto", "keras", "onnx")
PRECISIONS = ("auto", "float32", "bfloat16")


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
        weights: A weights file; the shipped one when None.
        runtime: "keras", or "auto", which is the same for now; "onnx" is not available yet.
        precision: "float32", "bfloat16", or "auto": bfloat16 where the machine computes in it, else float32.

    Raises:
        ConfigError: An argument is not among those above, or the runtime is not available.
        WeightsError: The weights are missing, damaged, or those of another network.
    """
    for name, value, allowed in (
        ("kind", kind, KINDS),
        ("runtime", runtime, RUNTIMES),
        ("precision", precision, PRECISIONS),
    ):
        if value not in allowed:
            raise ConfigError(f"{name} is {value!r}: give one of {', '.join(repr(a) for a in allowed)}.")
    if runtime == "onnx":
        raise ConfigError(
            "runtime is 'onnx', which this version does not have: give runtime='keras' or leave it at 'auto'."
        )
    from ctpn_crnn.runtime.keras_network import KerasNetwork

    return KerasNetwork(kind, weights, precision)
