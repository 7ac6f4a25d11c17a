"""3x3 convolution by Winograd's minimal filtering.

F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016, arXiv 1509.09308,
section 4.3): a 4x4 tile of the output needs 36 multiplications for each pair of channels instead of 144,
Y = A^T [(G g G^T) * (B^T d B)] A. Gradients go through the same products, so that a training step gains as much.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ctpn_crnn.runtime.winograd_matrices import INPUT_TRANSFORM, KERNEL_TRANSFORM, OUTPUT_TRANSFORM, PATCH, TILE

MIN_FILTERS = 512
"""Fewest filters for which the transforms' memory traffic pays in training (measured on a CPU with AVX2)."""


@keras.saving.register_keras_serializable(package="ctpn_crnn")
class WinogradConv2D(layers.Conv2D):
    """`keras.layers.Conv2D` that computes 3x3 convolutions of many filters by F(4x4, 3x3).

    Weights, configuration and results are those of `Conv2D`, the results but for rounding (about 1e-5 of their size in
    float32). Any other kernel, stride, padding or data format, and fewer filters than `MIN_FILTERS`, are computed as
    `Conv2D` does.

    Example:
        >>> layer = WinogradConv2D(512, 3, padding="same")
        >>> tuple(layer(np.zeros((1, 4, 10, 8), "float32")).shape)
        (1, 4, 10, 512)
    """

    def call(self, inputs: Any) -> Any:
        if not self._applies():
            return super().call(inputs)
        outputs = winograd_convolution(inputs, self.kernel)
        if self.use_bias:
            outputs = outputs + ops.cast(self.bias, outputs.dtype)
        return self.activation(outputs) if self.activation is not None else outputs

    def _applies(self) -> bool:
        plain = self.strides == (1, 1) and self.dilation_rate == (1, 1) and self.groups == 1
        known = self.padding == "same" and self.data_format == "channels_last"
        return self.kernel_size == (3, 3) and plain and known and self.filters >= MIN_FILTERS


def winograd_convolution(images: Any, kernel: Any) -> Any:
    """Convolution of stride 1, zero-padded to the same size.

    Args:
        images: (N, H, W, C), floating point.
        kernel: (3, 3, C, F).

    Returns:
        (N, H, W, F).
    """
    count, height, width = ops.shape(images)[:3]
    channels, filters = kernel.shape[2:]
    rows, columns = -(-height // TILE), -(-width // TILE)
    padded = ops.pad(images, ((0, 0), (1, rows * TILE + 1 - height), (1, columns * TILE + 1 - width), (0, 0)))
    pixels = [
        padded[:, y : y + (rows - 1) * TILE + 1 : TILE, x : x + (columns - 1) * TILE + 1 : TILE]
        for y in range(PATCH)
        for x in range(PATCH)
    ]
    patches = _transform(INPUT_TRANSFORM, ops.reshape(ops.stack(pixels), (PATCH**2, -1)))
    kernels = _transform(KERNEL_TRANSFORM, ops.reshape(kernel, (9, channels * filters)))
    products = ops.matmul(
        ops.reshape(patches, (PATCH**2, -1, channels)), ops.reshape(kernels, (PATCH**2, channels, filters))
    )
    tiles = _transform(OUTPUT_TRANSFORM, ops.reshape(products, (PATCH**2, -1)))
    tiles = ops.reshape(tiles, (TILE, TILE, count, rows, columns, filters))
    maps = ops.reshape(ops.transpose(tiles, (2, 3, 0, 4, 1, 5)), (count, rows * TILE, columns * TILE, filters))
    return maps[:, :height, :width]


def _transform(matrix: np.ndarray, values: Any) -> Any:
    """M x M^T of many small squares at once: their pixels (side^2, ...) times the Kronecker square of M."""
    return ops.matmul(ops.cast(np.kron(matrix, matrix), values.dtype), values)
