"""The CRNN as the runtimes load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.runtime import NetworkDefinition
from ctpn_crnn.weights import WeightsFile

if TYPE_CHECKING:
    import keras

    from ctpn_crnn.runtime.onnx_layers import FloatLayers


def spec_of(file: WeightsFile) -> CRNNSpec:
    """Return the architecture that a weights file was trained in.

    Raises:
        WeightsError: Its configuration describes none.
    """
    try:
        return CRNNSpec.from_config({"num_classes": len(file.charset or "") + 1, **file.config})
    except (ConfigError, TypeError, ValueError) as error:
        raise WeightsError(f"the configuration in {file.path} describes no CRNN: {error}; train it again") from error


def _build_keras(file: WeightsFile) -> keras.Model:
    from ctpn_crnn.crnn.network import CRNN  # here: it imports Keras

    return CRNN(spec_of(file)).build_model()


def _build_onnx(file: WeightsFile, layers: FloatLayers) -> None:
    from ctpn_crnn.crnn.onnx_graph import add_crnn  # here: it imports onnx

    add_crnn(spec_of(file), file.arrays, layers)


CRNN_DEFINITION = NetworkDefinition("crnn", _build_keras, _build_onnx)
