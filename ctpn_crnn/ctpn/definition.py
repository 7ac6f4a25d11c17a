"""The CTPN as the runtimes load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.runtime import NetworkDefinition
from ctpn_crnn.weights import WeightsFile

if TYPE_CHECKING:
    import keras

    from ctpn_crnn.runtime.onnx_layers import FloatLayers


def spec_of(file: WeightsFile) -> CTPNSpec:
    """Return the architecture that a weights file was trained in.

    Raises:
        WeightsError: Its configuration describes none.
    """
    try:
        return CTPNSpec.from_config(file.config)
    except (ConfigError, TypeError, ValueError) as error:
        raise WeightsError(f"the configuration in {file.path} describes no CTPN: {error}; train it again") from error


def _build_keras(file: WeightsFile) -> keras.Model:
    from ctpn_crnn.ctpn.network import CTPN  # here: it imports Keras

    return CTPN(spec_of(file)).build_model()


def _build_onnx(file: WeightsFile, layers: FloatLayers) -> None:
    from ctpn_crnn.ctpn.onnx_graph import add_ctpn  # here: it imports onnx

    add_ctpn(spec_of(file), file.arrays, layers)


CTPN_DEFINITION = NetworkDefinition("ctpn", _build_keras, _build_onnx)
