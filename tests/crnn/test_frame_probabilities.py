"""What is left of the softmax of a line."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.crnn.ctc import greedy_decode
from ctpn_crnn.crnn.frame_probabilities import PRUNE, FrameProbabilities


@pytest.fixture
def logits():
    """Logits (40, 300): every other frame is a sure blank, and class 7 is likely in every second of the others."""
    logits = np.random.default_rng(5).normal(0, 1, (40, 300)).astype(np.float32)
    logits[::2, 0] += 20
    logits[1::4, 7] += 9
    return logits


def test_only_probable_characters_are_left(logits, softmax):
    exact = softmax(logits)
    line = FrameProbabilities.from_logits(logits)
    assert line.blank[1::2] == pytest.approx(exact[1::2, 0], abs=1e-6)
    assert (line.blank[::2] == 1).all() and exact[::2, 1:].max() < PRUNE
    found = np.zeros_like(exact)
    found[line.frames, line.classes] = line.values
    assert found == pytest.approx(np.where((exact >= PRUNE) & (np.arange(300) > 0), exact, 0), abs=1e-6)
    assert line.of_classes(np.array([7, 3, 7])) == pytest.approx(np.c_[line.blank, found[:, [7, 3, 7]]])


def test_best_path_is_that_of_all_classes(logits, softmax):
    (expected,) = greedy_decode(softmax(logits)[None])
    found = FrameProbabilities.from_logits(logits).best_path()
    assert (found.classes, found.spans) == (expected.classes, expected.spans)
    assert found.confidences == pytest.approx(expected.confidences, abs=1e-6)


def test_a_scaled_class_is_as_if_its_logit_were_lower(softmax):
    logits = np.random.default_rng(1).normal(0, 1, (9, 5)).astype(np.float32)
    factors = np.array([1, 1, 0.03, 1, 0.5])
    expected = FrameProbabilities.from_logits(logits + np.log(factors).astype(np.float32))
    found = FrameProbabilities.from_logits(logits).scaled(factors)
    assert found.blank == pytest.approx(expected.blank, abs=1e-5)
    assert found.values == pytest.approx(expected.values, abs=1e-5)


def test_a_line_without_frames():
    line = FrameProbabilities.from_logits(np.zeros((0, 4), np.float32))
    assert line.best_path().classes == [] and len(line.blank) == 0
