"""Heads of the CTPN to proposals, in NumPy, for any runtime; and the formulas that `proposal.Proposal` shares.

Only anchors that can reach the score threshold are decoded. Strips are suppressed column by column: strips of one
column share their x edges, so their overlap is that of two intervals. All columns of all images are worked on together.

The shared formulas take an array module: `numpy` or `keras.ops`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from ctpn_crnn.ctpn.anchors import anchor_grid
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE

MAX_LOG_HEIGHT = math.log(4.0)
"""A strip is at most four times as high as its anchor (anchors are a factor of 1.43 apart); keeps exp() finite."""


def foreground(xp: ModuleType, logits: Any) -> tuple[Any, Any]:
    """Return scores and classes of anchors.

    Args:
        xp: Array module.
        logits: (..., classes); class 0 is the background.

    Returns:
        The probability (...) that the anchor is not background, and its likeliest class (...) among the others. Which
        class it is does not change the score: a strip that is half text and half formula is there all the same.
    """
    exponentials = xp.exp(logits - xp.max(logits, axis=-1, keepdims=True))
    probabilities = (exponentials / xp.sum(exponentials, axis=-1, keepdims=True))[..., 1:]
    return xp.sum(probabilities, axis=-1), xp.argmax(probabilities, axis=-1) + 1


def anchor_heights(heights: Sequence[float]) -> np.ndarray:
    """Return the heights (k,) of the anchors as float32 grids hold them: lower edge less upper edge, each rounded."""
    anchors = anchor_grid(1, 1, heights)[0, 0]
    return anchors[:, 3] - anchors[:, 1]


def strip_edges(xp: ModuleType, offsets: Any, row: Any, height: Any) -> tuple[Any, Any]:
    """Return upper and lower edges of strips in pixels: equation 2 of the paper, solved for the strip.

    Args:
        xp: Array module.
        offsets: (..., 2): v_c = (c_y - c_y_anchor) / h_anchor and v_h = log(h / h_anchor).
        row: Row of each anchor on the feature map, float; broadcast to (...).
        height: Height of each anchor in pixels, float; broadcast to (...).
    """
    centre = offsets[..., 0] * height + (row + 0.5) * float(STRIDE)
    half = xp.exp(xp.minimum(offsets[..., 1], MAX_LOG_HEIGHT)) * height / 2
    return centre - half, centre + half


def overlaps(xp: ModuleType, first: tuple[Any, Any], second: tuple[Any, Any], max_overlap: float) -> Any:
    """Tell whether the intersection over union of strips of one column is above `max_overlap`.

    Args:
        xp: Array module.
        first, second: Upper and lower edges; broadcast against each other.
        max_overlap: Largest intersection over union that is none.
    """
    (top, bottom), (other_top, other_bottom) = first, second
    common = xp.minimum(bottom, other_bottom) - xp.maximum(top, other_top)
    return common > max_overlap * ((bottom - top) + (other_bottom - other_top) - common)


class Proposals(NamedTuple):
    """Strips of one image, in the order of columns.

    Attributes:
        boxes: (P, 4): x1, y1, x2, y2 in pixels.
        scores: (P,): the probability that the strip is not background.
        kinds: (P,) int: index of the likeliest class, 1 and up.
        sides: (P,): distance of the line's end from the strip's centre, in strides (paper, eq. 4).
    """

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
        min_score: Least probability that a strip is not background (paper: .7).
        max_overlap: A strip that overlaps a better one of its class by more than this IoU is dropped.

    Returns:
        Proposals of each of the N images.
    """
    images = len(scores)
    columns = scores.shape[2]
    index, probability, kind = _candidates(scores, min_score)
    image, row, column, k = index
    # Rows in float64, so that edges are rounded once. To round them twice moves them by 1e-4 px, but what is cut
    # out along them, and so what is read, changes with that.
    edges = strip_edges(np, vertical[index], row.astype(np.float64), anchor_heights(heights)[k])
    y1, y2 = (edge.astype(np.float32) for edge in edges)
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
    """Suppress intervals that overlap a better one (greedy non-maximum suppression), in all groups at once.

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
        kept = np.repeat(y1[best], counts), np.repeat(y2[best], counts)
        stay = ~overlaps(np, kept, (y1, y2), max_overlap)
        stay[best] = False
        left, remaining, y1, y2 = left[stay], remaining[stay], y1[stay], y2[stay]
    kept = np.concatenate(rounds)
    return kept[np.argsort(group[kept], kind="stable")]


def _candidates(scores: np.ndarray, min_score: float) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """Find anchors of at least this score: their indices (image, row, column, k), scores and classes."""
    # A score of t needs one class whose logit leads the background's by log(t / (1 - t)) less the log of the number of
    # classes: most anchors drop out before any exponential.
    lead = math.log(max(min_score, 1e-6) / max(1 - min_score, 1e-6)) - math.log(scores.shape[-1] - 1)
    best = scores[..., 1]
    for c in range(2, scores.shape[-1]):
        best = np.maximum(best, scores[..., c])
    index = np.nonzero(best - scores[..., 0] >= lead)
    probability, kind = foreground(np, scores[index].astype(np.float32))
    sure = probability >= min_score
    return tuple(axis[sure] for axis in index), probability[sure], kind[sure]
