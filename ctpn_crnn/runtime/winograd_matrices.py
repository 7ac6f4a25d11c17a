"""Transforms of Winograd's minimal filtering F(4x4, 3x3).

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016, arXiv 1509.09308, section 4.3): a 4x4
tile of a convolution's output is Y = A^T [(G g G^T) * (B^T d B)] A of a 3x3 kernel g and a 6x6 tile d of the input, by
36 multiplications instead of 144. Used for training (`layers.winograd`) and in ONNX graphs (`runtime.winograd`).
"""

from __future__ import annotations

import numpy as np

TILE = 4
"""Pixels of an output tile's side."""

PATCH = TILE + 2
"""Pixels of the input tile's side that it needs."""

INPUT_TRANSFORM = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    np.float32,
)
"""B^T."""

KERNEL_TRANSFORM = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    np.float32,
)
"""G."""

OUTPUT_TRANSFORM = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32
)
"""A^T."""
