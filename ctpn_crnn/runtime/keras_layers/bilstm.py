"""Bidirectional LSTM whose two directions run in one loop, with its gradient by hand.

Keras runs a loop for each direction and lets the backend differentiate through it, which accumulates the gradient of
the recurrent kernel at every step. Here the input is projected for all steps at once, the loop holds nothing but the
recurrent product and the gates, and the gradients of both kernels are one product each at the end.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="ctpn_crnn")
class FastBidirectional(layers.Bidirectional):
    """`keras.layers.Bidirectional` of an LSTM that returns sequences, concatenated; same weights, same results.

    Only what the reader needs: the default activations, no mask, no dropout, no state carried over.
    """

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
        cells = [self.forward_layer.cell, self.backward_layer.cell]
        kernel = ops.concatenate([cell.kernel for cell in cells], axis=1)
        bias = ops.concatenate([cell.bias for cell in cells], axis=0)
        recurrent = ops.concatenate([ops.expand_dims(cell.recurrent_kernel, 0) for cell in cells], axis=0)
        units = cells[0].units
        steps = ops.shape(sequences)[1]
        projected = ops.matmul(sequences, ops.cast(kernel, sequences.dtype)) + ops.cast(bias, sequences.dtype)
        projected = ops.reshape(projected, (-1, steps, 2, 4 * units))
        by_time = ops.transpose(projected, (1, 2, 0, 3))  # (T, 2, N, 4 units)
        both = ops.stack([by_time[:, 0], ops.flip(by_time[:, 1], axis=0)], axis=1)
        hidden = lstm(both, ops.cast(recurrent, both.dtype))
        outputs = ops.concatenate([hidden[:, 0], ops.flip(hidden[:, 1], axis=0)], axis=-1)
        return ops.transpose(outputs, (1, 0, 2))


@ops.custom_gradient
def lstm(projected: Any, recurrent: Any) -> Any:
    """Independent LSTMs over time (Hochreiter and Schmidhuber 1997, with forget gates; Keras' gate order i, f, c, o).

    Args:
        projected: (T, D, N, 4 U), the input's part of the gates, bias included, for D LSTMs.
        recurrent: (D, U, 4 U).

    Returns:
        The hidden states (T, D, N, U).
    """
    directions, units = recurrent.shape[0], recurrent.shape[1]
    lines = ops.shape(projected)[2]
    # What is kept of a step is also what is carried on to the next: hidden, cell and the four gates, side by side.
    nothing = ops.zeros((directions, lines, 6 * units), projected.dtype)

    def forward(kept: Any, gates: Any) -> tuple[Any, Any]:
        hidden, cell = kept[..., :units], kept[..., units : 2 * units]
        i, f, g, o = ops.split(gates + ops.matmul(hidden, recurrent), 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        cell = f * cell + i * g
        kept = ops.concatenate([o * ops.tanh(cell), cell, i, f, g, o], axis=-1)
        return kept, kept

    _, kept = ops.scan(forward, nothing, projected)
    hidden, cells, gates = ops.split(kept, [units, 2 * units], axis=-1)

    def grad(*arguments: Any, upstream: Any = None) -> tuple[Any, Any]:
        d_outputs = arguments[0] if upstream is None else upstream
        backwards = ops.transpose(recurrent, (0, 2, 1))
        cells_before = ops.concatenate([ops.zeros_like(cells[:1]), cells[:-1]], axis=0)

        def backward(kept: Any, saved: Any) -> tuple[Any, Any]:
            d_output, cell, cell_before, i, f, g, o = ops.split(saved, 7, axis=-1)
            squashed = ops.tanh(cell)
            d_hidden = d_output + kept[..., :units]
            d_cell = d_hidden * o * (1 - squashed * squashed) + kept[..., units : 2 * units]
            d_gates = ops.concatenate(
                [
                    d_cell * g * i * (1 - i),
                    d_cell * cell_before * f * (1 - f),
                    d_cell * i * (1 - g * g),
                    d_hidden * squashed * o * (1 - o),
                ],
                axis=-1,
            )
            kept = ops.concatenate([ops.matmul(d_gates, backwards), d_cell * f, d_gates], axis=-1)
            return kept, kept

        saved = ops.concatenate([d_outputs, cells, cells_before, gates], axis=-1)
        _, kept = ops.scan(backward, nothing, saved, reverse=True)
        d_projected = kept[..., 2 * units :]
        # The recurrent kernel's gradient over all steps and lines at once: (D, U, T N) x (D, T N, 4 U).
        hidden_before = ops.concatenate([ops.zeros_like(hidden[:1]), hidden[:-1]], axis=0)
        columns = ops.reshape(ops.transpose(hidden_before, (1, 3, 0, 2)), (directions, units, -1))
        rows = ops.reshape(ops.transpose(d_projected, (1, 0, 2, 3)), (directions, -1, 4 * units))
        return d_projected, ops.matmul(columns, rows)

    return hidden, grad
