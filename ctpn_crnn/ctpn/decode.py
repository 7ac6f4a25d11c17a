"""The heads of CTPN to proposals, in NumPy: what `proposal.Proposal` does inside a graph, for any runtime.

Only anchors that can reach the score threshold are decoded, and strips are suppressed column by column: strips of one
column share their x edges, so that their overlap is that of two intervals, and all columns of all images are worked on
together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ctpn_crnn.ctpn.anchors import anchor_grid
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE

MAX_LOG_HEIGHT = math.log(4.0)
"""A strip is at most four times as high as its anchor (anchors are a factor of 1.43 apart); keeps exp() finite."""


class Proposals(NamedTuple):
    """Strips of one image, in the order of columns: boxes (P, 4) x1, y1, x2, y2 in pixels, scores (P,) the probability
    that they are not background, kinds (P,) int (the index of the likeliest class, background = 0 not among them),
    sides (P,) offsets of a line's end in strips."""

    boxes: np.ndarray
    scores: np.ndarray
    kinds: np.ndarray
    sides: np.ndarray


def decode_heads(
    scores: np.ndarray,
    vertical: np.ndarray,
    side: np.ndarray,
    *,
    heights: Sequence[float] = ANCHOR_HEIGHTS,
    min_score: float = 0.7,
    max_overlap: float = 0.3,
) -> list[Proposals]:
    """Turn the outputs of the network into strips.

    Args:
        scores: Logits (N, rows, columns, k, classes); class 0 is the background.
        vertical: (N, rows, columns, k, 2): v_c = (c_y - c_y_anchor) / h_anchor, v_h = log(h / h_anchor) (paper, eq. 2).
        side: (N, rows, columns, k, 1): o = (x_side - c_x) / 16 (paper, eq. 4).
        heights: Anchor heights in pixels, k of them.
        min_score: Least probability that a strip is not background (paper: .7). Which of the other classes it is, is
            another question: a strip that is half text and half formula is there all the same.
        max_overlap: A strip that overlaps a better one of its class by more than this IoU is dropped.

    Returns:
        Proposals of each of the N images.
    """
    images = len(scores)
    columns = scores.shape[2]
    index, probability, kind = _candidates(scores, min_score)
    image, row, column, k = index
    y1, y2 = _vertical_edges(row, k, vertical[index], heights)
    group = (image * scores.shape[-1] + kind) * columns + column
    kept = suppress_columns(group, y1, y2, probability, max_overlap)
    image, column, kind, probability = image[kept], column[kept], kind[kept], probability[kept]
    x1 = (column * STRIDE).astype(np.float32)
    boxes = np.stack([x1, y1[kept], x1 + STRIDE, y2[kept]], axis=1)
    offsets = side[index][:, 0][kept]
    # Groups are sorted by image first, and so is what is kept of them.
    bounds = np.searchsorted(image, np.arange(images + 1))
    return [Proposals(boxes[a:b], probability[a:b], kind[a:b], offsets[a:b]) for a, b in pairwise(bounds)]


def suppress_columns(
    group: np.ndarray, y1: np.ndarray, y2: np.ndarray, scores: np.ndarray, max_overlap: float
) -> np.ndarray:
    """Greedy non-maximum suppression of intervals, in all groups at once.

    Each round takes the best remaining strip of every group, so the number of rounds is that of the strips kept in the
    fullest group, and memory stays linear in the number of strips.

    Args:
        group: (P,) ints; only strips of one group (a column of one class of one image) compete.
        y1: (P,) upper edges.
        y2: (P,) lower edges.
        scores: (P,) scores.
        max_overlap: Largest intersection over union left standing.

    Returns:
        Indices of the strips kept, sorted by group, then by descending score.
    """
    left = np.lexsort((-scores, group))
    rounds = [left[:0]]
    remaining, y1, y2 = group[left], y1[left], y2[left]
    while len(left):
        best = np.flatnonzero(np.diff(remaining, prepend=remaining[0] - 1))
        rounds.append(left[best])
        counts = np.diff(best, append=len(left))
        top, bottom = np.repeat(y1[best], counts), np.repeat(y2[best], counts)
        common = np.minimum(bottom, y2) - np.maximum(top, y1)
        stay = common <= max_overlap * ((bottom - top) + (y2 - y1) - common)
        stay[best] = False
        left, remaining, y1, y2 = left[stay], remaining[stay], y1[stay], y2[stay]
    kept = np.concatenate(rounds)
    return kept[np.argsort(group[kept], kind="stable")]


def _candidates(scores: np.ndarray, min_score: float) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """Return where (image, row, column, k) there is something with a probability of ``min_score``, that probability,
    and the most likely class."""
    # Something with a probability of t needs one class with a lead over the background of log(t / (1 - t)) less the log
    # of their number: most anchors drop out before any exponential.
    lead = math.log(max(min_score, 1e-6) / max(1 - min_score, 1e-6)) - math.log(scores.shape[-1] - 1)
    foreground = scores[..., 1]
    for c in range(2, scores.shape[-1]):
        foreground = np.maximum(foreground, scores[..., c])
    index = np.nonzero(foreground - scores[..., 0] >= lead)
    logits = scores[index].astype(np.float32)
    logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(logits, out=logits)
    probabilities = logits / logits.sum(axis=1, keepdims=True)
    kind = 1 + np.argmax(probabilities[:, 1:], axis=1) if len(logits) else np.zeros(0, np.int64)
    probability = probabilities[:, 1:].sum(axis=1)
    sure = probability >= min_score
    return tuple(axis[sure] for axis in index), probability[sure], kind[sure]


def _vertical_edges(
    row: np.ndarray, k: np.ndarray, offsets: np.ndarray, heights: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return upper and lower edges (P,) of the strips of anchors ``k`` in ``row``."""
    anchors = np.asarray(anchor_grid(1, 1, heights), np.float32)[0, 0]
    height = (anchors[:, 3] - anchors[:, 1])[k]
    middle = ((anchors[:, 3] + anchors[:, 1]) / 2)[k] + row * np.float32(STRIDE)
    middle = middle + offsets[:, 0] * height
    half = height * np.exp(np.minimum(offsets[:, 1], MAX_LOG_HEIGHT)) / 2
    return (middle - half).astype(np.float32), (middle + half).astype(np.float32)
