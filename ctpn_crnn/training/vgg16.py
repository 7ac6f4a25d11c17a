"""A CTPN's start from ImageNet: the weights of VGG16, and activations of one size in all its layers."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
from keras import ops

from ctpn_crnn.ctpn.spec import IMAGE_MEAN, IMAGE_STD
from ctpn_crnn.errors import WeightsError


def convolution_names(model: keras.Model) -> list[str]:
    """Return the names of the convolutions of VGG16 in order: of the paper's CTPN, block1_conv1 to block5_conv3."""
    return [layer.name for layer in model.layers if re.fullmatch(r"block\d+_conv\d+", layer.name)]


def normalise_activations(model: keras.Model, images: np.ndarray) -> None:
    """Rescale the VGG16 part of a CTPN model so that every convolution's output has a root mean square of 1.

    The sizes of ImageNet's activations differ tenfold between layers, while an adaptive optimizer's step has one size
    for all weights. ReLU and pooling commute with a positive factor, so each convolution can be divided by its
    output's size and the next one multiplied by it: the features stay the same but for one factor.

    Args:
        model: as `CTPN.build_model` gives it.
        images: RGB crops (N, H, W, 3), 0..255, such as the network will see.
    """
    names = convolution_names(model)
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
        model: as `CTPN.build_model` gives it.
        path: .npz with the arrays `blockB_convC/kernel` (HWIO) and `blockB_convC/bias`, trained with the preprocessing
            of `ImageNetPreprocessing`. None: take those of `keras.applications.VGG16` (downloaded by Keras), whose
            preprocessing (BGR, no division by the deviation) is folded into the first convolution.

    Raises:
        WeightsError: the file is missing or no .npz, or an array is missing or has another shape.
    """
    arrays = _keras_vgg16() if path is None else _read_npz(Path(path))
    for name in convolution_names(model):
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
    """Return the arrays of the VGG16 of Keras, changed for the preprocessing of `ImageNetPreprocessing`."""
    source = keras.applications.VGG16(include_top=False, weights="imagenet")
    arrays = {}
    for name in convolution_names(source):
        kernel, bias = source.get_layer(name).get_weights()
        arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = kernel, bias
    # Keras feeds 255 * (std * z + mean) - caffe_mean, channels BGR, where z is what our first convolution gets.
    # (At the border the padding is 0 in both, which differs by the shift: one pixel wide, harmless.)
    mean, std = np.asarray(IMAGE_MEAN), np.asarray(IMAGE_STD)
    shift = 255.0 * mean - np.asarray([123.68, 116.779, 103.939])
    kernel = arrays["block1_conv1/kernel"][:, :, ::-1, :]
    arrays["block1_conv1/bias"] = arrays["block1_conv1/bias"] + np.einsum("hwio,i->o", kernel, shift)
    arrays["block1_conv1/kernel"] = kernel * (255.0 * std)[None, None, :, None]
    return arrays
