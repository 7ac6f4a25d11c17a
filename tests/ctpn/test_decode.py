"""Heads to proposals against formulas of the paper worked out one anchor at a time, and plain greedy suppression."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from ctpn_crnn.ctpn.decode import decode_heads, suppress_columns
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS


def blank(
    images: int = 1, rows: int = 6, columns: int = 8, classes: int = 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape = (images, rows, columns, len(ANCHOR_HEIGHTS))
    scores = np.zeros((*shape, classes), np.float32)
    scores[..., 0] = 8
    return scores, np.zeros((*shape, 2), np.float32), np.zeros((*shape, 1), np.float32)


def test_background_gives_nothing():
    (proposals,) = decode_heads(*blank())
    assert proposals.boxes.shape == (0, 4)
    assert len(proposals.scores) == len(proposals.kinds) == len(proposals.sides) == 0


def test_one_anchor_by_hand():
    heads = scores, vertical, side = blank()
    scores[0, 2, 5, 3] = [1, 2, 4]
    vertical[0, 2, 5, 3] = [0.25, math.log(1.5)]
    side[0, 2, 5, 3] = -0.4
    (p,) = decode_heads(*heads)
    height = 11 / 0.7**3  # 32.07
    middle = 2 * 16 + 8 + 0.25 * height
    assert p.boxes[0] == pytest.approx([80, middle - 0.75 * height, 96, middle + 0.75 * height], rel=1e-5)
    assert p.scores[0] == pytest.approx(1 - math.exp(1) / (math.exp(1) + math.exp(2) + math.exp(4)))
    assert (p.kinds.tolist(), p.sides.tolist()) == ([2], pytest.approx([-0.4]))


def test_threshold_is_on_the_probability():
    heads = scores, _, _ = blank()
    scores[0, 0, 0, 0] = [0, 1, 0]  # .788
    assert len(decode_heads(*heads, min_score=0.79)[0].scores) == 0
    assert len(decode_heads(*heads, min_score=0.78)[0].scores) == 1


def test_a_strip_between_two_kinds_is_found():
    heads = scores, _, _ = blank()
    scores[0, 0, 0, 0] = [-20, 5, 5.1]
    (found,) = decode_heads(*heads, min_score=0.9)
    assert found.scores == pytest.approx([1]) and found.kinds.tolist() == [2]


def test_images_kinds_and_columns_do_not_suppress_each_other():
    heads = scores, _, _ = blank(images=3)
    scores[0, 2, 5, 3] = scores[2, 2, 5, 3] = scores[0, 2, 6, 3] = [0, 9, 0]
    scores[0, 2, 5, 4] = [0, 0, 9]
    scores[2, 2, 5, 4] = [0, 8, 0]  # the same kind and column, IoU .7: the weaker one goes
    first, second, third = decode_heads(*heads)
    assert sorted(zip(first.kinds.tolist(), first.boxes[:, 0].tolist(), strict=True)) == [(1, 80), (1, 96), (2, 80)]
    assert len(second.scores) == 0
    assert third.boxes[:, 3] - third.boxes[:, 1] == pytest.approx([11 / 0.7**3])


def test_absurd_outputs_stay_finite():
    heads = scores, vertical, _ = blank()
    scores[0, 0, 0, 0] = [-1e30, 1e30, 0]
    vertical[0, 0, 0, 0] = [0, 1e30]
    (p,) = decode_heads(*heads)
    assert np.isfinite(p.boxes).all()
    assert p.scores[0] == 1


def greedy(group: np.ndarray, y1: np.ndarray, y2: np.ndarray, scores: np.ndarray, max_overlap: float) -> set[int]:
    kept: list[int] = []
    for i in np.argsort(-scores):
        for j in kept:
            common = min(y2[i], y2[j]) - max(y1[i], y1[j])
            if group[i] == group[j] and common > max_overlap * ((y2[i] - y1[i]) + (y2[j] - y1[j]) - common):
                break
        else:
            kept.append(i)
    return set(kept)


@pytest.mark.parametrize("count", [0, 1, 400])
def test_suppression_agrees_with_the_plain_greedy_one(count):
    rng = np.random.default_rng(count)
    group = rng.integers(0, 6, count) * 7
    y1 = rng.uniform(0, 300, count)
    y2 = y1 + rng.uniform(5, 60, count)
    scores = rng.permutation(count) / 1000
    kept = suppress_columns(group, y1, y2, scores, 0.3)
    assert set(kept.tolist()) == greedy(group, y1, y2, scores, 0.3)
    assert (np.diff(group[kept]) >= 0).all()


def test_a_dense_page_is_decoded_fast():
    heads = scores, vertical, _ = blank(rows=110, columns=78)
    rng = np.random.default_rng(0)
    vertical[:] = rng.normal(0, 0.1, vertical.shape)
    scores[..., 1] = np.where(
        rng.random(scores.shape[:-1]) < 0.25, 12, 0
    )  # 21 000 anchors, 30 strips kept in each column
    start = time.thread_time()
    decode_heads(*heads)
    assert time.thread_time() - start < 0.3
