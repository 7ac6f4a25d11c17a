"""The convolutional recurrent network: convolutions, map-to-sequence, two bidirectional LSTMs, projection."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from ctpn_crnn.crnn.spec import INPUT_HEIGHT
from ctpn_crnn.errors import ConfigError

# Filters of convolutions 1 to 6 and the pool after each, (height, width); convolution 7 is 2x2 with stride (2, 1).
_CONVOLUTIONS: tuple[tuple[int, tuple[int, int] | None], ...] = (
    (64, (2, 2)),
    (128, (2, 2)),
    (256, None),
    (256, (2, 1)),
    (512, None),
    (512, (2, 1)),
)
_NORMALISED = (5, 6)
CONVOLUTIONS = len(_CONVOLUTIONS) + 1


class CRNN:
    """The network of Shi, Bai and Yao, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition".

    Args:
        num_classes: outputs a frame: the characters of the charset and the CTC blank (class 0).
        lstm_units: units of each direction of the two bidirectional LSTMs.
        convolution, bidirectional: layer classes in place of Keras' own, with the same weights.

    Example:
        >>> network = CRNN(num_classes=38)
        >>> net_out = network.inference(keras.Input((32, 160, 1)), name="crnn")
        >>> tuple(net_out.shape)
        (40, None, 38)
    """

    def __init__(
        self,
        num_classes: int,
        lstm_units: int = 256,
        convolution: type[layers.Conv2D] = layers.Conv2D,
        bidirectional: type[layers.Bidirectional] = layers.Bidirectional,
    ) -> None:
        if num_classes < 2:
            raise ConfigError(f"num_classes is {num_classes}: a reader needs at least one character and the blank.")
        self.num_classes = num_classes
        self.lstm_units = lstm_units
        self._convolution_layer, self._bidirectional_layer = convolution, bidirectional
        self.raw_pred: Any = None
        self._scopes: dict[str, dict[str, keras.layers.Layer]] = {}
        self._layers: dict[str, keras.layers.Layer] = {}

    def inference(self, inputdata: Any, name: str, reuse: bool = False) -> Any:
        """Builds the network on `inputdata`.

        Args:
            inputdata: grey lines (N, 32, W, 1), 0..255, W a multiple of 4; a Keras input or an array.
            name: the scope of the weights.
            reuse: take the weights of an earlier call with the same `name`, as `tf.variable_scope` does.

        Returns:
            `net_out`: logits, time-major (W / 4, N, num_classes), float32. `self.raw_pred` holds the arg-max classes
            of the same frames, (W / 4, N).

        Raises:
            ConfigError: `reuse` without an earlier call, or an earlier call of that name without `reuse`.
        """
        self._enter(name, reuse)
        features = self._feature_sequence_extraction(self._centred(inputdata), name="feature_extraction_module")
        sequence = self._map_to_sequence(features, name="map_to_sequence_module")
        logits, self.raw_pred = self._sequence_label(sequence, name="sequence_rnn_module")
        return logits

    def build_model(self, width: int | None = None) -> keras.Model:
        """The reader as a Keras model, batch-major: (N, 32, W, 1) in 0..255 -> logits (N, W / 4, num_classes)."""
        image = keras.Input((INPUT_HEIGHT, width, 1), name="image")
        net_out = self.inference(image, name="crnn")
        return keras.Model(image, keras.ops.transpose(net_out, (1, 0, 2)), name="crnn")

    def features(self, inputdata: Any, name: str = "crnn", reuse: bool = False, kept: int = 0) -> Any:
        """The feature sequence before the LSTMs, (N, W / 4, 512): what a head for frame labels stands on.

        Args:
            inputdata: lines, as `inference` takes them; with `kept`, what that layer gives of them.
            name, reuse: as `inference`.
            kept: how many of the convolutions `inputdata` has been through already, see `layer_behind`.
        """
        self._enter(name, reuse)
        if kept == CONVOLUTIONS:
            return inputdata
        x = inputdata if kept else self._centred(inputdata)
        features = self._feature_sequence_extraction(x, name="feature_extraction_module", kept=kept)
        return self._map_to_sequence(features, name="map_to_sequence_module")

    @staticmethod
    def layer_behind(number: int) -> str:
        """Name of the layer whose output is what so many convolutions, 1 to 7, give: the pool after them, if any."""
        if number == CONVOLUTIONS:
            return "map_to_sequence_module"
        return f"pool{number}" if _CONVOLUTIONS[number - 1][1] else f"relu{number}"

    def _feature_sequence_extraction(self, inputdata: Any, name: str, kept: int = 0) -> Any:
        """(N, 32, W, 1) -> (N, 1, W / 4, 512)."""
        x = inputdata
        for number, (filters, pool) in enumerate(_CONVOLUTIONS[kept:], start=kept + 1):
            x = self._convolution(x, number, filters, kernel=3, strides=1)
            if pool:
                # Pools 3 and 4 leave the width alone: narrow letters such as "i" and "l" keep a frame of their own.
                x = self._layer(layers.MaxPooling2D, f"pool{number}", pool_size=pool, strides=pool)(x)
        return self._convolution(x, CONVOLUTIONS, 512, kernel=2, strides=(2, 1))

    def _convolution(self, x: Any, number: int, filters: int, kernel: int, strides: int | tuple[int, int]) -> Any:
        normalised = number in _NORMALISED
        x = self._layer(
            self._convolution_layer,
            f"conv{number}",
            filters=filters,
            kernel_size=kernel,
            strides=strides,
            padding="same",
            use_bias=not normalised,
            kernel_initializer="he_normal",
        )(x)
        if normalised:
            x = self._layer(layers.BatchNormalization, f"bn{number}", momentum=0.95, epsilon=1e-3)(x)
        return self._layer(layers.ReLU, f"relu{number}")(x)

    def _map_to_sequence(self, inputdata: Any, name: str) -> Any:
        """(N, 1, W / 4, 512) -> (N, W / 4, 512): column t of the maps is the feature vector of frame t."""
        return self._layer(layers.Reshape, name, target_shape=(-1, inputdata.shape[-1]))(inputdata)

    def _sequence_label(self, inputdata: Any, name: str) -> tuple[Any, Any]:
        """(N, T, 512) -> logits (T, N, num_classes) and their arg-max (T, N)."""
        logits = self.project(self.recurrent(inputdata))
        net_out = keras.ops.transpose(logits, (1, 0, 2))
        return net_out, keras.ops.argmax(net_out, axis=-1)

    def recurrent(self, sequence: Any) -> Any:
        """The two bidirectional LSTMs: (N, T, 512) -> (N, T, 2 * lstm_units)."""
        for number in (1, 2):
            if f"bilstm{number}" not in self._layers:
                # Created here, not by _layer, since the wrapper takes the LSTM as an argument.
                lstm = layers.LSTM(self.lstm_units, return_sequences=True, name="lstm")
                self._layers[f"bilstm{number}"] = self._bidirectional_layer(lstm, name=f"bilstm{number}")
            sequence = self._layers[f"bilstm{number}"](sequence)
        return sequence

    def project(self, sequence: Any) -> Any:
        """Logits of each frame, float32 whatever the precision of the layers: (N, T, F) -> (N, T, num_classes)."""
        logits = self._layer(layers.Dense, "projection", units=self.num_classes)(sequence)
        return self._layer(layers.Activation, "logits", activation="linear", dtype="float32")(logits)

    def _centred(self, inputdata: Any) -> Any:
        return self._layer(layers.Rescaling, "scale", scale=1 / 255.0)(inputdata)

    def _enter(self, name: str, reuse: bool) -> None:
        if reuse and name not in self._scopes:
            raise ConfigError(f"inference(name={name!r}, reuse=True): no network of that name was built before.")
        if not reuse and name in self._scopes:
            raise ConfigError(f"inference(name={name!r}) was called before: pass reuse=True to share its weights.")
        self._layers = self._scopes.setdefault(name, {})

    def _layer(self, kind: type[keras.layers.Layer], name: str, **arguments: Any) -> keras.layers.Layer:
        if name not in self._layers:
            self._layers[name] = kind(name=name, **arguments)
        return self._layers[name]
