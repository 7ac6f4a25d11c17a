"""The CRNN as an ONNX graph, for machines without Keras. `network.CRNN` builds the same from the same specification."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.runtime.onnx_graph import ints
from ctpn_crnn.runtime.onnx_layers import Arrays, FloatLayers, array_of_shape


def add_crnn(spec: CRNNSpec, arrays: Arrays, layers: FloatLayers) -> None:
    """Add the network to the graph of `layers`.

    Its input is "image", (batch, input height, width, 1), grey from 0 to 255, the width a multiple of the frame width.
    Its output is "logits", (batch, frames, classes).

    Args:
        spec: Architecture.
        arrays: Weights, by the names of Keras' variables.
        layers: Adds single layers, in float32 or in 8-bit integers.

    Raises:
        KeyError, ValueError: An array is missing or has another shape than the specification asks for.
    """
    maps = _feature_maps(spec, arrays, layers)
    frames = layers.graph.add("Transpose", layers.graph.add("Squeeze", maps, ints(2)), perm=(2, 0, 1))
    for number in range(1, spec.lstm_layers + 1):
        if number > 1:
            frames = layers.graph.add("Transpose", frames, perm=(1, 0, 2))
        frames = layers.bidirectional_lstm(frames, arrays, f"bilstm{number}", spec.lstm_units)
    array_of_shape(arrays, "projection/bias", spec.num_classes)
    logits = layers.projection(frames, arrays, "projection")
    layers.graph.output("logits", logits, ("batch", "frames", spec.num_classes))


def _feature_maps(spec: CRNNSpec, arrays: Arrays, layers: FloatLayers) -> str:
    """Add input and convolutions: maps (batch, filters, 1, frames)."""
    image = layers.graph.input("image", ("batch", spec.input_height, "width", 1))
    x = layers.start(layers.graph.add("Transpose", image, perm=(0, 3, 1, 2)), np.ones(1), np.zeros(1))
    for number, convolution in enumerate(spec.convolutions, start=1):
        kernel, bias = _kernel_and_bias(spec, number, arrays)
        # The division by 255 of the input is the first convolution's, since its padding is 0 either way.
        kernel = kernel / np.float32(255) if number == 1 else kernel
        x = layers.convolution(x, f"conv{number}", kernel, bias, strides=convolution.strides)
        if convolution.pool != (1, 1):
            x = layers.max_pool(x, convolution.pool)
    return layers.finish(x)


def _kernel_and_bias(spec: CRNNSpec, number: int, arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of a convolution (1 and up), its batch normalisation folded in where it has one."""
    convolution = spec.convolutions[number - 1]
    kernel = array_of_shape(arrays, f"conv{number}/kernel", *convolution.kernel, None, convolution.filters)
    if not convolution.normalised:
        return kernel, arrays[f"conv{number}/bias"]
    gamma, beta, mean, variance = (
        arrays[f"bn{number}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    factor = gamma / np.sqrt(variance + np.float32(spec.epsilon))
    return kernel * factor, beta - mean * factor
