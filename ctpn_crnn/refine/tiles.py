"""Tiles: views larger than the network's reach are shown to it piece by piece.

What is joined are the outputs of the network, not lines: the outputs near a cut are taken from the tile that sees what
lies beyond it, and strips become lines once, in the whole view. So no line is lost, doubled, or in two pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

CONTEXT = 8
"""Strides between a cut and the outputs that are used. An output of CTPN depends on 228 px around it (VGG16 to conv5_3:
196 px, then a window of 3 x 3 strides), thus on no more than 7.1 strides above, below, and by convolution to either
side. Only what the LSTMs carry along a row from farther away is missing in the tiles of a wide view."""


class Span(NamedTuple):
    """A tile along one axis, from `start` to `stop`, whose outputs are used from `first` to `last`; in strides."""

    start: int
    stop: int
    first: int
    last: int


def spans(length: int, most: int, context: int = CONTEXT) -> list[Span]:
    """Cut a length into tiles of equal size.

    Args:
        length: Strides in all.
        most: Strides that a tile may have, more than twice `context`.
        context: See `CONTEXT`.

    Returns:
        Tiles in order, of which the used parts follow each other without a gap from 0 to `length`. One tile where
        `length` is no more than `most`.
    """
    if length <= most:
        return [Span(0, length, 0, length)]
    overlap = 2 * context
    count = -(-(length - overlap) // (most - overlap))
    size = -(-(length + (count - 1) * overlap) // count)
    starts = [round(i * (length - size) / (count - 1)) for i in range(count)]
    cuts = [0, *((start + before + size + 1) // 2 for before, start in zip(starts, starts[1:])), length]
    return [Span(start, start + size, *cuts[i : i + 2]) for i, start in enumerate(starts)]


def predict_in_tiles(
    predict: Callable[[np.ndarray], Sequence[np.ndarray]], pixels: np.ndarray, stride: int, max_side: int
) -> tuple[np.ndarray, ...]:
    """Return what a network says of images, shown to it in tiles if they are too large for it.

    Args:
        predict: The network: images (N, H, W, 3) to outputs (N, H / stride, W / stride, ...).
        pixels: uint8 (N, H, W, 3), both sides multiples of `stride`.
        stride: Of the network, in pixels.
        max_side: Longest side that the network may see, in pixels. Bounds the memory.

    Returns:
        The outputs of the whole images.
    """
    rows, columns = (side // stride for side in pixels.shape[1:3])
    most = max(-(-max_side // stride), 2 * CONTEXT + 1)
    if max(rows, columns) <= most:
        return tuple(predict(pixels))
    joined: tuple[np.ndarray, ...] = ()
    for down in spans(rows, most):
        for across in spans(columns, most):
            part = pixels[:, down.start * stride : down.stop * stride, across.start * stride : across.stop * stride]
            outputs = predict(np.ascontiguousarray(part))
            if not joined:
                joined = tuple(np.empty((len(pixels), rows, columns, *o.shape[3:]), o.dtype) for o in outputs)
            rows_used = slice(down.first - down.start, down.last - down.start)
            columns_used = slice(across.first - across.start, across.last - across.start)
            for whole, output in zip(joined, outputs, strict=True):
                whole[:, down.first : down.last, across.first : across.last] = output[:, rows_used, columns_used]
    return joined
