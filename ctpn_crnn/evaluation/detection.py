"""Scores of finding lines: precision, recall and F, by IoU and by DetEval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.evaluation.overlaps import HasQuad, Overlaps, inside

_ROUNDING = 1e-4
"""Tolerance of shares of areas, so that rounding does not decide about a region exactly at a threshold."""


@dataclass(frozen=True)
class Match:
    """A true region and the found region that matches it, as indices into the lists given to `IouScore.update`."""

    truth: int
    found: int
    iou: float


@dataclass(frozen=True)
class PageMatches:
    """The matched, missed and wrong regions of one page.

    Attributes:
        pairs: True regions with the found regions that match them.
        missed: Indices of the true regions that were not found.
        wrong: Indices of the found regions that match nothing, without those that lie in ignored regions.
    """

    pairs: list[Match]
    missed: list[int]
    wrong: list[int]


class IouScore:
    """Matches one true region with one found region by their IoU; pairs are taken greedily, the best first.

    A found region without a match is not counted as wrong when it mostly lies in ignored regions (ICDAR 2015).

    Args:
        threshold: Least IoU of a pair.
        ignore_share: A found region without a match is not counted when more than this share of it is ignored.
        kind: Score the true and found regions of this kind only; None scores all regions, whatever their kind.
    """

    def __init__(self, threshold: float = 0.5, ignore_share: float = 0.5, kind: str | None = None) -> None:
        self._threshold = threshold
        self._ignore_share = ignore_share
        self._kind = kind
        self._truths = 0
        self._ious: list[float] = []
        self._scored: list[tuple[float, bool]] = []

    def update(self, truth: Sequence[TruthRegion], found: Sequence[HasQuad]) -> PageMatches:
        """Add a page and return its matches."""
        wanted = [i for i, region in enumerate(truth) if not region.ignore and self._is_scored(region.kind)]
        given = [j for j, region in enumerate(found) if self._is_scored(region.kind)]
        pairs = _greedy_pairs(
            Overlaps([truth[i].quad for i in wanted], [found[j].quad for j in given]).iou,
            self._threshold,
            wanted,
            given,
        )
        matched = {pair.found for pair in pairs}
        rest = [j for j in given if j not in matched]
        ignored = inside([found[j].quad for j in rest], [r.quad for r in truth if r.ignore], self._ignore_share)
        wrong = [j for j, is_ignored in zip(rest, ignored, strict=True) if not is_ignored]
        self._truths += len(wanted)
        self._ious += [pair.iou for pair in pairs]
        self._scored += [(_score_of(found[j]), j in matched) for j in sorted([*matched, *wrong])]
        hit = {pair.truth for pair in pairs}
        return PageMatches(pairs, [i for i in wanted if i not in hit], wrong)

    def summary(self) -> dict[str, Any]:
        """Return the scores of all pages together.

        Returns:
            precision, recall, f: None where undefined.
            mean_iou: Of the pairs.
            truth, found, matched: Numbers of true regions, found regions and pairs.
        """
        matched = len(self._ious)
        return {
            **precision_recall_f(matched, len(self._scored), matched, self._truths),
            "mean_iou": float(np.mean(self._ious)) if matched else None,
            "truth": self._truths,
            "found": len(self._scored),
            "matched": matched,
        }

    def curve(self, thresholds: Sequence[float]) -> list[dict[str, float | None]]:
        """Return precision, recall and F as if the detector had kept only regions of a least score.

        The pairs stay those of all regions. Matching anew would differ only where two found regions compete for a true
        one.

        Returns:
            A dictionary for each threshold: threshold, precision, recall, f.
        """
        points = []
        for threshold in thresholds:
            kept = [is_matched for score, is_matched in self._scored if score >= threshold]
            points.append({"threshold": threshold, **precision_recall_f(sum(kept), len(kept), sum(kept), self._truths)})
        return points

    def _is_scored(self, kind: str) -> bool:
        return self._kind in (None, kind)


class DetEvalScore:
    """DetEval (Wolf and Jolion, IJDAR 8(4), 2006, section 4): one-to-one, one-to-many and many-to-one matches.

    A true region G and a found region D that overlap nothing else match one to one when D covers enough of G (area
    recall >= `recall_threshold`) and enough of D lies in G (area precision >= `precision_threshold`). When several D
    together cover a G, it counts `split_score`, and so does each of those D. When one D covers several G, each of them
    counts `merge_score`, and so does the D. When all but one of these overlaps are too slight to take part, G and D
    count 1. Order and defaults are those of the ICDAR 2013 competition, which does not penalise merging; Wolf and
    Jolion set both to .8.

    Args:
        recall_threshold: t_r, least area recall.
        precision_threshold: t_p, least area precision.
        split_score: Score of a true region that was found in pieces.
        merge_score: Score of true regions that were found as one.
    """

    def __init__(
        self,
        recall_threshold: float = 0.8,
        precision_threshold: float = 0.4,
        split_score: float = 0.8,
        merge_score: float = 1.0,
    ) -> None:
        self._recall_threshold = recall_threshold
        self._precision_threshold = precision_threshold
        self._split_score = split_score
        self._merge_score = merge_score
        self._truths = self._found = 0
        self._truth_points = self._found_points = 0.0

    def update(self, truth: Sequence[TruthRegion], found: Sequence[HasQuad]) -> None:
        """Add a page."""
        wanted = [region.quad for region in truth if not region.ignore]
        given = [region.quad for region in found]
        ignored = inside(given, [region.quad for region in truth if region.ignore], self._precision_threshold)
        given = [quad for quad, is_ignored in zip(given, ignored, strict=True) if not is_ignored]
        overlaps = Overlaps(wanted, given)
        truth_points, found_points = self._points(overlaps.share_of_a, overlaps.share_of_b)
        self._truths += len(wanted)
        self._found += len(given)
        self._truth_points += float(truth_points.sum())
        self._found_points += float(found_points.sum())

    def summary(self) -> dict[str, Any]:
        """Return precision, recall, f (None where undefined) and the counts truth, found."""
        scores = precision_recall_f(self._found_points, self._found, self._truth_points, self._truths)
        return {**scores, "truth": self._truths, "found": self._found}

    def _points(self, recall: np.ndarray, precision: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the score of each true and each found region, from the matrices of area recall and area precision."""
        covers = recall >= self._recall_threshold - _ROUNDING
        belongs = precision >= self._precision_threshold - _ROUNDING
        both = covers & belongs
        in_pieces, merged = (recall > 0).sum(axis=1) > 1, (recall > 0).sum(axis=0) > 1
        single = both & ~in_pieces[:, None] & ~merged[None]
        truth_points, found_points = single.any(axis=1).astype(float), single.any(axis=0).astype(float)
        free_truth, free_found = truth_points == 0, found_points == 0
        for i in np.flatnonzero(free_truth & in_pieces):
            pieces = np.flatnonzero(free_found & belongs[i])
            if recall[i, pieces].sum() >= self._recall_threshold - _ROUNDING:
                points = self._split_score if len(pieces) > 1 else 1.0
                truth_points[i], found_points[pieces] = points, points
                free_truth[i], free_found[pieces] = False, False
        for j in np.flatnonzero(free_found & merged):
            parts = np.flatnonzero(free_truth & covers[:, j])
            if len(parts) and precision[parts, j].sum() >= self._precision_threshold - _ROUNDING:
                points = self._merge_score if len(parts) > 1 else 1.0
                truth_points[parts], found_points[j] = points, points
                free_truth[parts], free_found[j] = False, False
        return truth_points, found_points


