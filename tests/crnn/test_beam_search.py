import itertools
import math

import numpy as np
import pytest

from ctpn_crnn.crnn.beam_search import align, align_frames, beam_search
from ctpn_crnn.crnn.ctc import greedy_decode
from ctpn_crnn.crnn.frame_probabilities import FrameProbabilities


def best_label(probabilities, beam_width, prune=0.0):
    """Return the best label of one line and its log probability."""
    (((label, score),),) = beam_search([FrameProbabilities.from_probabilities(probabilities, prune)], beam_width, prune)
    return label, score


@pytest.mark.parametrize("seed", range(5))
def test_wide_beam_finds_the_most_probable_label(seed, label_probabilities, softmax):
    probabilities = softmax(2 * np.random.default_rng(seed).normal(size=(5, 3)))
    totals = label_probabilities(probabilities)
    label, score = best_label(probabilities, 200)
    assert tuple(label) == max(totals, key=totals.get)
    assert score == pytest.approx(math.log(max(totals.values())), rel=1e-6)


def test_beam_sums_paths_that_greedy_does_not():
    """Blank is the best single path at .36; the label [1] adds up to .48 (paper, figure 2's situation)."""
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4]])
    assert greedy_decode(probabilities[None])[0].classes == []
    assert best_label(probabilities, 4)[0] == [1]


def test_beam_keeps_doubled_letters(one_hot):
    assert best_label(one_hot([1, 0, 1, 2]), 8)[0] == [1, 1, 2]


@pytest.mark.parametrize("beam_width", [3, 200])
def test_lines_searched_together_are_read_as_alone(beam_width, softmax):
    random = np.random.default_rng(7)
    lines = [softmax(2 * random.normal(size=(frames, 4))) for frames in (1, 9, 4, 12)]
    lines[1][3:6] = [[1, 0, 0, 0]] * 3
    lines.insert(2, np.array([[1.0, 0, 0, 0]] * 5))
    frames = [FrameProbabilities.from_probabilities(line, 1e-6) for line in lines]
    together = beam_search(frames, beam_width, results=3)
    assert [len(found) for found in together] == [3, 3, 1, 3, 3]
    for line, found in zip(frames, together):
        (alone,) = beam_search([line], beam_width, results=3)
        assert [label for label, _ in found] == [label for label, _ in alone]
        assert [score for _, score in found] == pytest.approx([score for _, score in alone])
    assert beam_search([], beam_width) == []


def test_every_label_has_the_sum_of_its_alignments(label_probabilities, softmax):
    """A gap of two sure blanks and equal neighbours among them, where prefixes meet that were reached in two ways."""
    probabilities = softmax(np.random.default_rng(3).normal(size=(6, 3)))
    probabilities[2:4] = [[1, 0, 0]] * 2
    totals = label_probabilities(probabilities)
    (found,) = beam_search([FrameProbabilities.from_probabilities(probabilities, 1e-9)], 500, 0.0, results=500)
    assert len(found) == len({tuple(label) for label, _ in found}) == sum(value > 0 for value in totals.values())
    for label, score in found:
        assert score == pytest.approx(math.log(totals[tuple(label)]), rel=1e-6)


def test_prefixes_far_behind_the_best_are_dropped(one_hot):
    line = FrameProbabilities.from_probabilities(one_hot([1, 0, 2], sure=0.97), 0.0)
    wide, narrow = (beam_search([line], 200, prune, results=200)[0] for prune in (0.0, 0.5))
    assert len(wide) > 10 and len(narrow) == 1
    assert narrow[0][0] == wide[0][0] == [1, 2]


def test_align_finds_the_only_possible_frames():
    sure = np.log(np.array([[0.01, 0.9, 0.01], [0.9, 0.01, 0.01], [0.01, 0.01, 0.9], [0.01, 0.01, 0.9]]))
    assert align_frames(sure, [4, 7]) == [(0, 1), (2, 4)]


def test_aligned_characters_have_their_highest_probability(one_hot):
    probabilities = one_hot([1, 0, 2, 2], sure=0.8)
    probabilities[3] = [0.1, 0.1, 0.7, 0.1]
    line = FrameProbabilities.from_probabilities(probabilities)
    found = align(line, [1, 2])
    assert (found.classes, found.spans) == ([1, 2], [(0, 1), (2, 4)])
    assert found.confidences == pytest.approx([0.8, 0.8])


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
        assert align_frames(scores, classes) == wanted
