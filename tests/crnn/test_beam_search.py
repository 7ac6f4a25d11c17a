import itertools
import math

import numpy as np
import pytest

from ctpn_crnn.crnn.beam_search import align, beam_search, softmax_of_visible_frames
from ctpn_crnn.crnn.ctc import greedy_decode


@pytest.mark.parametrize("seed", range(5))
def test_wide_beam_finds_the_most_probable_label(seed, label_probabilities, softmax):
    probabilities = softmax(2 * np.random.default_rng(seed).normal(size=(5, 3)))
    totals = label_probabilities(probabilities)
    label, score = beam_search(probabilities, beam_width=200, prune=0.0)[0]
    assert tuple(label) == max(totals, key=totals.get)
    assert score == pytest.approx(math.log(max(totals.values())), rel=1e-6)


def test_beam_sums_paths_that_greedy_does_not():
    """Blank is the best single path at .36; the label [1] adds up to .48 (paper, figure 2's situation)."""
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4]])
    assert greedy_decode(probabilities[None])[0].classes == []
    assert beam_search(probabilities, 4)[0][0] == [1]


def test_beam_keeps_doubled_letters(one_hot):
    assert beam_search(one_hot([1, 0, 1, 2]), 8)[0][0] == [1, 1, 2]


def test_softmax_only_where_a_character_comes_near():
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 1, (40, 300)).astype(np.float32)
    logits[::2, 0] += 20  # blank
    logits[1::4, 7] += 9
    exact = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    found = softmax_of_visible_frames(logits)
    assert found[1::2] == pytest.approx(exact[1::2], abs=1e-6)
    assert (found[::2, 0] == 1).all() and not found[::2, 1:].any()
    assert exact[::2, 1:].max() < 1e-3  # what was left out, no search would have looked at
    for width in (1, 5, 10):
        assert beam_search(found, width)[0][0] == beam_search(exact, width)[0][0]


def test_align_finds_the_only_possible_frames():
    sure = np.log(np.array([[0.01, 0.9, 0.01], [0.9, 0.01, 0.01], [0.01, 0.01, 0.9], [0.01, 0.01, 0.9]]))
    assert align(sure, [4, 7]) == [(0, 1), (2, 4)]


def test_align_agrees_with_trying_all_paths():
    rng = np.random.default_rng(2)
    for classes in ([4, 7, 7], [5], [3, 3], [2, 9, 2, 9]):
        scores = rng.normal(0, 1, (6, 1 + len(classes)))
        best, wanted = -np.inf, None
        for path in itertools.product(range(1 + len(classes)), repeat=6):
            merged = [k for k, _ in itertools.groupby(path) if k]
            blanks_kept = all(classes[a - 1] != classes[b - 1] for a, b in zip(path, path[1:]) if a and b and a != b)
            total = sum(scores[t, k] for t, k in enumerate(path))
            if merged == list(range(1, 1 + len(classes))) and blanks_kept and total > best:
                best = total
                wanted = [(path.index(k), 6 - path[::-1].index(k)) for k in merged]
        assert align(scores, classes) == wanted
