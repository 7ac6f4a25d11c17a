"""Outputs of two networks side by side: as probabilities, and as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.ctc import greedy_decode
from ctpn_crnn.weights import WeightsFile


def with_probabilities(outputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return outputs of a network with the first, logits (..., classes), turned into probabilities."""
    logits, *rest = (np.asarray(output) for output in outputs)
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return [exponentials / exponentials.sum(-1, keepdims=True), *rest]


def greedy_texts(file: WeightsFile, probabilities: np.ndarray) -> list[str]:
    """Decode the best-path text of each line of (N, T, classes)."""
    charset = Charset(file.charset or "")
    return [charset.decode(decoded.classes) for decoded in greedy_decode(probabilities)]


def character_error(expected: Sequence[str], found: Sequence[str]) -> float:
    """Return the edits between texts, by the number of expected characters."""
    edits = sum(Levenshtein.distance(a, b) for a, b in zip(expected, found, strict=True))
    return edits / max(1, sum(map(len, expected)))
