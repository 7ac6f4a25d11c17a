"""Windows by selective search (Uijlings et al., IJCV 2013), which OpenCV's contrib modules have."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from ctpn_crnn.errors import ConfigError

MAX_WINDOWS = 2000
"""Windows of an image that are scored, the best of the search's own ranking; as many as in R-CNN."""

SEARCH_SIDE = 800
"""Longest side of the image that is searched, pixels: the time grows faster than the image."""

MIN_WINDOW_SIDE = 4.0
"""Windows with a side below this many pixels of the image hold no legible text."""


class SelectiveSearch:
    """Proposes windows of an image.

    Raises:
        ConfigError: This OpenCV is without the contrib modules.
    """

    def __init__(self) -> None:
        self._segmentation = _segmentation_module()

    def propose(self, image: np.ndarray) -> np.ndarray:
        """Windows that may hold something.

        Args:
            image: uint8 (H, W, 3), BGR.

        Returns:
            float64 (W, 4): ymin, xmin, ymax, xmax in pixels (edges), each once, best first; none for an image too
            small to hold text.
        """
        height, width = image.shape[:2]
        if min(height, width) < MIN_WINDOW_SIDE:
            return np.zeros((0, 4))
        scale = min(1.0, SEARCH_SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        search = self._segmentation.createSelectiveSearchSegmentation()
        search.setBaseImage(np.ascontiguousarray(small))
        search.switchToSelectiveSearchFast()
        rectangles = np.asarray(search.process(), np.float64).reshape(-1, 4)
        return _windows(rectangles, (width / size[0], height / size[1]), (width, height))


def _windows(rectangles: np.ndarray, factors: tuple[float, float], size: tuple[int, int]) -> np.ndarray:
    """Rectangles (x, y, w, h) of the searched image -> windows of the image of `size` (width, height)."""
    x1, y1 = rectangles[:, 0] * factors[0], rectangles[:, 1] * factors[1]
    x2, y2 = x1 + rectangles[:, 2] * factors[0], y1 + rectangles[:, 3] * factors[1]
    windows = np.stack([y1, x1, np.minimum(y2, size[1]), np.minimum(x2, size[0])], axis=1).round(2)
    large = (windows[:, 2:] - windows[:, :2]).min(axis=1, initial=np.inf) >= MIN_WINDOW_SIDE
    windows = windows[large]
    _, first = np.unique(windows, axis=0, return_index=True)
    return windows[np.sort(first)][:MAX_WINDOWS]


def _segmentation_module() -> Any:
    module = getattr(getattr(cv2, "ximgproc", None), "segmentation", None)
    if not hasattr(module, "createSelectiveSearchSegmentation"):
        raise ConfigError(
            "crop_mode selective_search needs OpenCV's contrib modules (cv2.ximgproc), which the OpenCV installed here "
            "lacks; put opencv-contrib-python in the place of opencv-python, or choose crop_mode ctpn"
        )
    return module
