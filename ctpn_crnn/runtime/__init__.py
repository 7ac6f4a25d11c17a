"""Runs a network by Keras or by ONNX Runtime; which of the two is chosen here and hidden from the rooms above.

Importing this package imports neither TensorFlow nor Keras; loading a network does, where Keras runs it.

Example:
    >>> network = load_network(CTPN_DEFINITION)  # doctest: +SKIP
    >>> scores, vertical, side = network.predict(images)  # doctest: +SKIP
"""

from __future__ import annotations

from ctpn_crnn.runtime.choice import PRECISIONS, RUNTIMES, choose_runtime, is_installed, require_keras
from ctpn_crnn.runtime.network import Network, NetworkDefinition, load_network

__all__ = [
    "PRECISIONS",
    "RUNTIMES",
    "Network",
    "NetworkDefinition",
    "choose_runtime",
    "is_installed",
    "load_network",
    "require_keras",
]
