"""The convolutional recurrent network: convolutions, map-to-sequence, bidirectional LSTMs, projection."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from ctpn_crnn.crnn.spec import Convolution, CRNNSpec
from ctpn_crnn.errors import ConfigError


class CRNN:
    """The network of Shi, Bai and Yao, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition".

    Args:
        spec: Architecture.

    Example:
        >>> network = CRNN(CRNNSpec(num_classes=38))
        >>> net_out = network.inference(keras.Input((32, 160, 1)), name="crnn")
        >>> tuple(net_out.shape)
        (40, None, 38)

    Attributes:
        raw_pred: Arg-max classes of the last `inference`, (frames, N).
    """

    def __init__(self, spec: CRNNSpec) -> None:
        self.spec = spec
        self.raw_pred: Any = None
        self._scopes: dict[str, dict[str, keras.layers.Layer]] = {}
        self._layers: dict[str, keras.layers.Layer] = {}

    def inference(self, inputdata: Any, name: str, reuse: bool = False) -> Any:
        """Build the network on `inputdata`.

        Args:
            inputdata: Grey lines (N, 32, W, 1), 0..255, W a multiple of 4; a Keras input or an array.
            name: Scope of the weights.
            reuse: Take the weights of an earlier call with the same `name`, as `tf.variable_scope` does.

        Returns:
            `net_out`: logits, time-major (W / 4, N, num_classes), float32.

        Raises:
            ConfigError: `reuse` without an earlier call, or an earlier call of that name without `reuse`.
        """
        if reuse and name not in self._scopes:
            raise ConfigError(f"inference(name={name!r}, reuse=True): no network of that name was built before.")
        if not reuse and name in self._scopes:
            raise ConfigError(f"inference(name={name!r}) was called before: pass reuse=True to share its weights.")
        self._layers = self._scopes.setdefault(name, {})
        inputdata = self._layer(layers.Rescaling, "scale", scale=1 / 255.0)(inputdata)
        cnn_out = self._feature_sequence_extraction(inputdata, name="feature_extraction_module")
        sequence = self._map_to_sequence(cnn_out, name="map_to_sequence_module")
        net_out, self.raw_pred = self._sequence_label(sequence, name="sequence_rnn_module")
        return net_out

    def build_model(self, width: int | None = None) -> keras.Model:
        """Build the reader as a Keras model, batch-major: (N, 32, W, 1) in 0..255 -> logits (N, W / 4, num_classes)."""
        image = keras.Input((self.spec.input_height, width, 1), name="image")
        net_out = self.inference(image, name="crnn")
        return keras.Model(image, keras.ops.transpose(net_out, (1, 0, 2)), name="crnn")

    def _feature_sequence_extraction(self, inputdata: Any, name: str) -> Any:
        """Extract feature maps: (N, 32, W, 1) -> (N, 1, W / 4, 512)."""
        x = inputdata
        for number, convolution in enumerate(self.spec.convolutions, start=1):
            x = self._convolution(x, number, convolution)
            if convolution.pool != (1, 1):
                x = self._layer(layers.MaxPooling2D, f"pool{number}", pool_size=convolution.pool)(x)
        return x

    def _convolution(self, x: Any, number: int, convolution: Convolution) -> Any:
        """Apply a convolution, batch normalisation where it has one, and ReLU."""
        x = self._layer(
            layers.Conv2D,
            f"conv{number}",
            filters=convolution.filters,
            kernel_size=convolution.kernel,
            strides=convolution.strides,
            padding="same",
            use_bias=not convolution.normalised,
            kernel_initializer="he_normal",
        )(x)
        if convolution.normalised:
            x = self._layer(layers.BatchNormalization, f"bn{number}", momentum=0.95, epsilon=self.spec.epsilon)(x)
        return self._layer(layers.ReLU, f"relu{number}")(x)

    def _map_to_sequence(self, inputdata: Any, name: str) -> Any:
        """Take column t of the maps as the feature vector of frame t: (N, 1, W / 4, 512) -> (N, W / 4, 512)."""
        return self._layer(layers.Reshape, name, target_shape=(-1, inputdata.shape[-1]))(inputdata)

    def _sequence_label(self, inputdata: Any, name: str) -> tuple[Any, Any]:
        """Label frames: (N, T, 512) -> logits (T, N, num_classes), always float32, and their arg-max (T, N)."""
        sequence = inputdata
        for number in range(1, self.spec.lstm_layers + 1):
            lstm = layers.LSTM(self.spec.lstm_units, return_sequences=True, name="lstm")
            sequence = self._layer(layers.Bidirectional, f"bilstm{number}", layer=lstm)(sequence)
        logits = self._layer(layers.Dense, "projection", units=self.spec.num_classes)(sequence)
        logits = self._layer(layers.Activation, "logits", activation="linear", dtype="float32")(logits)
        net_out = keras.ops.transpose(logits, (1, 0, 2))
        return net_out, keras.ops.argmax(net_out, axis=-1)

    def _layer(self, kind: type[keras.layers.Layer], name: str, **arguments: Any) -> keras.layers.Layer:
        """Return the layer of this name in the present scope, and make it at its first use."""
        if name not in self._layers:
            self._layers[name] = kind(name=name, **arguments)
        return self._layers[name]
