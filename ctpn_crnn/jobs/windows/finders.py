"""The three ways to come by windows: given, proposed by selective search, found by CTPN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ctpn_crnn.geometry import Quad, box_to_quad, quad_to_box
from ctpn_crnn.jobs.windows.inputs import Entry
from ctpn_crnn.jobs.windows.proposals import SelectiveSearch
from ctpn_crnn.jobs.windows.windows import WindowScorer
from ctpn_crnn.recognizer import Finder as LineFinder

CROP_MODES = ("list", "selective_search", "ctpn")
_DECIMALS = 3


class Found(NamedTuple):
    """A window.

    Attributes:
        window: ymin, xmin, ymax, xmax in pixels (edges).
        probabilities: Of each class, background first.
        quad: What a reader is to read, float32 (4, 2); None for what is not read.
    """

    window: tuple[float, float, float, float]
    probabilities: tuple[float, ...]
    quad: Quad | None


class WindowFinder(Protocol):
    """Gives the windows of an image."""

    def find(self, image: np.ndarray, entry: Entry) -> list[Found]:
        """uint8 (H, W, 3), BGR, and its line of the input -> its windows, scored."""
        ...


class GivenWindows:
    """Scores the windows that the input gives; the whole image where it gives none.

    Args:
        scorer: Scores windows.
        source: Name of the input file, for messages.
    """

    def __init__(self, scorer: WindowScorer, source: str) -> None:
        self._scorer = scorer
        self._source = source

    def find(self, image: np.ndarray, entry: Entry) -> list[Found]:
        """See `WindowFinder`.

        Raises:
            DatasetError: A window reaches out of the image.
        """
        height, width = image.shape[:2]
        entry.check_inside(width, height, self._source)
        windows = entry.windows if entry.windows is not None else np.array([[0.0, 0.0, height, width]])
        return _scored(windows, self._scorer.score(image, windows))


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
        """See `WindowFinder`."""
        windows = self._search.propose(image)
        return _scored(windows, self._scorer.score(image, windows))


class FoundLines:
    """CTPN's own lines and formulas: their upright boxes, in the order of `Detector.detect`.

    The probability of a region's class is its score, the mean probability of its strips; the rest is the background's.

    Args:
        detector: Finds them.
        classes: Names of the classes, background first.
    """

    def __init__(self, detector: LineFinder, classes: Sequence[str]) -> None:
        self._detector = detector
        self._classes = tuple(classes)

    def find(self, image: np.ndarray, entry: Entry) -> list[Found]:
        """See `WindowFinder`."""
        found = []
        for region in self._detector.detect(image):
            x1, y1, x2, y2 = (round(edge, _DECIMALS) for edge in quad_to_box(region.quad))
            kind = self._classes.index(region.kind)
            probabilities = [1.0 - region.score] + [0.0] * (len(self._classes) - 1)
            probabilities[kind] = float(region.score)
            # As `Recognizer` does: a formula is found, not read.
            found.append(Found((y1, x1, y2, x2), tuple(probabilities), region.quad if region.kind == "text" else None))
        return found


def _scored(windows: np.ndarray, scores: np.ndarray) -> list[Found]:
    found = []
    for window, probabilities in zip(windows.tolist(), scores.tolist()):
        ymin, xmin, ymax, xmax = window
        found.append(Found((ymin, xmin, ymax, xmax), tuple(probabilities), box_to_quad(xmin, ymin, xmax, ymax)))
    return found
