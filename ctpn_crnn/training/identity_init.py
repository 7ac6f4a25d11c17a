"""Starts the LSTMs as a map that lets the features through, so that what the frame labels taught is not lost.

Untrained LSTMs behind trained convolutions put CTC back to its all-blank plateau. An LSTM whose input and output gates
stand open, whose forget gate is shut and whose candidate copies one input each computes h = s * tanh(s * tanh(g * x)),
s = sigmoid(bias), which for small g * x is a multiple of x. Two bidirectional layers of half the width a direction thus
carry all 512 features, the first half forwards, the second backwards. From there CTC learns what context is for.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

_OPEN = 3.0
"""Bias of the gates that stand open, and minus that of the gate that is shut: sigmoid(3) = .95."""

_LINEAR = 0.5
"""The largest feature becomes this: tanh(.5) = .46, so hardly bent."""


def let_through(recurrent: Sequence[keras.layers.Bidirectional], features: np.ndarray) -> float:
    """Sets the weights of the bidirectional LSTMs so that their output is about a multiple of their input.

    Args:
        recurrent: the bidirectional LSTMs in their order, each with as many outputs as inputs.
        features: a sample of the input, (N, T, F); its largest values decide the scale.

    Returns:
        The factor k with output = k * input, fitted on `features`.
    """
    gain = _LINEAR / max(float(np.quantile(np.abs(features), 0.999)), 1e-6)
    for layer in recurrent:
        _copy_half(layer.forward_layer.cell, 0, gain)
        _copy_half(layer.backward_layer.cell, layer.backward_layer.units, gain)
        gain = 1.0  # The next layer gets small values already.
    output = ops.convert_to_tensor(features)
    for layer in recurrent:
        output = layer(output)
    output = ops.convert_to_numpy(output)
    return float((output * features).sum() / np.square(features).sum())


def _copy_half(cell: keras.layers.LSTMCell, first: int, gain: float) -> None:
    """Unit j of an LSTM cell follows input `first` + j; the other weights stay, made small."""
    units = cell.units
    kernel = 0.1 * ops.convert_to_numpy(cell.kernel)  # Columns: input gate, forget gate, candidate, output gate.
    candidate = kernel[:, 2 * units : 3 * units]
    candidate[:] = 0.0
    candidate[first + np.arange(units), np.arange(units)] = gain
    recurrent = 0.1 * ops.convert_to_numpy(cell.recurrent_kernel)
    recurrent[:, 2 * units : 3 * units] = 0.0
    bias = np.zeros(4 * units, np.float32)
    bias[:units] = bias[3 * units :] = _OPEN
    bias[units : 2 * units] = -_OPEN
    # The gates should not depend on the size of the features yet.
    kernel[:, : 2 * units] *= gain
    kernel[:, 3 * units :] *= gain
    cell.kernel.assign(kernel)
    cell.recurrent_kernel.assign(recurrent)
    cell.bias.assign(bias)
