"""3x3 convolutions by Winograd's minimal filtering, as nodes of an ONNX graph.

F(4x4, 3x3) of Lavin and Gray ("Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv 1509.09308,
section 4.3) computes a 4x4 tile of the output from a 6x6 tile of the input with 36 multiplications a channel instead of
144: Y = A^T [(G g G^T) * (B^T d B)] A. The transformations cost about as much memory traffic as they save where there
are few channels, so that it pays from 256 output channels on: 2.7 times faster than ONNX Runtime's own convolution for
512 channels, 1.9 times for 256, on a CPU with AVX2. Results differ from direct convolution by about 1e-5 of their size.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ctpn_crnn.runtime.onnx_graph import Graph, ints

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

MIN_FILTERS = 256
"""Fewest output channels for which the transformations pay; measured on a CPU with AVX2."""


def winograd_convolution(graph: Graph, x: str, kernel: np.ndarray, bias: np.ndarray, multiple: int = 1) -> str:
    """Add a 3x3 convolution of stride 1, zero-padded to the same size.

    Args:
        graph: The graph to add to.
        x: (N, C, H, W).
        kernel: (3, 3, C, F), as Keras keeps it.
        bias: (F,).
        multiple: What H and W are known to be multiples of.

    Returns:
        The name of the output, (N, F, H, W).
    """
    channels, filters = kernel.shape[2:]
    size = graph.add("Shape", x)
    count = graph.add("Gather", size, ints(0))
    # Every 6x6 patch to its 36 coefficients, in one pass: a convolution of each channel by itself with 36 kernels. The
    # padding of 4 behind covers the last patch whatever the size, and gives ceil(H / 4) x ceil(W / 4) tiles.
    patterns = np.einsum("ai,bj->abij", INPUT_TRANSFORM, INPUT_TRANSFORM).reshape(-1, 1, PATCH, PATCH)
    coefficients = graph.add(
        "Conv",
        x,
        np.tile(patterns, (channels, 1, 1, 1)),
        kernel_shape=(PATCH, PATCH),
        strides=(TILE, TILE),
        pads=(1, 1, TILE, TILE),
        group=channels,
    )
    tiles = graph.add("Gather", graph.add("Shape", coefficients), ints(2, 3))
    # (N, C * 36, h, w) -> (36, C, N * h * w): one matrix product for each coefficient, over all tiles of all images.
    split = graph.add("Reshape", coefficients, graph.add("Concat", count, ints(channels, PATCH**2, -1), axis=0))
    flat = graph.add("Reshape", graph.add("Transpose", split, perm=(2, 1, 0, 3)), ints(PATCH**2, channels, -1))
    weights = graph.parameter((PATCH**2, filters, channels), partial(transform_kernel, kernel))
    products = graph.add("MatMul", weights, flat)
    unfolded = graph.add("Reshape", products, graph.add("Concat", ints(PATCH**2, filters), count, ints(-1), axis=0))
    by_image = graph.add("Transpose", unfolded, perm=(2, 1, 0, 3))
    # (N, F, 36, h * w) -> (N, F, 16, h * w), and each 16 pixels to their place.
    inverse = np.einsum("ia,jb->ijab", OUTPUT_TRANSFORM, OUTPUT_TRANSFORM).reshape(TILE**2, PATCH**2)
    pixels = graph.add("MatMul", inverse, by_image)
    grid = graph.add("Reshape", pixels, graph.add("Concat", ints(-1, TILE**2), tiles, axis=0))
    placed = graph.add("DepthToSpace", grid, blocksize=TILE)
    bounds = graph.add("Mul", tiles, ints(TILE))
    maps = graph.add("Reshape", placed, graph.add("Concat", count, ints(filters), bounds, axis=0))
    if multiple % TILE:
        maps = graph.add("Slice", maps, ints(0, 0), graph.add("Gather", size, ints(2, 3)), ints(2, 3))
    return graph.add("Add", maps, bias.astype(np.float32).reshape(1, filters, 1, 1))


def transform_kernel(kernel: np.ndarray) -> np.ndarray:
    """Compute G g G^T of every pair of channels: (3, 3, C, F) -> float32 (36, F, C)."""
    channels, filters = kernel.shape[2:]
    spread = np.einsum("ai,bj->abij", KERNEL_TRANSFORM, KERNEL_TRANSFORM).reshape(PATCH**2, 9)
    by_filter = np.ascontiguousarray(kernel.reshape(9, channels, filters).transpose(0, 2, 1), np.float32)
    return (spread @ by_filter.reshape(9, -1)).reshape(PATCH**2, filters, channels)
