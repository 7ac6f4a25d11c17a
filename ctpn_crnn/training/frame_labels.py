"""Frame labels: which class some frames of a rendered line certainly show, and the loss that learns from them.

CTC from scratch stays at all-blank output for long. A rendered line knows where each character stands, so that a
training can begin with the cross-entropy of the frames there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ctpn_crnn.crnn.charset import BLANK
from ctpn_crnn.crnn.spec import FRAME_WIDTH

IGNORED = -1
"""Label of a frame whose class is not certain: it has no loss."""


def frame_labels(spans: np.ndarray, classes: Sequence[int], used: int, frames: int) -> np.ndarray:
    """Label the frames of a line in whose middle, edges or padding they certainly lie.

    The one or two frames about the centre of a character have its class. The frame of its right edge is blank if the
    character is wider than 2.2 frames, and if it is wider than 4.5 so are the frames 14 % of its width inside of both
    edges: narrower characters have no frames that are certainly not their middle. Of the padding to the right of the
    line, its second frame and the one halfway to the end are blank. Set by hand.

    Args:
        spans: (characters, 2), left and right edges in pixels.
        classes: Class index of each character.
        used: Width of the line in pixels without padding.
        frames: Frames with padding.

    Returns:
        Classes int32 (frames,), `IGNORED` where the class is not certain.
    """
    labels = np.full(frames, IGNORED, np.int32)
    blanks: list[float] = []
    for (left, right), label in zip(spans / FRAME_WIDTH, classes):
        width, centre = right - left, (left + right) / 2
        half = min(0.225 * width, 0.5)
        for position in (centre - half, centre + half):
            labels[min(max(int(position), 0), frames - 1)] = label
        if width > 2.2:
            blanks.append(right)
        if width > 4.5:
            blanks += [left + 0.14 * width, right - 0.14 * width]
    first = -(-used // FRAME_WIDTH) + 1
    blanks += [frame for frame in (first, (first + frames) // 2) if frame < frames]
    for position in blanks:
        frame = min(max(int(position), 0), frames - 1)
        if labels[frame] == IGNORED:
            labels[frame] = BLANK
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
