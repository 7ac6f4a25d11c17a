"""Layers that compute what Keras' own compute, with the same weights, in less time on a CPU without matrix units.

They are for training and reading: weights files and saved models are those of the plain layers.
"""

from __future__ import annotations

import keras

from ctpn_crnn.runtime.keras_layers.bilstm import FastBidirectional
from ctpn_crnn.runtime.keras_layers.winograd import WinogradConv2D


def training_layers() -> dict[str, type[keras.layers.Layer]]:
    """The layers to train with: arguments of `CRNN`.

    A GPU has its own fast convolutions and LSTMs. A CPU that computes in bfloat16 convolves faster and more exactly
    without Winograd's transforms; one loop for both directions of an LSTM pays there too.
    """
    if keras.distribution.list_devices("gpu"):
        return {}
    if keras.config.dtype_policy().compute_dtype != "float32":
        return {"bidirectional": FastBidirectional}
    return {"convolution": WinogradConv2D, "bidirectional": FastBidirectional}


def reading_layers() -> dict[str, type[keras.layers.Layer]]:
    """The layers to read with: arguments of `CRNN`. Convolutions of Keras' own are the fastest without a gradient."""
    return {} if keras.distribution.list_devices("gpu") else {"bidirectional": FastBidirectional}
