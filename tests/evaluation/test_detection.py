"""Detection scores worked out by hand; areas are those of upright boxes unless said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ctpn_crnn.datasets import TruthRegion
from ctpn_crnn.evaluation import DetEvalScore, IouScore, Match
from ctpn_crnn.evaluation.overlaps import Overlaps
from ctpn_crnn.geometry import box_to_quad


@dataclass
class Found:
    quad: np.ndarray
    score: float = 1.0
    kind: str = "text"


def truth(*box: float, **options: object) -> TruthRegion:
    return TruthRegion(box_to_quad(*box), **options)


def found(*box: float, **options: object) -> Found:
    return Found(box_to_quad(*box), **options)


class TestOverlaps:
    def test_areas(self) -> None:
        diamond = np.array([[5, 0], [10, 5], [5, 10], [0, 5]], np.float32)
        overlaps = Overlaps(
            [box_to_quad(0, 0, 10, 10), box_to_quad(20, 0, 21, 1)], [box_to_quad(5, 0, 15, 10), diamond]
        )
        np.testing.assert_allclose(overlaps.common, [[50, 50], [0, 0]], rtol=1e-5)
        np.testing.assert_allclose(overlaps.iou, [[1 / 3, 0.5], [0, 0]], rtol=1e-5)
        np.testing.assert_allclose(overlaps.share_of_b, [[0.5, 1], [0, 0]], rtol=1e-5)

    def test_empty(self) -> None:
        assert Overlaps([], []).iou.shape == (0, 0)
        assert Overlaps([box_to_quad(0, 0, 1, 1)], []).share_of_a.shape == (1, 0)
        assert Overlaps([], [box_to_quad(0, 0, 1, 1)]).share_of_a.shape == (0, 1)


class TestIou:
    def test_counts(self) -> None:
        score = IouScore()
        # IoU 8/10 with the first; 3/10 with the second: too little; nothing near the third.
        matches = score.update(
            [truth(0, 0, 10, 10), truth(100, 0, 110, 10), truth(200, 0, 210, 10)],
            [found(100, 0, 103, 10), found(0, 0, 8, 10)],
        )
        assert matches.pairs == [Match(0, 1, pytest.approx(0.8))]
        assert (matches.missed, matches.wrong) == ([1, 2], [0])
        summary = score.summary()
        assert summary["precision"] == 1 / 2 and summary["recall"] == 1 / 3
        assert summary["f"] == pytest.approx(2 * (1 / 2) * (1 / 3) / (5 / 6))
        assert summary["mean_iou"] == pytest.approx(0.8)

    def test_best_pair_first(self) -> None:
        # A has IoU .6 with the first and 1 with the second; B has .6 with the second and .2 with the first.
        matches = IouScore().update(
            [truth(0, 0, 6, 10), truth(0, 0, 10, 10)], [found(0, 0, 10, 10), found(4, 0, 10, 10)]
        )
        assert [(m.truth, m.found) for m in matches.pairs] == [(1, 0)]
        assert (matches.missed, matches.wrong) == ([0], [1])

    def test_threshold_is_inclusive(self) -> None:
        assert IouScore().update([truth(0, 0, 10, 10)], [found(0, 0, 5, 10)]).pairs
        assert not IouScore(0.51).update([truth(0, 0, 10, 10)], [found(0, 0, 5, 10)]).pairs

    def test_ignored_regions(self) -> None:
        score = IouScore()
        regions = [truth(0, 0, 10, 10), truth(20, 0, 30, 10, ignore=True), truth(30, 0, 40, 10, ignore=True)]
        # Across both ignored regions; 4 of 10 inside; on the ignored region exactly.
        matches = score.update(regions, [found(20, 0, 40, 10), found(16, 0, 26, 4), found(14, 0, 24, 10)])
        assert matches.wrong == [2], "60 % of the second lie inside, 40 % of the third"
        assert score.summary()["found"] == 1 and score.summary()["truth"] == 1

    def test_a_match_inside_an_ignored_region_counts(self) -> None:
        score = IouScore()
        score.update([truth(0, 0, 10, 10), truth(0, 0, 50, 50, ignore=True)], [found(0, 0, 10, 10)])
        assert score.summary()["f"] == 1

    def test_kinds(self) -> None:
        regions = [truth(0, 0, 10, 10), truth(20, 0, 30, 10, kind="formula")]
        given = [found(0, 0, 10, 10, kind="formula"), found(20, 0, 30, 10, kind="formula")]
        summaries = {}
        for kind in (None, "text", "formula"):
            score = IouScore(kind=kind)
            score.update(regions, given)
            summaries[kind] = score.summary()
        assert summaries[None]["f"] == 1
        assert (summaries["text"]["recall"], summaries["text"]["precision"], summaries["text"]["f"]) == (0, None, 0)
        assert (summaries["formula"]["recall"], summaries["formula"]["precision"]) == (1, 0.5)

    def test_degenerate(self) -> None:
        score = IouScore()
        assert score.summary()["f"] is None and score.summary()["mean_iou"] is None
        assert score.update([], []).pairs == []
        assert score.summary()["f"] is None
        score.update([], [found(0, 0, 1, 1)])
        assert (score.summary()["precision"], score.summary()["recall"], score.summary()["f"]) == (0, None, 0)

    def test_curve(self) -> None:
        score = IouScore()
        score.update(
            [truth(0, 0, 10, 10), truth(20, 0, 30, 10)],
            [found(0, 0, 10, 10, score=0.9), found(50, 0, 60, 10, score=0.8), found(20, 0, 30, 10, score=0.7)],
        )
        low, high = score.curve([0.5, 0.85])
        assert (low["precision"], low["recall"]) == (pytest.approx(2 / 3), 1)
        assert (high["precision"], high["recall"]) == (1, 0.5)


class TestDetEval:
    def score(self, regions: list[TruthRegion], given: list[Found], **options: float) -> tuple[float, float]:
        score = DetEvalScore(**options)
        score.update(regions, given)
        summary = score.summary()
        return summary["precision"], summary["recall"]

    def test_one_to_one(self) -> None:
        # Covers 8/10 of the truth, all of it truth: just enough. 7/10 is not.
        assert self.score([truth(0, 0, 10, 10)], [found(0, 0, 8, 10)]) == (1, 1)
        assert self.score([truth(0, 0, 10, 10)], [found(0, 0, 7, 10)]) == (0, 0)
        # Covers all of the truth, 10/25 = .4 of it truth: just enough. 10/26 is not.
        assert self.score([truth(0, 0, 10, 10)], [found(0, 0, 25, 10)]) == (1, 1)
        assert self.score([truth(0, 0, 10, 10)], [found(0, 0, 26, 10)]) == (0, 0)

    def test_one_to_many(self) -> None:
        # A line found in two pieces of .5 and .4: together .9 of it. A third piece, elsewhere, is wrong.
        pieces = [found(0, 0, 50, 10), found(60, 0, 100, 10), found(200, 0, 210, 10)]
        precision, recall = self.score([truth(0, 0, 100, 10)], pieces)
        assert precision == pytest.approx((0.8 + 0.8) / 3) and recall == pytest.approx(0.8)
        assert self.score([truth(0, 0, 100, 10)], [found(0, 0, 40, 10), found(60, 0, 99, 10)]) == (0, 0), ".79 together"

    def test_many_to_one(self) -> None:
        # Two words found as one: each covered, 80 % of the found region is words.
        words = [truth(0, 0, 40, 10), truth(60, 0, 100, 10), truth(200, 0, 210, 10)]
        assert self.score(words, [found(0, 0, 100, 10)]) == (1, pytest.approx(2 / 3))
        precision, recall = self.score(words, [found(0, 0, 100, 10)], merge_score=0.8)
        assert precision == pytest.approx(0.8) and recall == pytest.approx(1.6 / 3)

    def test_all_at_once(self) -> None:
        # One to one; split in two; merged; missed. Truth: 1 + .8 + 1 + 1 + 0 of 5. Found: 1 + .8 + .8 + 1 + 0 of 5.
        regions = [truth(0, y, 100, y + 10) for y in (0, 20)]
        regions += [truth(0, 40, 45, 50), truth(50, 40, 100, 50), truth(0, 60, 100, 70)]
        given = [found(0, 0, 100, 10), found(0, 20, 50, 30), found(50, 20, 100, 30), found(0, 40, 100, 50)]
        given += [found(0, 80, 9, 90)]
        precision, recall = self.score(regions, given)
        assert precision == pytest.approx(3.6 / 5) and recall == pytest.approx(3.8 / 5)

    def test_slight_overlaps_do_not_spoil_a_match(self) -> None:
        # The second found region overlaps both lines, the first of them by a tenth.
        precision, recall = self.score(
            [truth(0, 0, 100, 10), truth(0, 10, 100, 20)], [found(0, 0, 100, 10), found(0, 9, 100, 19)]
        )
        assert (precision, recall) == (1, 1)

    def test_ignored_and_empty(self) -> None:
        score = DetEvalScore()
        score.update([], [])
        assert score.summary()["f"] is None
        score.update([truth(0, 0, 10, 10, ignore=True)], [found(0, 0, 10, 10)])
        assert (score.summary()["truth"], score.summary()["found"]) == (0, 0)
        score.update([truth(0, 0, 10, 10)], [])
        assert (score.summary()["recall"], score.summary()["f"]) == (0, 0)
