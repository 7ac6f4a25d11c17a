"""Multi-task loss of the CTPN (equation 5 of the paper)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from ctpn_crnn.ctpn.anchors import IGNORE, not_class


def smooth_l1(error: Any) -> Any:
    """Return 0.5 e^2 below 1, |e| - 0.5 above (Fast R-CNN, equation 3), elementwise."""
    size = ops.abs(error)
    return ops.where(size < 1.0, 0.5 * size * size, size - 0.5)


def score_loss(logits: Any, labels: Any) -> Any:
    """Return the mean cross-entropy over the sampled anchors.

    Args:
        logits: (..., classes), any float type.
        labels: (...) class of each sampled anchor; `IGNORE` for an anchor that does not count; `not_class(c)` for one
            of any class but c, whose loss is -log(1 - p_c).

    Returns:
        Scalar; 0 where nothing is sampled.
    """
    log_p = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    classes = log_p.shape[-1]
    picked = ops.one_hot(ops.maximum(labels, 0), classes, dtype="float32")
    taken = ops.sum(log_p * picked, axis=-1)
    # log(1 - p) is computed from the other classes: 1 - p would be rounded away where p is near 1.
    wrong = ops.one_hot(ops.maximum(not_class(labels), 0), classes, dtype="float32")
    spared = ops.logsumexp(log_p - 1e9 * wrong, axis=-1)
    sampled = ops.cast(labels != IGNORE, "float32")
    likelihood = ops.where(labels >= 0, taken, spared)
    return -ops.sum(likelihood * sampled) / ops.maximum(ops.sum(sampled), 1.0)


def regression_loss(predicted: Any, target: Any, mask: Any) -> Any:
    """Return the smooth-L1 loss, summed over the last axis, mean over the anchors of the mask.

    Args:
        predicted: (..., values).
        target: (..., values); used only where the mask is set.
        mask: (...) 1 for the anchors that count, else 0.

    Returns:
        Scalar; 0 for an empty mask.
    """
    mask = ops.cast(mask, "float32")
    # An anchor outside the mask may hold infinity, which times 0 is not 0: it is replaced, not multiplied.
    error = ops.where(mask[..., None] > 0, ops.cast(predicted, "float32") - target, 0.0)
    return ops.sum(smooth_l1(error)) / ops.maximum(ops.sum(mask), 1.0)


@keras.saving.register_keras_serializable("ctpn_crnn")
class CTPNLoss(keras.layers.Layer):
    """Adds CE/Ns + l1 * smoothL1(v)/Nv + l2 * smoothL1(o)/No to the losses of the model.

    Args:
        vertical_weight: l1 of equation 5 (paper: 1).
        side_weight: l2 of equation 5 (paper: 2).

    Call arguments: a list of the network's scores, vertical and side, then the five outputs of `AnchorTarget`:
    labels, vertical targets, vertical mask, side targets, side mask. Returns the three parts without their weights,
    (3,): CE/Ns, smoothL1(v)/Nv, smoothL1(o)/No.
    """

    def __init__(self, vertical_weight: float = 1.0, side_weight: float = 2.0, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.vertical_weight = vertical_weight
        self.side_weight = side_weight

    def call(self, inputs: list[Any]) -> Any:
        scores, vertical, side, labels, vertical_target, vertical_mask, side_target, side_mask = inputs
        losses = (
            score_loss(scores, labels),
            regression_loss(vertical, vertical_target, vertical_mask),
            regression_loss(side, side_target, side_mask),
        )
        self.add_loss(losses[0] + self.vertical_weight * losses[1] + self.side_weight * losses[2])
        return ops.stack(losses)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int]:
        return (3,)

    def get_config(self) -> dict[str, Any]:
        weights = {"vertical_weight": self.vertical_weight, "side_weight": self.side_weight}
        return {**super().get_config(), **weights}
