"""What several tests of the reader share."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest


def _collapse(path):
    """The map B of the paper (section 3.1), written down plainly."""
    merged = [c for c, _ in itertools.groupby(path)]
    return tuple(c for c in merged if c != 0)


@pytest.fixture
def label_probabilities():
    """Return the probability of each label of (T, C) probabilities: the sum over all paths, for tiny inputs only."""

    def sums(probabilities):
        totals = {}
        steps, classes = probabilities.shape
        for path in itertools.product(range(classes), repeat=steps):
            value = math.prod(probabilities[t, c] for t, c in enumerate(path))
            totals[_collapse(path)] = totals.get(_collapse(path), 0.0) + value
        return totals

    return sums


@pytest.fixture
def softmax():
    """Return a plain softmax over the last axis."""

    def plain(logits):
        shifted = np.exp(logits - logits.max(-1, keepdims=True))
        return shifted / shifted.sum(-1, keepdims=True)

    return plain


@pytest.fixture
def one_hot():
    """Return frames (T, classes) in which the classes of a path have the probability `sure` each."""

    def frames(path, classes=4, sure=0.9):
        rest = (1 - sure) / (classes - 1)
        return np.array([[sure if c == p else rest for c in range(classes)] for p in path])

    return frames
