"""Frame labels: which class some frames of a rendered line certainly show, and the loss that learns from them.

CTC from scratch stays at all-blank output for long. A rendered line knows where each character stands, so that a
training can begin with the cross-entropy of the frames there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ctpn_crnn.crnn.charset import BLANK
from ctpn_crnn.crnn.spec import FRAME_WIDTH

IGNORED = -1
"""Label of a frame whose class is not certain: it has no loss."""


@dataclass(frozen=True)
class FrameLabelRule:
    """Which frames of a character are certain. All values were set by hand.

    Attributes:
        middle: Distance from the centre, as a share of the character's width, of the frames that have its class.
        middle_limit: Largest such distance, in frames.
        edge_from: Width in frames from which on the frame of the right edge is certainly not the middle: it is blank.
        inside_from: Width in frames from which on frames inside of both edges are blank.
        inside: Distance of these frames from the edges, as a share of the width.
    """

    middle: float = 0.225
    middle_limit: float = 0.5
    edge_from: float = 2.2
    inside_from: float = 4.5
    inside: float = 0.14


def frame_labels(
    spans: np.ndarray, classes: Sequence[int], used: int, frames: int, rule: FrameLabelRule = FrameLabelRule()
) -> np.ndarray:
    """Label the frames of a line whose class is certain.

    The one or two frames about the centre of a character have its class. Frames at the edges of wide characters are
    blank, and so are two frames of the padding to the right of the line: its second one and the one in its middle.

    Args:
        spans: (characters, 2), left and right edges in pixels.
        classes: Class index of each character.
        used: Width of the line in pixels without padding.
        frames: Frames with padding.
        rule: Which frames are certain.

    Returns:
        Classes int32 (frames,), `IGNORED` where the class is not certain.
    """
    labels = np.full(frames, IGNORED, np.int32)

    def frame_of(position: float) -> int:
        return min(max(int(position), 0), frames - 1)

    blanks: list[float] = []
    for (left, right), label in zip(spans / FRAME_WIDTH, classes):
        width, centre = right - left, (left + right) / 2
        half = min(rule.middle * width, rule.middle_limit)
        labels[frame_of(centre - half)] = labels[frame_of(centre + half)] = label
        if width > rule.edge_from:
            blanks.append(right)
        if width > rule.inside_from:
            blanks += [left + rule.inside * width, right - rule.inside * width]
    first = -(-used // FRAME_WIDTH) + 1
    blanks += [frame for frame in (first, (first + frames) // 2) if frame < frames]
    for position in blanks:
        if labels[frame_of(position)] == IGNORED:
            labels[frame_of(position)] = BLANK
    return labels


def frame_loss(y_true: Any, y_pred: Any) -> Any:
    """Return the mean cross-entropy over the labelled frames of each line.

    Args:
        y_true: (batch, frames), classes; `IGNORED` where a frame has no loss.
        y_pred: Logits (batch, frames, classes).

    Returns:
        (batch,) float32; 0 for a line without labels.
    """
    from keras import ops

    known = ops.cast(ops.not_equal(y_true, IGNORED), "float32")
    log_p = ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1)
    index = ops.maximum(ops.cast(y_true, "int32"), 0)[..., None]
    taken = ops.take_along_axis(log_p, index, axis=-1)[..., 0]
    return -ops.sum(taken * known, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)
