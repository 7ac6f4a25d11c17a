"""The CTPN network: VGG16 to conv5_3, a 3x3 window, a BiLSTM along every row, and three heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ctpn_crnn.ctpn.spec import IMAGE_MEAN, IMAGE_STD, CTPNSpec
from ctpn_crnn.errors import ConfigError


@keras.saving.register_keras_serializable("ctpn_crnn")
class ImageNetPreprocessing(keras.layers.Layer):
    """Normalises RGB 0..255 as the ImageNet VGG16 of torchvision expects it: `(x / 255 - mean) / std`.

    Call shape: `(batch, height, width, 3)` -> the same shape, in float32 under any dtype policy: bfloat16 cannot tell
    neighbouring values of bright pixels apart.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> Any:
        scale = 1.0 / (255.0 * np.asarray(IMAGE_STD, np.float32))
        shift = np.asarray(IMAGE_MEAN, np.float32) / np.asarray(IMAGE_STD, np.float32)
        return ops.cast(inputs, "float32") * scale - shift

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape)


@keras.saving.register_keras_serializable("ctpn_crnn")
class RowsToBatch(keras.layers.Layer):
    """Makes each row of a feature map a sample of its own: `(batch, rows, cols, c)` -> `(batch * rows, cols, c)`."""

    def call(self, inputs: Any) -> Any:
        shape = ops.shape(inputs)
        return ops.reshape(inputs, (-1, shape[2], inputs.shape[-1]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, rows, cols, channels = input_shape
        return (None if batch is None or rows is None else batch * rows, cols, channels)


@keras.saving.register_keras_serializable("ctpn_crnn")
class BatchToRows(keras.layers.Layer):
    """Puts rows back together: `[(batch * rows, cols, c), (batch, rows, cols, any)]` -> `(batch, rows, cols, c)`.

    Of the second input only the shape is used.
    """

    def call(self, inputs: Sequence[Any]) -> Any:
        folded, like = inputs
        shape = ops.shape(like)
        return ops.reshape(folded, (-1, shape[1], shape[2], folded.shape[-1]))

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        folded, like = input_shape
        return (*like[:3], folded[-1])


@keras.saving.register_keras_serializable("ctpn_crnn")
class SplitAnchors(keras.layers.Layer):
    """Gives the anchors an axis of their own, in float32.

    Call shape: `(batch, rows, cols, k * values)` -> `(batch, rows, cols, k, values)`.

    Args:
        anchors: Anchors of a position, k.
    """

    def __init__(self, anchors: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.anchors = anchors

    def call(self, inputs: Any) -> Any:
        shape = ops.shape(inputs)
        values = inputs.shape[-1] // self.anchors
        return ops.reshape(inputs, (-1, shape[1], shape[2], self.anchors, values))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:3], self.anchors, input_shape[-1] // self.anchors)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "anchors": self.anchors}


class CTPN:
    """Connectionist Text Proposal Network (Tian et al., ECCV 2016, arXiv 1609.03605).

    Args:
        spec: Architecture.

    Example:
        >>> model = CTPN().build_model()
        >>> scores, vertical, side = model(np.zeros((1, 64, 96, 3), "float32"))
        >>> scores.shape
        TensorShape([1, 4, 6, 10, 3])
    """

    def __init__(self, spec: CTPNSpec = CTPNSpec()) -> None:
        self.spec = spec
        self._scopes: dict[str, dict[str, keras.layers.Layer]] = {}
        self._scope = ""

    def inference(self, inputdata: Any, name: str, reuse: bool = False) -> tuple[Any, Any, Any]:
        """Build the network on `inputdata`.

        Args:
            inputdata: RGB images 0..255, (batch, height, width, 3), float, both sides multiples of 16.
            name: Scope of the weights. Layers of another scope than "ctpn" have names that begin with it.
            reuse: Take the weights of an earlier call with the same `name`, as `tf.variable_scope` does.

        Returns:
            Three float32 tensors, (batch, height / 16, width / 16, k, ..): logits (.., classes), vertical coordinates
            (.., 2) = v_c, v_h (equation 2 of the paper), side-refinement (.., 1) = o (equation 4).

        Raises:
            ConfigError: `reuse` without an earlier call, or an earlier call of that name without `reuse`.
        """
        if reuse != (name in self._scopes):
            problem = "has not been built yet: call it once with reuse=False" if reuse else "exists: pass reuse=True"
            raise ConfigError(f"CTPN.inference(name={name!r}, reuse={reuse}): the scope {problem}.")
        self._scopes.setdefault(name, {})
        self._scope = name
        features = self._feature_extraction(inputdata)
        sequence = self._row_sequence(features)
        return self._heads(sequence)

    def build_model(self, input_shape: tuple[int | None, int | None, int] = (None, None, 3)) -> keras.Model:
        """Build the detector as a Keras model: image (N, height, width, 3) in 0..255 -> scores, vertical, side.

        Args:
            input_shape: (height, width, 3); None where the size may vary.
        """
        image = keras.Input(input_shape, name="image")
        outputs = self.inference(image, name="ctpn", reuse="ctpn" in self._scopes)
        return keras.Model(image, outputs, name="ctpn")

    def _layer(self, kind: type[keras.layers.Layer], *args: Any, name: str, **kwargs: Any) -> keras.layers.Layer:
        """Return the layer of this name in the present scope, and make it at its first use."""
        layers = self._scopes[self._scope]
        if name not in layers:
            full_name = name if self._scope == "ctpn" else f"{self._scope}_{name}"
            layers[name] = kind(*args, name=full_name, **kwargs)
        return layers[name]

    def _feature_extraction(self, inputdata: Any) -> Any:
        """Apply VGG16 to conv5_3: (batch, height, width, 3) -> (batch, height/16, width/16, 512)."""
        x = self._layer(ImageNetPreprocessing, name="preprocessing")(inputdata)
        for number, block in enumerate(self.spec.blocks, start=1):
            for index in range(1, block.convolutions + 1):
                x = self._convolution(x, block.filters, name=f"block{number}_conv{index}")
            if block.pool > 1:
                x = self._layer(keras.layers.MaxPooling2D, block.pool, name=f"block{number}_pool")(x)
        return x

    def _row_sequence(self, features: Any) -> Any:
        """Apply the window, the BiLSTM along each row, and the FC layer: (batch, rows, cols, 512) -> the same shape."""
        window = self._convolution(features, self.spec.window_filters, name="window")
        rows = self._layer(RowsToBatch, name="rows_to_batch")(window)
        lstm = keras.layers.LSTM(self.spec.lstm_units, return_sequences=True, name="lstm")
        rows = self._layer(keras.layers.Bidirectional, lstm, name="bilstm")(rows)
        rows = self._layer(keras.layers.Dense, self.spec.fc_units, activation="relu", name="fc")(rows)
        return self._layer(BatchToRows, name="batch_to_rows")([rows, window])

    def _heads(self, sequence: Any) -> tuple[Any, Any, Any]:
        """Compute scores, vertical coordinates and side-refinement in float32."""
        k = len(self.spec.heights)
        return tuple(
            self._layer(SplitAnchors, k, name=name)(
                self._layer(
                    keras.layers.Dense,
                    k * values,
                    # Small, so that the first steps see even scores and boxes that are the anchors themselves.
                    kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
                    dtype="float32",
                    name=f"{name}_head",
                )(sequence)
            )
            for name, values in (("scores", len(self.spec.classes)), ("vertical", 2), ("side", 1))
        )

    def _convolution(self, x: Any, filters: int, name: str) -> Any:
        """Apply a convolution with ReLU that keeps the size."""
        kernel = self.spec.kernel
        layer = self._layer(keras.layers.Conv2D, filters, kernel, padding="same", activation="relu", name=name)
        return layer(x)
