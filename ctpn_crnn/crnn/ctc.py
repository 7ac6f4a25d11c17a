"""Connectionist temporal classification (Graves et al., 2006): loss, greedy and beam decoding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ctpn_crnn.crnn.charset import BLANK

_LARGEST_GAP = 60.0
"""Logits further below a frame's highest one than this count as so far below: exp(-60) is still above 0 in float32."""

_LEAST_PROBABILITY = 1e-12

PRUNE = 1e-3
"""A beam search takes no character into account that is less probable than this in its frame."""

Scorer: TypeAlias = Callable[[tuple[int, ...], int], float]
"""A prefix and a class to append -> the factor, above 0, by which the label gains."""


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
    """How probable it is that a whole line is right: the product of its characters' probabilities to a power.

    Args:
        probabilities: Of the characters, 0..1.
        calibration: The power, above 0: 1 for the plain product, less where the characters are right more often than
            they say (see `ctpn_crnn.evaluation.fit_calibration`).

    Returns:
        0..1; 0 for a line without characters.
    """
    return math.exp(calibration * log_product(probabilities)) if len(probabilities) else 0.0


def log_product(probabilities: Sequence[float]) -> float:
    """Natural log of the product of probabilities; one of 0 counts as 1e-12."""
    return float(np.log(np.maximum(probabilities, _LEAST_PROBABILITY)).sum())


def minimum_frames(classes: Sequence[int]) -> int:
    """The frames that CTC needs for a label: one a character and a blank between two equal neighbours."""
    return len(classes) + sum(a == b for a, b in zip(classes, classes[1:]))


def pack_labels(labels: Sequence[Sequence[int]], frames: Sequence[int]) -> np.ndarray:
    """Labels for `ctc_loss`: (N, 2 + longest) int32 with columns frames, label length, classes padded with blanks."""
    longest = max((len(label) for label in labels), default=0)
    packed = np.full((len(labels), 2 + max(1, longest)), BLANK, np.int32)
    for row, label, count in zip(packed, labels, frames):
        row[0], row[1] = count, len(label)
        row[2 : 2 + len(label)] = label
    return packed


def ctc_loss(y_true: Any, y_pred: Any) -> Any:
    """CTC loss of each line, divided by nothing.

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
    """Best-path decoding: the arg-max of each frame, repeats merged, blanks dropped.

    Args:
        probabilities: (N, T, C), softmax outputs.
        frames: valid frames of each line; default all T.
    """
    best = probabilities.argmax(-1)
    top = np.take_along_axis(probabilities, best[..., None], -1)[..., 0]
    counts = frames if frames is not None else [best.shape[1]] * len(best)
    return [best_path(classes[:count], values[:count]) for classes, values, count in zip(best, top, counts)]


def best_path(classes: np.ndarray, probabilities: np.ndarray) -> Decoded:
    """`greedy_decode` of one line from the arg-max class (T,) and its probability (T,) of each frame."""
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


def beam_search(
    probabilities: np.ndarray, beam_width: int = 10, prune: float = PRUNE, scorer: Scorer | None = None
) -> list[tuple[list[int], float]]:
    """Prefix beam search (Hannun et al., 2014, algorithm 1) of one line.

    Args:
        probabilities: (T, C), softmax outputs.
        beam_width: prefixes kept after each frame.
        prune: classes below this probability are impossible in a frame (the blank never is).
        scorer: what each new character is worth after those before it, such as `language_model.PrefixScorer`; None
            leaves the network's probabilities alone.

    Returns:
        Up to `beam_width` labels with their log probabilities (summed over all alignments, times the factors of the
        scorer), best first. Doubled letters are kept where a blank separates them.
    """
    candidates: list[list[tuple[int, float]]] = [[] for _ in range(len(probabilities))]
    inked = np.flatnonzero(probabilities[:, BLANK] <= 1 - prune)  # Only there can a character reach that.
    # Where in the flattened array: a tenth of the time of its two-dimensional kin.
    rows, classes = np.divmod(np.flatnonzero(probabilities[inked] >= prune), probabilities.shape[-1])
    frames = inked[rows]
    for frame, c, chance in zip(frames.tolist(), classes.tolist(), probabilities[frames, classes].tolist()):
        if c != BLANK:
            candidates[frame].append((c, chance))
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}  # prefix -> (ends in blank, ends in its last)
    scale = 0.0
    for nothing, chances in zip(probabilities[:, BLANK].tolist(), candidates):
        if not chances:  # Most frames: nothing but the blank is possible, and all prefixes end in it.
            scale += math.log(max(nothing, 1e-300))
            beams = {prefix: (blank + label, 0.0) for prefix, (blank, label) in beams.items()}
            continue
        of_class = dict(chances)
        grown: dict[tuple[int, ...], list[float]] = {}
        for prefix, (blank, label) in beams.items():
            entry = grown.setdefault(prefix, [0.0, 0.0])
            entry[0] += (blank + label) * nothing
            if prefix:
                entry[1] += label * of_class.get(prefix[-1], 0.0)
            for c, chance in chances:
                # A repeat of the last character is a new one only after a blank.
                value = (blank if prefix and c == prefix[-1] else blank + label) * chance
                if not value:
                    continue
                if scorer is not None:
                    value *= scorer(prefix, c)
                grown.setdefault((*prefix, c), [0.0, 0.0])[1] += value
        best = sorted(grown.items(), key=lambda item: -sum(item[1]))[:beam_width]
        total = sum(best[0][1]) or 1e-300
        scale += math.log(total)
        beams = {prefix: (b / total, n / total) for prefix, (b, n) in best}
    ranked = sorted(beams.items(), key=lambda item: -sum(item[1]))
    return [(list(p), scale + math.log(max(sum(v), 1e-300))) for p, v in ranked]
