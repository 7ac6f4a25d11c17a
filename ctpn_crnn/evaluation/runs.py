"""Runs of the detector, the reader or the recognizer over a set: scores, times, and the worst cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from ctpn_crnn.evaluation.worst_cases import WorstCase, WorstCases
from ctpn_crnn.page import Page
from ctpn_crnn.recognizer import Finder, Reader

if TYPE_CHECKING:
    from ctpn_crnn.page import Reading

_Item = TypeVar("_Item")

MATCHED, MISSED, WRONG = (0, 160, 0), (200, 80, 0), (0, 0, 220)
"""Colours (BGR) of outlines in `draw_matches`."""

CURVE_THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
"""Least scores of the detector for which precision and recall are reported: .5, .55 .. .95."""


class PageReader(Protocol):
    """Finds and reads the lines of a page: a `Recognizer`, or any object with this method."""

    def recognize(self, source: np.ndarray) -> Page:
        """Return the page of an image, uint8 BGR (H, W, 3)."""


@dataclass
class Run:
    """The result of a run.

    Attributes:
        scores: Name of a score -> the summary of its class.
        seconds: Seconds of each image; of each line when lines are read.
        skipped: Files that could not be scored, with the reason.
        worst: The worst cases, worst first.
        calibration: The lines that were read, to fit the calibration of a reader to.
    """

    scores: dict[str, Any] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    worst: list[WorstCase] = field(default_factory=list)
    calibration: CalibrationData = field(default_factory=CalibrationData)

    def time_summary(self) -> dict[str, float | None]:
        """Return median_s and mean_s, in seconds for an image or a line; None if none was processed."""
        if not self.seconds:
            return {"median_s": None, "mean_s": None}
        return {"median_s": median(self.seconds), "mean_s": mean(self.seconds)}


def run_recognition(
    crops: Iterable[LineCrop], reader: Reader, *, main_rule: str = "default", batch_size: int = 64, keep_worst: int = 0
) -> Run:
    """Read lines and score them under every rule of `NORMALISATIONS`.

    Args:
        crops: The lines.
        reader: Reads the lines in batches. A batch that fails is read line by line.
        main_rule: The rule for the worst lines, for the confusions, and for what is right in the calibration.
        batch_size: Number of lines read at once.
        keep_worst: Number of the worst lines to keep.

    Returns:
        A run whose scores are a summary for each rule, and "confusions", a list of ``(true, read, times)``.
    """
    scores = {name: RecognitionScore(rule) for name, rule in NORMALISATIONS.items()}
    worst = WorstCases(keep_worst)
    run = Run()
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
    """Find the lines of pages and score their places.

    Args:
        pages: The pages with their true regions.
        detector: Finds lines and formulas.
        keep_worst: Number of pages to keep, those with the lowest F.

    Returns:
        A run with the scores "iou" and "deteval" (both whatever the kind of region), "ends" and "curve"; if the set has
        formulas, also "iou_text" and "iou_formula".
    """
    score, deteval, ends = IouScore(), DetEvalScore(), LineEndScore()
    by_kind = {kind: IouScore(kind=kind) for kind in ("text", "formula")}
    worst = WorstCases(keep_worst)
    run = Run()
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
    """Find and read whole pages and score their text.

    Args:
        pages: The pages with their true regions.
        recognizer: Finds and reads the lines.
        keep_worst: Number of pages to keep, those with the highest CER.

    Returns:
        A run with the score "pages", a `PageScore.summary`.
    """
    score, worst = PageScore(), WorstCases(keep_worst)
    run = Run()
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


def _line_case(crop: LineCrop, reading: Reading, distance: int) -> WorstCase:
    facts = {
        "edits": str(distance),
        "confidence": f"{reading.confidence:.3f}",
        "truth": crop.text,
        "reading": reading.text,
    }
    # Of two lines with equally many edits, the one that was read with more confidence is the worse.
    return WorstCase(crop.name, distance + min(reading.confidence, 1.0) / 2 if distance else 0.0, crop.image, facts)


def _timed(page: PageTruth, work: Callable[[np.ndarray], Any], run: Run) -> tuple[np.ndarray, Any] | None:
    """Load a page and time `work` on it; returns (image, result), or None and an entry in `run.skipped` on an error."""
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
    worst: WorstCases,
    page: PageTruth,
    image: np.ndarray,
    found: Sequence[HasQuad],
    matches: PageMatches,
    facts: dict[str, str],
    badness: float | None = None,
) -> None:
    """Keep a page and a picture of its matches if it is among the worst; its badness is 1 - F by default."""
    hits = len(matches.pairs)
    f = precision_recall_f(hits, hits + len(matches.wrong), hits, hits + len(matches.missed))["f"]
    if badness is None:
        badness = 0.0 if f is None else 1 - f
    if worst.would_keep(badness):
        counts = {
            "f": "-" if f is None else f"{f:.3f}",
            "missed": str(len(matches.missed)),
            "wrong": str(len(matches.wrong)),
        }
        worst.add(
            WorstCase(str(page.path), badness, draw_matches(image, page.regions, found, matches), {**counts, **facts})
        )


def draw_matches(
    image: np.ndarray, truth: Sequence[HasQuad], found: Sequence[HasQuad], matches: PageMatches
) -> np.ndarray:
    """Draw the matches of a page on a copy of its picture.

    Args:
        image: uint8 BGR (H, W, 3).
        truth: The true regions.
        found: The found regions.
        matches: As `IouScore.update` returned them for these regions.

    Returns:
        A picture with matched found regions outlined in `MATCHED`, missed true ones in `MISSED`, wrong ones in `WRONG`.
    """
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
