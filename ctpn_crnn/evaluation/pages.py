"""Scores of whole pages: lines found, text read, and reading order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from ctpn_crnn.datasets.samples import PageTruth, TruthRegion
from ctpn_crnn.evaluation.detection import IouScore, PageMatches, precision_recall_f
from ctpn_crnn.evaluation.line_ends import LineEndScore
from ctpn_crnn.evaluation.normalisation import fold_width
from ctpn_crnn.evaluation.overlaps import Overlaps, inside
from ctpn_crnn.evaluation.recognition import RecognitionScore
from ctpn_crnn.page import Page, TextLine


class PageScore:
    """Compares pages with their ground truth, page by page, and sums up.

    The true text of a page is that of its lines in the order of the annotation file. Texts are compared in Unicode form
    NFKC without spaces. Formulas, ignored regions and regions of unknown text are left out, and so is text read inside
    them.

    Args:
        iou_threshold: Least IoU of a found line and a true one.
    """

    def __init__(self, iou_threshold: float = 0.5) -> None:
        self._detection = IouScore(iou_threshold)
        self._ends = LineEndScore()
        self._lines = RecognitionScore(fold_width)
        self._pages = self._characters = self._read = self._shared = 0
        self._matched_edits = self._ordered_edits = 0

    def update(self, truth: PageTruth, page: Page) -> dict[str, Any]:
        """Add a page.

        Returns:
            The scores of this page: cer, cer_in_order, character_f1, truth_text and page_text (the texts that were
            compared), and matches, a `PageMatches`.
        """
        matches = self._detection.update(truth.regions, page.lines)
        self._ends.update(truth.regions, page.lines, matches.pairs)
        self._update_lines(truth.regions, page.lines, matches)
        readable = [region for region in truth.regions if _is_readable(region)]
        read = _scored_lines(truth.regions, page.lines)
        true_text = _join([region.text or "" for region in readable])
        page_text = _join([line.text for line in read])
        matched_text = _join([line.text for line in _in_true_order(readable, read)])
        matched_edits, ordered_edits = (Levenshtein.distance(true_text, text) for text in (matched_text, page_text))
        shared = (Counter(true_text) & Counter(page_text)).total()
        self._pages += 1
        self._characters += len(true_text)
        self._read += len(page_text)
        self._shared += shared
        self._matched_edits += matched_edits
        self._ordered_edits += ordered_edits
        return {
            "cer": _share(matched_edits, len(true_text)),
            "cer_in_order": _share(ordered_edits, len(true_text)),
            "character_f1": precision_recall_f(shared, len(page_text), shared, len(true_text))["f"],
            "truth_text": "\n".join(region.text or "" for region in readable),
            "page_text": "\n".join(line.text for line in read),
            "matches": matches,
        }

    def summary(self) -> dict[str, Any]:
        """Return the scores of all pages together. A score that would divide by zero is None.

        Returns:
            pages, characters: Numbers of pages and of true characters.
            cer: Edits between the texts of the pages, over the true characters. The found lines are put into the order
                of the true lines that they lie on, so that the reading order does not count.
            cer_in_order: Edits over true characters with the found lines in the page's own reading order.
            character_precision, character_recall, character_f1: Of the multisets of characters; order does not count.
            matched_lines: `RecognitionScore.summary` of the found lines that match a true one.
            detection: `IouScore.summary`.
            ends: `LineEndScore.summary`.
        """
        characters = precision_recall_f(self._shared, self._read, self._shared, self._characters)
        return {
            "pages": self._pages,
            "characters": self._characters,
            "cer": _share(self._matched_edits, self._characters),
            "cer_in_order": _share(self._ordered_edits, self._characters),
            "character_precision": characters["precision"],
            "character_recall": characters["recall"],
            "character_f1": characters["f"],
            "matched_lines": self._lines.summary(),
            "detection": self._detection.summary(),
            "ends": self._ends.summary(),
        }

    def _update_lines(self, truth: Sequence[TruthRegion], lines: Sequence[TextLine], matches: PageMatches) -> None:
        for pair in matches.pairs:
            region, line = truth[pair.truth], lines[pair.found]
            if _is_readable(region):
                self._lines.update(region.text or "", line.text, line.confidence)


def _is_readable(region: TruthRegion) -> bool:
    return not region.ignore and region.kind == "text" and region.text is not None


def _scored_lines(truth: Sequence[TruthRegion], lines: Sequence[TextLine]) -> list[TextLine]:
    """Return the lines that do not mostly lie in regions whose text is not scored."""
    unscored = [region.quad for region in truth if not _is_readable(region)]
    ignored = inside([line.quad for line in lines], unscored, 0.5)
    return [line for line, is_ignored in zip(lines, ignored, strict=True) if not is_ignored]


def _in_true_order(truth: Sequence[TruthRegion], lines: Sequence[TextLine]) -> list[TextLine]:
    """Sort found lines by the true line that they overlap most; pieces of one true line from left to right.

    A found line that overlaps no true line stays behind its predecessor.
    """
    common = Overlaps([line.quad for line in lines], [region.quad for region in truth]).common
    keys: list[tuple[float, float]] = []
    previous = (-1.0, 0.0)
    for line, shares in zip(lines, common, strict=True):
        if len(truth) and shares.max() > 0:
            best = int(shares.argmax())
            previous = (float(best), _place_along(truth[best].quad, line.quad))
        keys.append(previous)
    return [lines[i] for i in sorted(range(len(lines)), key=keys.__getitem__)]


def _place_along(line: np.ndarray, quad: np.ndarray) -> float:
    """Return the distance of a quad's centre from a line's top left corner, in pixels along the line."""
    along = np.asarray(line[1], float) - line[0]
    return float((np.mean(quad, axis=0) - line[0]) @ along / max(float(np.hypot(*along)), 1e-9))


def _join(texts: Sequence[str]) -> str:
    return fold_width("".join(texts))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