def precision_recall_f(right: float, found: float, hit: float, truths: float) -> dict[str, float | None]:
    """Return ``{"precision": right / found, "recall": hit / truths, "f": their harmonic mean}``.

    Precision is None when nothing was found, recall when there was nothing to find. F is None when both are None, and 0
    when one of them is.
    """
    precision = right / found if found else None
    recall = hit / truths if truths else None
    if precision is None and recall is None:
        f = None
    elif not precision or not recall:
        f = 0.0
    else:
        f = 2 * precision * recall / (precision + recall)
    return {"precision": precision, "recall": recall, "f": f}


def _greedy_pairs(iou: np.ndarray, threshold: float, rows: list[int], columns: list[int]) -> list[Match]:
    """Return pairs with an IoU of at least `threshold`, best first, each row and each column at most once.

    Args:
        iou: (len(rows), len(columns)).
        threshold: Least IoU.
        rows: Index of the true region of each row.
        columns: Index of the found region of each column.
    """
    candidates = np.argwhere(iou >= threshold)
    order = np.argsort(-iou[candidates[:, 0], candidates[:, 1]], kind="stable")
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    pairs = []
    for row, column in candidates[order].tolist():
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            pairs.append(Match(rows[row], columns[column], float(iou[row, column])))
    return pairs


def _score_of(region: HasQuad) -> float:
    """Return the detector's score; for a line of a page, which has none, its confidence."""
    return float(getattr(region, "score", getattr(region, "confidence", 1.0)))
