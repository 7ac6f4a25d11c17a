"""The Keras model that is exported."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.export.definitions import DEFINITIONS
from ctpn_crnn.export.proposal import Proposal
from ctpn_crnn.runtime.keras_network import KerasNetwork
from ctpn_crnn.weights import WeightsFile

OUTPUT_NAMES = {
    "ctpn": ("scores", "vertical", "side"),
    "crnn": ("logits",),
    "proposals": ("strips", "sides"),
}


def load_model(file: WeightsFile) -> keras.Model:
    """Load the network of a weights file in float32, without layers that exist on a GPU alone.

    Raises:
        ConfigError: Keras runs on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ConfigError("exporting needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow.")
    model = KerasNetwork(DEFINITIONS[file.kind], file.path, "float32").model
    # cuDNN's LSTM, which Keras takes where a GPU is visible, has no counterpart in ONNX.
    for layer in model.layers:
        if isinstance(layer, keras.layers.Bidirectional):
            layer.forward_layer.use_cudnn = layer.backward_layer.use_cudnn = False
    return model


def with_proposals(model: keras.Model, spec: CTPNSpec) -> keras.Model:
    """Add `export.proposal.Proposal` to a detector: image in, `(strips, sides)` out."""
    decoded = Proposal(spec.heights)(model.outputs)
    return keras.Model(model.inputs, decoded, name="ctpn_proposals")


def serving(model: keras.Model, names: tuple[str, ...]) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """Return a function from "image", float32 of any batch and size, to the outputs by name."""
    signature = tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32, name="image")

    @tf.function(input_signature=[signature])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = model(image, training=False)
        outputs = outputs if isinstance(outputs, (list, tuple)) else (outputs,)
        return dict(zip(names, outputs, strict=True))

    return serve
