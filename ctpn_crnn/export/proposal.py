"""Heads of the CTPN to proposals, as a Keras layer: what `decode.decode_heads` computes, inside a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ctpn_crnn.ctpn.decode import anchor_heights, foreground, overlaps, strip_edges
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE
from ctpn_crnn.errors import ConfigError


@keras.saving.register_keras_serializable("ctpn_crnn")
class Proposal(keras.layers.Layer):
    """Turns the heads of the network into strips: decodes, thresholds, suppresses, and pads to a fixed number.

    Strips of one column share their x edges, and those of different columns do not touch. So non-maximum suppression
    compares heights, in all columns at once; the result is that of the usual greedy loop. A strip suppresses only
    strips of its own class.

    Args:
        heights: Heights of the k anchors in pixels.
        min_score: Least probability that a strip is not background (paper: 0.7).
        max_overlap: IoU of two strips above which the lower-scored one is dropped.
        per_column: Strips of a column that take part in the suppression, best first.
        max_proposals: Strips returned of an image, best first.

    Call arguments: `[scores, vertical, side]`, the outputs of the network.

    Returns:
        strips float32 (batch, max_proposals, 6): x1, y1, x2, y2 in pixels, score, class; unused rows are 0.
        sides float32 (batch, max_proposals): o of equation 4, the distance of the line's end in strides from the
        strip's centre; it is not applied to x1, x2.

    Raises:
        ConfigError: A threshold outside 0..1, or a number below 1.
    """

    def __init__(
        self,
        heights: Sequence[float] = ANCHOR_HEIGHTS,
        min_score: float = 0.7,
        max_overlap: float = 0.3,
        per_column: int = 256,
        max_proposals: int = 8192,
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not 0 <= min_score <= 1 or not 0 <= max_overlap <= 1:
            raise ConfigError(
                f"Proposal(min_score={min_score}, max_overlap={max_overlap}): give thresholds between 0 and 1."
            )
        if per_column < 1 or max_proposals < 1:
            raise ConfigError(
                f"Proposal(per_column={per_column}, max_proposals={max_proposals}): give numbers of at least 1."
            )
        self.heights = tuple(float(h) for h in heights)
        self.min_score = min_score
        self.max_overlap = max_overlap
        self.per_column = per_column
        self.max_proposals = max_proposals

    def call(self, inputs: Sequence[Any]) -> tuple[Any, Any]:
        scores, vertical, side = (ops.cast(x, "float32") for x in inputs)
        shape = ops.shape(scores)
        batch, rows, cols = shape[0], shape[1], shape[2]
        score, kind = foreground(ops, scores)
        row = ops.cast(ops.arange(rows), "float32")[:, None, None]
        top, bottom = strip_edges(ops, vertical, row, ops.convert_to_tensor(anchor_heights(self.heights)))
        values = ops.stack([score, top, bottom, ops.cast(kind, "float32"), side[..., 0]], axis=-1)

        by_column = ops.reshape(ops.transpose(values, (0, 2, 1, 3, 4)), (batch * cols, -1, 5))
        chosen = _take_best(by_column, self.per_column)
        alive = self._suppress(chosen)
        chosen = ops.concatenate([ops.where(alive, chosen[..., 0], 0.0)[..., None], chosen[..., 1:]], axis=-1)

        left = ops.cast(ops.arange(batch * cols) % cols, "float32") * float(STRIDE)
        left = ops.broadcast_to(left[:, None, None], ops.shape(chosen[..., :1]))
        flat = ops.reshape(ops.concatenate([chosen, left], axis=-1), (batch, -1, 6))
        score, top, bottom, kind, side, left = ops.unstack(_take_best(flat, self.max_proposals), 6, axis=-1)
        strips = ops.stack([left, top, left + float(STRIDE), bottom, score, kind], axis=-1)
        found = score > 0
        return ops.where(found[..., None], strips, 0.0), ops.where(found, side, 0.0)

    def _suppress(self, chosen: Any) -> Any:
        """Suppress strips in every column: (columns, n, 5) sorted by score -> which stay, bool (columns, n).

        A strip lives when no living strip before it overlaps it too much. Starting from "all live" and applying this
        rule again and again settles the strips in order, so the fixed point is the greedy result; it takes as many
        rounds as the longest chain of strips that decide over each other, a handful in practice.
        """
        score, top, bottom, kind = (chosen[..., i] for i in range(4))
        better, worse = (top[:, :, None], bottom[:, :, None]), (top[:, None, :], bottom[:, None, :])
        count = chosen.shape[1]
        before = np.triu(np.ones((count, count), bool), 1)
        same_kind = kind[:, :, None] == kind[:, None, :]
        drops = ops.cast(overlaps(ops, better, worse, self.max_overlap) & before & same_kind, "float32")
        valid = (score >= self.min_score) & (score > 0)

        def settle(alive: Any, _: Any) -> tuple[Any, Any]:
            hits = ops.einsum("ci,cij->cj", ops.cast(alive, "float32"), drops)
            after = valid & (hits == 0)
            return after, ops.any(after != alive)

        alive, _ = ops.while_loop(lambda _, changed: changed, settle, (valid, ops.any(valid)), maximum_iterations=count)
        return alive

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[tuple[int | None, ...], ...]:
        batch = input_shape[0][0]
        return (batch, self.max_proposals, 6), (batch, self.max_proposals)

    def compute_output_spec(self, inputs: Sequence[Any]) -> tuple[keras.KerasTensor, ...]:
        shapes = self.compute_output_shape([tuple(x.shape) for x in inputs])
        return tuple(keras.KerasTensor(shape, "float32") for shape in shapes)

    def get_config(self) -> dict[str, Any]:
        names = ("heights", "min_score", "max_overlap", "per_column", "max_proposals")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _take_best(rows: Any, count: int) -> Any:
    """Take the `count` rows of (n, m, values) with the highest first value, best first, padded with rows of 0."""
    padded = ops.pad(rows, ((0, 0), (0, count), (0, 0)))
    _, index = ops.top_k(padded[..., 0], count)
    return ops.take_along_axis(padded, index[..., None], axis=1)
