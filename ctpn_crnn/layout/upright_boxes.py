"""Lines in upright coordinates, in which rows run from left to right: what all of the layout works on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.geometry import Rotation
from ctpn_crnn.layout.params import LayoutParams
from ctpn_crnn.page import Page


def upright_quads(page: Page) -> tuple[np.ndarray, int]:
    """Quads of a page's lines after the page is turned so that its text stands upright.

    Only quarter turns are taken out, see `Page.orientation`; `upright_boxes` takes out the lean that remains.

    Args:
        page: With N >= 1 lines.

    Returns:
        Quads (N, 4, 2) in pixels of the turned page, and the turned page's height.
    """
    rotation = Rotation(page.orientation, page.width, page.height)
    return rotation.to_turned([line.quad for line in page.lines]), rotation.size[1]


def upright_boxes(
    quads: Sequence[np.ndarray] | np.ndarray, params: LayoutParams = LayoutParams()
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of lines after the lean that they have in common is taken out.

    The quads are rotated about the middle of all of them. A line that still leans a little keeps its own width and
    height about its centre; the box around it would be too high.

    Args:
        quads: N >= 1 quads (4, 2), in pixels.
        params: `max_lean` is used.

    Returns:
        Boxes float64 (N, 4) as left, top, right, bottom, and the angle in degrees by which each line leans from the
        others, (N,).
    """
    quads = np.asarray(quads, dtype=np.float64).reshape(-1, 4, 2)
    along = (quads[:, 1] - quads[:, 0]) + (quads[:, 2] - quads[:, 3])
    angles = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    common = weighted_median(angles, np.hypot(along[:, 0], along[:, 1]))
    lean = np.radians(common) if abs(common) <= params.max_lean else 0.0
    turn = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    middle = quads.mean(axis=(0, 1))
    quads = (quads - middle) @ turn + middle
    boxes = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
    angles -= np.degrees(lean)
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    half_size = (sides[:, :2] + sides[:, 2:]) / 4
    half_size = np.minimum(half_size, (boxes[:, 2:] - boxes[:, :2]) / 2)
    centres = quads.mean(axis=1)
    is_level = np.abs(angles) <= params.max_lean
    boxes[is_level] = np.concatenate([centres - half_size, centres + half_size], axis=1)[is_level]
    return boxes, angles


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """Return the value at which half of the total weight is reached, in ascending order of the values."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])
