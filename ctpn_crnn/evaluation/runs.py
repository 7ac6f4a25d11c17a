"""Runs of the detector, the reader and the whole path over a set: scores, times, and the worst cases."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import mean, median
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import cv2
import numpy as np

from ctpn_crnn.crnn.ctc import log_product
from ctpn_crnn.datasets.samples import PageTruth
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.evaluation.calibration import CalibrationData
from ctpn_crnn.evaluation.crops import LineCrop
from ctpn_crnn.evaluation.detection import DetEvalScore, IouScore, PageMatches, precision_recall_f
from ctpn_crnn.evaluation.line_ends import LineEndScore
from ctpn_crnn.evaluation.normalisation import NORMALISATIONS
from ctpn_crnn.evaluation.overlaps import HasQuad
from ctpn_crnn.evaluation.pages import PageScore
from ctpn_crnn.evaluation.recognition import RecognitionScore
from ctpn_crnn.evaluation.worst import Case, Worst
from ctpn_crnn.page import Page

if TYPE_CHECKING:
    from ctpn_crnn.crnn.reader import Reading
    from ctpn_crnn.page import Region

_Item = TypeVar("_Item")

MATCHED, MISSED, WRONG = (0, 160, 0), (200, 80, 0), (0, 0, 220)
"""Colours (BGR) in pictures of pages: found lines that match, true lines missed, found lines that match nothing."""

CURVE_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
"""Detector scores at which precision and recall are reported."""


class Finder(Protocol):
    """What finds lines, as `Detector` does."""

    def detect(self, image: np.ndarray) -> list[Region]:
        """uint8 BGR (H, W, 3) -> regions."""


class Reader(Protocol):
    """What reads lines, as `LineReader` does."""

    def read(self, crops: list[np.ndarray]) -> list[Reading]:
        """uint8 crops -> a reading each."""


class PageReader(Protocol):
    """What does both, as `Recognizer` does."""

    def recognize(self, source: np.ndarray) -> Page:
        """uint8 BGR (H, W, 3) -> a page."""


@dataclass
class Run:
    """The outcome of a run.

    Attributes:
        scores: By name; each value a summary of one of the score classes.
        seconds: For each image (for each line of a batch when reading).
        skipped: Files that could not be scored, and why.
        worst: The worst cases, worst first.
        calibration: For a reader, what its calibration can be fitted to: lines with text, right under the main rule.
    """

    scores: dict[str, Any]
    seconds: list[float] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    worst: list[Case] = field(default_factory=list)
    calibration: CalibrationData = field(default_factory=CalibrationData)

    def time_summary(self) -> dict[str, float | None]:
        """Return median_s and mean_s for an image or a line; the median leaves out the slow first ones of a shape."""
        if not self.seconds:
            return {"median_s": None, "mean_s": None}
        return {"median_s": median(self.seconds), "mean_s": mean(self.seconds)}


def run_recognition(
    crops: Iterable[LineCrop], reader: Reader, *, main_rule: str = "default", batch_size: int = 64, keep_worst: int = 0
) -> Run:
    """Read lines and score them under every rule of `NORMALISATIONS`.

    Args:
        crops: The lines.
        reader: Reads them in batches; a batch that fails is read line by line, so that one line spoils no other.
        main_rule: The rule that decides which lines are worst, whose confusions are counted, and what is right for a
            calibration.
        batch_size: Lines read at once.
        keep_worst: How many of the worst lines to keep.

    Returns:
        scores: a summary for each rule, and "confusions", a list of ``(true, read, times)``.
    """
    scores = {name: RecognitionScore(rule) for name, rule in NORMALISATIONS.items()}
    worst = Worst(keep_worst)
    run = Run({})
    for batch in _batches(crops, batch_size):
        started = time.perf_counter()
        readings = _read(reader, batch, run.skipped)
        elapsed = (time.perf_counter() - started) / len(batch)
        for crop, reading in zip(batch, readings, strict=True):
            if reading is None:
                continue
            run.seconds.append(elapsed)
            distances = {
                name: score.update(crop.text, reading.text, reading.confidence) for name, score in scores.items()
            }
            worst.add(_line_case(crop, reading, distances[main_rule]))
            if reading.chars:
                product = log_product([char.confidence for char in reading.chars])
                run.calibration.update(product, distances[main_rule] == 0)
    run.scores = {name: score.summary() for name, score in scores.items()}
    run.scores["confusions"] = scores[main_rule].confusions()
    run.worst = worst.cases()
    return run


def run_detection(pages: Iterable[PageTruth], detector: Finder, *, keep_worst: int = 0) -> Run:
    """Find the lines of pages and score them.

    Args:
        pages: The truth.
        detector: Finds lines and formulas.
        keep_worst: How many of the pages with the lowest F to keep.

    Returns:
        scores: "iou" (places, whatever the kind), "deteval" likewise, "ends", "curve", and "iou_text", "iou_formula"
        where the set has formulas.
    """
    score, deteval, ends = IouScore(), DetEvalScore(), LineEndScore()
    by_kind = {kind: IouScore(kind=kind) for kind in ("text", "formula")}
    worst = Worst(keep_worst)
    run = Run({})
    for page in pages:
        outcome = _timed(page, detector.detect, run)
        if outcome is None:
            continue
        image, found = outcome
        matches = score.update(page.regions, found)
        deteval.update(page.regions, found)
        ends.update(page.regions, found, matches.pairs, image)
        for kind_score in by_kind.values():
            kind_score.update(page.regions, found)
        _keep_page(worst, page, image, found, matches, {})
    run.scores = {"iou": score.summary(), "deteval": deteval.summary(), "ends": ends.summary()}
    if by_kind["formula"].summary()["truth"]:
        run.scores.update({f"iou_{kind}": kind_score.summary() for kind, kind_score in by_kind.items()})
    run.scores["curve"] = score.curve(CURVE_THRESHOLDS)
    run.worst = worst.cases()
    return run


def run_pages(pages: Iterable[PageTruth], recognizer: PageReader, *, keep_worst: int = 0) -> Run:
    """Find and read whole pages and score them.

    Args:
        pages: The truth.
        recognizer: Finds and reads.
        keep_worst: How many of the pages with the highest CER to keep.

    Returns:
        scores: "pages", see `PageScore.summary`.
    """
    score, worst = PageScore(), Worst(keep_worst)
    run = Run({})
    for truth in pages:
        outcome = _timed(truth, recognizer.recognize, run)
        if outcome is None:
            continue
        image, page = outcome
        own = score.update(truth, page)
        texts = {"cer": f"{own['cer']:.4f}" if own["cer"] is not None else "-"}
        texts |= {"truth": own["truth_text"], "reading": own["page_text"]}
        _keep_page(worst, truth, image, page.lines, own["matches"], texts, own["cer"])
    run.scores = {"pages": score.summary()}
    run.worst = worst.cases()
    return run


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _read(reader: Reader, batch: Sequence[LineCrop], skipped: list[tuple[str, str]]) -> list[Reading | None]:
    try:
        return list(reader.read([crop.image for crop in batch]))
    except CtpnCrnnError as error:
        if len(batch) == 1:
            skipped.append((batch[0].name, str(error)))
            return [None]
    return [reading for crop in batch for reading in _read(reader, [crop], skipped)]


def _line_case(crop: LineCrop, reading: Reading, distance: int) -> Case:
    facts = {
        "edits": str(distance),
        "confidence": f"{reading.confidence:.3f}",
        "truth": crop.text,
        "reading": reading.text,
    }
    # Among lines with as many edits the surer reading is the worse one.
    return Case(crop.name, distance + min(reading.confidence, 1.0) / 2 if distance else 0.0, crop.image, facts)


def _timed(page: PageTruth, work: Any, run: Run) -> tuple[np.ndarray, Any] | None:
    """Load a page and do the work; None, and an entry among the skipped, when one of the two fails."""
    try:
        image = load_image(page.path)
        started = time.perf_counter()
        result = work(image)
    except CtpnCrnnError as error:
        run.skipped.append((str(page.path), str(error)))
        return None
    run.seconds.append(time.perf_counter() - started)
    return image, result


def _keep_page(
    worst: Worst,
    page: PageTruth,
    image: np.ndarray,
    found: Sequence[HasQuad],
    matches: PageMatches,
    facts: dict[str, str],
    badness: float | None = None,
) -> None:
    """Keep a page with a picture of it; as bad as 1 - F unless told otherwise."""
    hits = len(matches.pairs)
    f = precision_recall_f(hits, hits + len(matches.wrong), hits, hits + len(matches.missed))["f"]
    if badness is None:
        badness = 0.0 if f is None else 1 - f
    if worst.is_worth(badness):
        counts = {
            "f": "-" if f is None else f"{f:.3f}",
            "missed": str(len(matches.missed)),
            "wrong": str(len(matches.wrong)),
        }
        worst.add(Case(str(page.path), badness, draw_matches(image, page.regions, found, matches), {**counts, **facts}))


def draw_matches(
    image: np.ndarray, truth: Sequence[HasQuad], found: Sequence[HasQuad], matches: PageMatches
) -> np.ndarray:
    """A copy of a BGR picture with what `IouScore.update` says of it: outlines `MATCHED`, `MISSED` and `WRONG`."""
    groups = [
        (MATCHED, [found[pair.found].quad for pair in matches.pairs]),
        (MISSED, [truth[i].quad for i in matches.missed]),
        (WRONG, [found[j].quad for j in matches.wrong]),
    ]
    picture = image.copy()
    for colour, quads in groups:
        outlines = [np.rint(quad).astype(np.int32) for quad in quads]
        cv2.polylines(picture, outlines, isClosed=True, color=colour, thickness=2, lineType=cv2.LINE_AA)
    return picture
