"""Areas that two lists of quads have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ctpn_crnn.geometry import intersection_area, quad_area, quad_to_box


class HasQuad(Protocol):
    """Anything found on a page: a region of the detector, a line of a page."""

    quad: np.ndarray
    kind: str


class Overlaps:
    """Areas of two lists of quads and of the intersection of each pair, in square pixels.

    Attributes:
        areas_a: (len(a),).
        areas_b: (len(b),).
        common: (len(a), len(b)), the area of each intersection.
    """

    def __init__(self, a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> None:
        self.areas_a = np.array([quad_area(quad) for quad in a], float)
        self.areas_b = np.array([quad_area(quad) for quad in b], float)
        self.common = np.zeros((len(a), len(b)))
        for i, j in np.argwhere(_boxes_touch(a, b)):
            self.common[i, j] = intersection_area(a[i], b[j])

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union, (len(a), len(b)); 0 where a quad has no area."""
        return _ratio(self.common, self.areas_a[:, None] + self.areas_b[None] - self.common)

    @property
    def share_of_a(self) -> np.ndarray:
        """Share of each quad of a that lies in each quad of b, (len(a), len(b))."""
        return _ratio(self.common, np.broadcast_to(self.areas_a[:, None], self.common.shape))

    @property
    def share_of_b(self) -> np.ndarray:
        """Share of each quad of b that lies in each quad of a, (len(a), len(b))."""
        return _ratio(self.common, np.broadcast_to(self.areas_b[None], self.common.shape))


def inside(found: Sequence[np.ndarray], areas: Sequence[np.ndarray], threshold: float) -> np.ndarray:
    """Return for each found quad whether more than `threshold` of it lies in the areas taken together.

    Where two areas overlap, the overlap counts twice; annotated regions hardly overlap.

    Returns:
        bool (len(found),).
    """
    return Overlaps(found, areas).share_of_a.sum(axis=1) > threshold


def _boxes_touch(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> np.ndarray:
    """Return which pairs of bounding boxes overlap, bool (len(a), len(b)): the cheap test before the exact one."""
    boxes_a = np.array([quad_to_box(quad) for quad in a], float).reshape(-1, 1, 4)
    boxes_b = np.array([quad_to_box(quad) for quad in b], float).reshape(1, -1, 4)
    low = np.maximum(boxes_a[..., :2], boxes_b[..., :2])
    high = np.minimum(boxes_a[..., 2:], boxes_b[..., 2:])
    return (low < high).all(axis=-1)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide; 0 where the denominator is 0, and at most 1, which rounding could exceed."""
    quotient = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
    return np.minimum(quotient, 1.0)
