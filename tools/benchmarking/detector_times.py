"""Times of the parts of the detector: view, network, connector, fit to the ink."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.refine.scales import view_of
from ctpn_crnn.refine.upright import lean_turn
from ctpn_crnn.runtime import Network


@dataclass(frozen=True)
class DetectionTimes:
    """Seconds for an image: medians over the repeats, for the network the mean.

    Attributes:
        total: From the pixels to the regions.
        network: CTPN.
        connector: Decoding the heads of CTPN and joining strips to lines.
        ink: Fitting lines to their ink.
        view: Estimating the lean of the page, turning it upright, measuring its print, and scaling it.
    """

    total: float
    network: float
    connector: float
    ink: float
    view: float


class TimedNetwork:
    """A network that is timed, and that can repeat its last output for a shape without computing.

    Args:
        network: Computes the outputs.

    Attributes:
        seconds: Time spent computing so far.
        repeats: Whether `predict` repeats outputs instead of computing them.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.config, self.charset = network.config, network.charset
        self.seconds = 0.0
        self.repeats = False
        self._known: dict[tuple[int, ...], tuple[np.ndarray, ...]] = {}

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the output for a batch, or the last output for a batch of this shape if `repeats` is set."""
        if self.repeats:
            return self._known[batch.shape]
        start = time.perf_counter()
        heads = self._known[batch.shape] = self.network.predict(batch)
        self.seconds += time.perf_counter() - start
        return heads


def time_detection(network: Network, images: Sequence[np.ndarray], repeats: int = 5) -> DetectionTimes:
    """Time `Detector.detect_batch` with all its parts, and without some of them.

    Args:
        network: A loaded CTPN. It runs once before it is timed.
        images: (H, W, 3) BGR uint8, all of one size, detected together.
        repeats: How often each part is timed.

    Returns:
        The times of one image.
    """
    timed = TimedNetwork(network)
    detector = Detector(network=timed)
    upright = [lean_turn(image).apply(image) for image in images]
    detector.detect_batch(images)
    spent = timed.seconds
    total = _median(lambda: detector.detect_batch(images), repeats)
    in_network = (timed.seconds - spent) / repeats
    timed.repeats = True
    fitted, unfitted = (Detector(network=timed, level=False, fit_ink=fit_ink) for fit_ink in (True, False))
    fitting = _median(lambda: fitted.detect_batch(upright), repeats)
    bare = _median(lambda: unfitted.detect_batch(upright), repeats)
    levelled = _median(lambda: [lean_turn(image).apply(image) for image in images], repeats)
    seen = _median(lambda: [view_of(image, STRIDE, detector.scales) for image in upright], repeats)
    parts = (total, in_network, max(0.0, bare - seen), max(0.0, fitting - bare), levelled + seen)
    return DetectionTimes(*(seconds / len(images) for seconds in parts))


def _median(work: Callable[[], object], repeats: int) -> float:
    """Return the median of the seconds that `work` takes."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
