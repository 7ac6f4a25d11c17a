"""The CTPN network: VGG16 to conv5_3, a 3x3 window, a BiLSTM along every row, and three heads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, CLASSES, IMAGE_MEAN, IMAGE_STD
from ctpn_crnn.errors import ConfigError, WeightsError

VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""(convolutions, channels) of the five blocks of VGG16; all but the last end in a 2x2 max-pool."""


@keras.saving.register_keras_serializable("ctpn_crnn")
class ImageNetPreprocessing(keras.layers.Layer):
    """RGB 0..255 to the numbers that the ImageNet VGG16 of torchvision expects: `(x / 255 - mean) / std`.

    Call shape: `(batch, height, width, 3)` -> the same, float32 (also where the policy computes in bfloat16, which
    cannot hold the steps of a bright pixel).
    """

    MEAN, STD = IMAGE_MEAN, IMAGE_STD

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> Any:
        scale = 1.0 / (255.0 * np.asarray(self.STD, np.float32))
        shift = np.asarray(self.MEAN, np.float32) / np.asarray(self.STD, np.float32)
        return ops.cast(inputs, "float32") * scale - shift

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(input_shape)


@keras.saving.register_keras_serializable("ctpn_crnn")
class RowsToBatch(keras.layers.Layer):
    """Fold the rows of a feature map into the batch: `(batch, rows, cols, c)` -> `(batch * rows, cols, c)`."""

    def call(self, inputs: Any) -> Any:
        shape = ops.shape(inputs)
        return ops.reshape(inputs, (-1, shape[2], inputs.shape[-1]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        batch, rows, cols, channels = input_shape
        return (None if batch is None or rows is None else batch * rows, cols, channels)


@keras.saving.register_keras_serializable("ctpn_crnn")
class BatchToRows(keras.layers.Layer):
    """Undo `RowsToBatch`: `[(batch * rows, cols, c), (batch, rows, cols, any)]` -> `(batch, rows, cols, c)`.

    The second input only lends its shape.
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
    """Give each anchor its own axis: `(batch, rows, cols, k * values)` -> `(batch, rows, cols, k, values)`, float32.

    Args:
        anchors: k, anchors a position.
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
        classes: names of the classes that an anchor is told apart into; the first is the background.
        heights: heights in pixels of the k anchors of a position.
        convolution, bidirectional: layer classes in place of Keras' own, with the same weights.

    Example:
        >>> model = CTPN().build_model()
        >>> scores, vertical, side = model(np.zeros((1, 64, 96, 3), "float32"))
        >>> scores.shape
        TensorShape([1, 4, 6, 10, 3])

    Raises:
        ConfigError: fewer than two classes, or heights that are not positive.
    """

    def __init__(
        self,
        classes: Sequence[str] = CLASSES,
        heights: Sequence[float] = ANCHOR_HEIGHTS,
        convolution: type[keras.layers.Conv2D] = keras.layers.Conv2D,
        bidirectional: type[keras.layers.Bidirectional] = keras.layers.Bidirectional,
    ) -> None:
        if len(classes) < 2:
            raise ConfigError(f"CTPN(classes={tuple(classes)}): give the background and at least one kind of text.")
        if not len(heights) or min(heights) <= 0:
            raise ConfigError(f"CTPN(heights={tuple(heights)}): give at least one height, all of them above 0.")
        self.classes = tuple(classes)
        self.heights = tuple(float(h) for h in heights)
        self._convolution_layer, self._bidirectional_layer = convolution, bidirectional
        self._scopes: dict[str, dict[str, keras.layers.Layer]] = {}
        self._scope = ""

    def get_config(self) -> dict[str, Any]:
        """What `CTPN(**config)` needs to build this network again; stored beside the weights."""
        return {"classes": list(self.classes), "heights": list(self.heights)}

    def inference(self, inputdata: Any, name: str, reuse: bool = False) -> tuple[Any, Any, Any]:
        """Build the network on a Keras tensor.

        Args:
            inputdata: float RGB image 0..255, (batch, height, width, 3), height and width multiples of 16.
            name: scope of the layers. Layers of the scope "ctpn" have their plain names, those of another scope
                "<name>_..." .
            reuse: take the layers (and so the weights) that an earlier call made in this scope.

        Returns:
            Three float32 tensors over (batch, height/16, width/16, k): scores (.., classes) as logits, vertical
            coordinates (.., 2) = v_c, v_h (equation 2 of the paper), side-refinement (.., 1) = o (equation 4).

        Raises:
            ConfigError: `reuse` of a scope that does not exist, or a scope made twice without it.
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
        """The network as a model named "ctpn": image in, (scores, vertical, side) out.

        Args:
            input_shape: (height, width, 3); None where the size may vary.
        """
        image = keras.Input(input_shape, name="image")
        outputs = self.inference(image, name="ctpn", reuse="ctpn" in self._scopes)
        return keras.Model(image, outputs, name="ctpn")

    def _layer(self, kind: type[keras.layers.Layer], *args: Any, name: str, **kwargs: Any) -> keras.layers.Layer:
        """The scope's layer of this name, made at its first use."""
        layers = self._scopes[self._scope]
        if name not in layers:
            full_name = name if self._scope == "ctpn" else f"{self._scope}_{name}"
            layers[name] = kind(*args, name=full_name, **kwargs)
        return layers[name]

    def _feature_extraction(self, inputdata: Any) -> Any:
        """VGG16 to conv5_3: (batch, height, width, 3) -> (batch, height/16, width/16, 512)."""
        x = self._layer(ImageNetPreprocessing, name="preprocessing")(inputdata)
        for block, (convolutions, channels) in enumerate(VGG16_BLOCKS, start=1):
            for index in range(1, convolutions + 1):
                name = f"block{block}_conv{index}"
                x = self._layer(self._convolution_layer, channels, 3, padding="same", activation="relu", name=name)(x)
            if block < len(VGG16_BLOCKS):
                x = self._layer(keras.layers.MaxPooling2D, 2, name=f"block{block}_pool")(x)
        return x

    def _row_sequence(self, features: Any) -> Any:
        """Window, BiLSTM along each row, FC: (batch, rows, cols, 512) -> the same shape."""
        convolution = self._layer(self._convolution_layer, 512, 3, padding="same", activation="relu", name="window")
        window = convolution(features)
        rows = self._layer(RowsToBatch, name="rows_to_batch")(window)
        lstm = keras.layers.LSTM(128, return_sequences=True, name="lstm")
        rows = self._layer(self._bidirectional_layer, lstm, name="bilstm")(rows)
        rows = self._layer(keras.layers.Dense, 512, activation="relu", name="fc")(rows)
        return self._layer(BatchToRows, name="batch_to_rows")([rows, window])

    def _heads(self, sequence: Any) -> tuple[Any, Any, Any]:
        """Scores, vertical coordinates and side-refinement, computed in float32."""
        k = len(self.heights)
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
            for name, values in (("scores", len(self.classes)), ("vertical", 2), ("side", 1))
        )


def vgg16_layer_names() -> list[str]:
    """Names of the 13 convolutions, block1_conv1 to block5_conv3."""
    return [f"block{b}_conv{i}" for b, (n, _) in enumerate(VGG16_BLOCKS, start=1) for i in range(1, n + 1)]


def even_out_vgg16(model: keras.Model, images: np.ndarray) -> None:
    """Rescale the VGG16 part of a CTPN model so that every convolution's output has a root mean square of 1.

    The sizes of ImageNet's activations differ tenfold between layers, while an adaptive optimizer's step has one size
    for all weights. ReLU and pooling commute with a positive factor, so each convolution can be divided by its
    output's size and the next one multiplied by it: the features stay the same but for one factor.

    Args:
        model: as `CTPN.build_model` gives it.
        images: RGB crops (N, H, W, 3), 0..255, such as the network will see.
    """
    names = vgg16_layer_names()
    probe = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])
    outputs = probe(ops.convert_to_tensor(images, "float32"), training=False)
    sizes = [max(float(np.sqrt(np.mean(np.square(ops.convert_to_numpy(x))))), 1e-6) for x in outputs]
    for name, before, size in zip(names, [1.0, *sizes], sizes):
        layer = model.get_layer(name)
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * (before / size), bias / size])


