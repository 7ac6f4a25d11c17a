"""The three sources of windows: given by the input, proposed by selective search, or found by CTPN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import Quad, box_to_quad, quad_to_box
from ctpn_crnn.jobs.windows.inputs import Entry
from ctpn_crnn.jobs.windows.scoring import WindowScorer
from ctpn_crnn.recognizer import Finder as LineFinder

CROP_MODES = ("list", "selective_search", "ctpn")
_DECIMALS = 3
"""Of the coordinates of CTPN's lines."""


class Found(NamedTuple):
    """A window with its scores.

    Attributes:
        window: ymin, xmin, ymax, xmax in pixels (edges).
        probabilities: Of each class, background first.
        quad: What a reader is given, float32 (4, 2); None for what is not read.
    """

    window: tuple[float, float, float, float]
    probabilities: tuple[float, ...]
    quad: Quad | None


class WindowFinder(Protocol):
    """Gives the windows of an image."""

    def find(self, image: np.ndarray, entry: Entry) -> list[Found]:
        """Find the windows of an image.

        Args:
            image: uint8 (H, W, 3), BGR.
            entry: What the input says of the image.
        """
        ...


class GivenWindows:
    """Scores the windows that the input gives, or the whole image where it gives none.

    Args:
        scorer: Scores windows.
        source: Name of the input file, for messages.
    """

    def __init__(self, scorer: WindowScorer, source: str) -> None:
        self._scorer = scorer
        self._source = source

    def find(self, image: np.ndarray, entry: Entry) -> list[Found]:
        """Score the windows of the entry in an image, uint8 BGR (H, W, 3).

        Raises:
            DatasetError: A window reaches out of the image.
        """
        height, width = image.shape[:2]
        entry.check_inside(width, height, self._source)
        windows = entry.windows if entry.windows is not None else np.array([[0.0, 0.0, height, width]])
        return _with_scores(windows, self._scorer.score(image, windows))


class ProposedWindows:
    """Scores the windows that selective search proposes.

    Args:
        scorer: Scores windows.
        search: Proposes them.
    """

    def __init__(self, scorer: WindowScorer, search: SelectiveSearch) -> None:
        self._scorer = scorer
        self._search = search

    def find(self, image: np.ndarray, entry: Entry) -> list[Found]:
        """Propose windows of an image, uint8 BGR (H, W, 3), and score them; the entry is not used."""
        windows = self._search.propose(image)
        return _with_scores(windows, self._scorer.score(image, windows))


class FoundLines:
    """Gives CTPN's lines and formulas as upright boxes, in the order of `Detector.detect`.

    The probability of a region's class is its score, the mean probability of its strips; the rest is the background's.

    Args:
        detector: Finds them.
        classes: Names of the classes, background first.
    """

    def __init__(self, detector: LineFinder, classes: Sequence[str]) -> None:
        self._detector = detector
        self._classes = tuple(classes)

    def find(self, image: np.ndarray, entry: Entry) -> list[Found]:
        """Find the lines and formulas of an image, uint8 BGR (H, W, 3); the entry is not used."""
        found = []
        for region in self._detector.detect(image):
            x1, y1, x2, y2 = (round(edge, _DECIMALS) for edge in quad_to_box(region.quad))
            probabilities = [1.0 - region.score] + [0.0] * (len(self._classes) - 1)
            probabilities[self._classes.index(region.kind)] = float(region.score)
            found.append(Found((y1, x1, y2, x2), tuple(probabilities), region.quad))
        return found


@dataclass(frozen=True)
class SearchLimits:
    """Bounds of selective search.

    Attributes:
        windows: Windows of an image that are scored, the best ones of the search's own ranking. As many as in R-CNN.
        side: Longest side in pixels of the image that is searched: the time grows faster than the image.
        min_window_side: Shortest side in pixels of the image of a window that can hold legible text.
    """

    windows: int = 2000
    side: int = 800
    min_window_side: float = 4.0


class SelectiveSearch:
    """Proposes windows by selective search (Uijlings et al., IJCV 2013), which OpenCV's contrib modules contain.

    Args:
        limits: Bounds of the search.

    Raises:
        ConfigError: This OpenCV lacks the contrib modules.
    """

    def __init__(self, limits: SearchLimits = SearchLimits()) -> None:
        self._segmentation = _segmentation_module()
        self._limits = limits

    def propose(self, image: np.ndarray) -> np.ndarray:
        """Propose windows of an image.

        Args:
            image: uint8 (H, W, 3), BGR.

        Returns:
            float64 (W, 4): ymin, xmin, ymax, xmax in pixels (edges), without duplicates, best first; none for an image
            that is too small for text.
        """
        height, width = image.shape[:2]
        if min(height, width) < self._limits.min_window_side:
            return np.zeros((0, 4))
        scale = min(1.0, self._limits.side / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
        search = self._segmentation.createSelectiveSearchSegmentation()
        search.setBaseImage(np.ascontiguousarray(small))
        search.switchToSelectiveSearchFast()
        rectangles = np.asarray(search.process(), np.float64).reshape(-1, 4)
        return self._windows(rectangles, (width / size[0], height / size[1]), (width, height))

    def _windows(self, rectangles: np.ndarray, factors: tuple[float, float], size: tuple[int, int]) -> np.ndarray:
        """Turn rectangles (x, y, w, h) of the searched image into windows of an image of `size` (width, height)."""
        x1, y1 = rectangles[:, 0] * factors[0], rectangles[:, 1] * factors[1]
        x2, y2 = x1 + rectangles[:, 2] * factors[0], y1 + rectangles[:, 3] * factors[1]
        windows = np.stack([y1, x1, np.minimum(y2, size[1]), np.minimum(x2, size[0])], axis=1).round(2)
        sides = (windows[:, 2:] - windows[:, :2]).min(axis=1, initial=np.inf)
        windows = windows[sides >= self._limits.min_window_side]
        _, first = np.unique(windows, axis=0, return_index=True)
        return windows[np.sort(first)][: self._limits.windows]


def _segmentation_module() -> Any:
    module = getattr(getattr(cv2, "ximgproc", None), "segmentation", None)
    if not hasattr(module, "createSelectiveSearchSegmentation"):
        raise ConfigError(
            "crop_mode selective_search needs OpenCV's contrib modules (cv2.ximgproc), which the OpenCV installed here "
            "lacks; put opencv-contrib-python in the place of opencv-python, or choose crop_mode ctpn"
        )
    return module


def _with_scores(windows: np.ndarray, scores: np.ndarray) -> list[Found]:
    found = []
    for window, probabilities in zip(windows.tolist(), scores.tolist()):
        ymin, xmin, ymax, xmax = window
        found.append(Found((ymin, xmin, ymax, xmax), tuple(probabilities), box_to_quad(xmin, ymin, xmax, ymax)))
    return found
