"""Areas of boxes (4,), x1, y1, x2, y2: slow and plain, as references."""

from __future__ import annotations

import numpy as np


def area(box: np.ndarray) -> float:
    return float(max(box[2] - box[0], 0) * max(box[3] - box[1], 0))


def common(a: np.ndarray, b: np.ndarray) -> float:
    return area(np.concatenate([np.maximum(a[:2], b[:2]), np.minimum(a[2:4], b[2:4])]))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    shared = common(a, b)
    return shared / (area(a) + area(b[:4]) - shared) if shared else 0.0