def load_vgg16(model: keras.Model, path: str | Path | None = None) -> None:
    """Put ImageNet weights into the VGG16 part of a CTPN model.

    Args:
        model: a model whose layers have the names of `vgg16_layer_names`.
        path: .npz with the arrays `blockB_convC/kernel` (HWIO) and `blockB_convC/bias`, trained with the preprocessing
            of `ImageNetPreprocessing`. None: take those of `keras.applications.VGG16` (downloaded by Keras), whose
            preprocessing (BGR, no division by the deviation) is folded into the first convolution.

    Raises:
        WeightsError: the file is missing or no .npz, or an array is missing or has another shape.
    """
    arrays = _keras_vgg16() if path is None else _read_npz(Path(path))
    for name in vgg16_layer_names():
        try:
            wanted = [arrays[f"{name}/kernel"], arrays[f"{name}/bias"]]
        except KeyError as error:
            raise WeightsError(
                f"{path}: the array {error} is missing; the file must hold blockB_convC/kernel and blockB_convC/bias."
            ) from error
        layer = model.get_layer(name)
        shapes = [tuple(w.shape) for w in wanted], [tuple(w.shape) for w in layer.weights]
        if shapes[0] != shapes[1]:
            raise WeightsError(f"{path}: {name} has arrays of shape {shapes[0]}, the network needs {shapes[1]}.")
        layer.set_weights([np.asarray(w, np.float32) for w in wanted])


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no such file; give the .npz of the ImageNet VGG16.") from error
    except (OSError, ValueError, EOFError, AttributeError) as error:
        raise WeightsError(f"{path}: this is not a readable .npz file ({error}).") from error


def _keras_vgg16() -> dict[str, np.ndarray]:
    """The caffe-style VGG16 of Keras, with its preprocessing traded for that of `ImageNetPreprocessing`."""
    source = keras.applications.VGG16(include_top=False, weights="imagenet")
    arrays = {}
    for name in vgg16_layer_names():
        kernel, bias = source.get_layer(name).get_weights()
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = kernel, bias
    # Keras feeds 255 * (std * z + mean) - caffe_mean, channels BGR, where z is what our first convolution gets.
    # (At the border the padding is 0 in both, which differs by the shift: one pixel wide, harmless.)
    mean, std = np.asarray(ImageNetPreprocessing.MEAN), np.asarray(ImageNetPreprocessing.STD)
    shift = 255.0 * mean - np.asarray([123.68, 116.779, 103.939])
    kernel = arrays["block1_conv1/kernel"][:, :, ::-1, :]
    arrays["block1_conv1/bias"] = arrays["block1_conv1/bias"] + np.einsum("hwio,i->o", kernel, shift)
    arrays["block1_conv1/kernel"] = kernel * (255.0 * std)[None, None, :, None]
    return arrays
