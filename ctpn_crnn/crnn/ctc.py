"""Connectionist temporal classification (Graves et al., 2006): labels, loss, best-path decoding, confidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ctpn_crnn.crnn.charset import BLANK

_LARGEST_GAP = 60.0
"""Logits are clipped to this far below the highest one of their frame: exp(-60) is still above 0 in float32."""

_LEAST_PROBABILITY = 1e-12


@dataclass
class Decoded:
    """What a decoder found in one line.

    Attributes:
        classes: class index of each character, blanks and repeats removed.
        confidences: probability of each character, 0..1: the highest of its frames.
        spans: first and last + 1 frame of each character.
    """

    classes: list[int] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def confidence(self) -> float:
        """`line_confidence` of the characters."""
        return line_confidence(self.confidences)


def line_confidence(probabilities: Sequence[float], calibration: float = 1.0) -> float:
    """Estimate how probable it is that a whole line is right: the product of its characters' probabilities to a power.

    Args:
        probabilities: Probability of each character, 0..1.
        calibration: The power, above 0. 1 is the plain product; less than 1 suits a network whose characters are right
            more often than their probabilities say (see `ctpn_crnn.evaluation.fit_calibration`).

    Returns:
        0..1; 0 for a line without characters.
    """
    return math.exp(calibration * log_product(probabilities)) if len(probabilities) else 0.0


def log_product(probabilities: Sequence[float]) -> float:
    """Return the natural log of the product of probabilities; a probability of 0 counts as 1e-12."""
    return float(np.log(np.maximum(probabilities, _LEAST_PROBABILITY)).sum())


def minimum_frames(classes: Sequence[int]) -> int:
    """Return how many frames CTC needs for a label: one a character, and a blank between two equal neighbours."""
    return len(classes) + sum(a == b for a, b in zip(classes, classes[1:]))


def pack_labels(labels: Sequence[Sequence[int]], frames: Sequence[int]) -> np.ndarray:
    """Pack labels for `ctc_loss`: int32 (N, 2 + longest); columns: frames, label length, classes padded with blanks."""
    longest = max((len(label) for label in labels), default=0)
    packed = np.full((len(labels), 2 + max(1, longest)), BLANK, np.int32)
    for row, label, count in zip(packed, labels, frames):
        row[0], row[1] = count, len(label)
        row[2 : 2 + len(label)] = label
    return packed


def ctc_loss(y_true: Any, y_pred: Any) -> Any:
    """Return the unnormalised CTC loss of each line.

    Args:
        y_true: (N, 2 + L) int32 as `pack_labels` gives it.
        y_pred: logits (N, T, C), batch-major.

    Returns:
        (N,) float32. A label that cannot fit its frames must be dropped before (`minimum_frames`).
    """
    import keras
    from keras import ops

    y_true, y_pred = ops.cast(y_true, "int32"), ops.cast(y_pred, "float32")
    frames, lengths, labels = y_true[:, 0], y_true[:, 1], y_true[:, 2:]
    if keras.backend.backend() != "tensorflow":
        return ops.ctc_loss(labels, y_pred, lengths, frames, mask_index=BLANK)
    import tensorflow as tf

    # The kernel multiplies probabilities: one that underflows to 0 makes the loss infinite and ends the training.
    y_pred = ops.maximum(y_pred - ops.stop_gradient(ops.max(y_pred, axis=-1, keepdims=True)), -_LARGEST_GAP)
    # Sparse labels: about three times faster on a CPU than dense ones with thousands of classes.
    mask = tf.sequence_mask(lengths, tf.shape(labels)[1])
    sparse = tf.SparseTensor(tf.where(mask), tf.boolean_mask(labels, mask), tf.cast(tf.shape(labels), tf.int64))
    return tf.nn.ctc_loss(sparse, y_pred, None, frames, logits_time_major=False, blank_index=BLANK)


def greedy_decode(probabilities: np.ndarray, frames: Sequence[int] | None = None) -> list[Decoded]:
    """Decode by the best path: the arg-max of each frame, repeats merged, blanks dropped.

    Args:
        probabilities: (N, T, C), softmax outputs.
        frames: Valid frames of each line; all T when None.
    """
    best = probabilities.argmax(-1)
    top = np.take_along_axis(probabilities, best[..., None], -1)[..., 0]
    counts = frames if frames is not None else [best.shape[1]] * len(best)
    return [best_path(classes[:count], values[:count]) for classes, values, count in zip(best, top, counts)]


def best_path(classes: np.ndarray, probabilities: np.ndarray) -> Decoded:
    """Decode one line from the arg-max class (T,) of each frame and its probability (T,)."""
    decoded = Decoded()
    if len(classes) == 0:
        return decoded
    starts = np.flatnonzero(np.r_[True, classes[1:] != classes[:-1]])
    ends = np.r_[starts[1:], len(classes)]
    for start, end in zip(starts, ends):
        if classes[start] != BLANK:
            decoded.classes.append(int(classes[start]))
            decoded.confidences.append(float(probabilities[start:end].max()))
            decoded.spans.append((int(start), int(end)))
    return decoded
