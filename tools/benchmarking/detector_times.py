"""Where the detector's time goes: the network, the connector, the fit to the ink, what comes before."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.refine.views import levelling, view_of
from ctpn_crnn.runtime import Network


@dataclass(frozen=True)
class DetectionTimes:
    """Seconds an image, each the median over the repeats; the network's their mean.

    Attributes:
        total: All of it, from the pixels to the regions.
        network: CTPN itself.
        connector: Decoding its heads and joining strips to lines.
        ink: Fitting lines to their ink.
        view: Estimating the lean of the page and turning it, measuring its print, and scaling it.
    """

    total: float
    network: float
    connector: float
    ink: float
    view: float


class RememberedNetwork:
    """A network that computes each batch once and knows it by its shape from then on; keeps the time that it took.

    Args:
        network: Computes.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.config, self.charset = network.config, network.charset
        self.seconds = 0.0
        self.answers = False
        self._known: dict[tuple[int, ...], tuple[np.ndarray, ...]] = {}

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """What the network says of a batch: computed, or with `answers` what it said of the last one of this shape."""
        if self.answers:
            return self._known[batch.shape]
        start = time.perf_counter()
        heads = self._known[batch.shape] = self.network.predict(batch)
        self.seconds += time.perf_counter() - start
        return heads


def time_detection(network: Network, images: Sequence[np.ndarray], repeats: int = 5) -> DetectionTimes:
    """Time `Detector.detect_batch` with all its parts, then without some of them.

    Args:
        network: A loaded CTPN. It runs once before it is timed.
        images: (H, W, 3) BGR uint8, all of one size, detected together.
        repeats: How often each is timed.

    Returns:
        The times of one image.
    """
    remembered = RememberedNetwork(network)
    detector = Detector(network=remembered)
    upright = [levelling(image).apply(image) for image in images]
    detector.detect_batch(images)
    spent = remembered.seconds
    total = _median(lambda: detector.detect_batch(images), repeats)
    in_network = (remembered.seconds - spent) / repeats
    remembered.answers = True
    fitted, unfitted = (Detector(network=remembered, level=False, fit_ink=fit_ink) for fit_ink in (True, False))
    fitting = _median(lambda: fitted.detect_batch(upright), repeats)
    bare = _median(lambda: unfitted.detect_batch(upright), repeats)
    levelled = _median(lambda: [levelling(image).apply(image) for image in images], repeats)
    size = detector.short_side, detector.max_side, detector.small_print
    seen = _median(lambda: [view_of(image, *size) for image in upright], repeats)
    parts = (total, in_network, max(0.0, bare - seen), max(0.0, fitting - bare), levelled + seen)
    return DetectionTimes(*(seconds / len(images) for seconds in parts))


def _median(work: Callable[[], object], repeats: int) -> float:
    """Seconds that `work` takes."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
