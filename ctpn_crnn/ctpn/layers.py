"""Custom layers of the CTPN: `AnchorTarget` makes the targets of training, `Proposal` turns the heads into strips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ctpn_crnn.ctpn.anchors import ANCHOR_HEIGHTS, IGNORE, STRIDE
from ctpn_crnn.errors import ConfigError

MAX_LOG_HEIGHT = math.log(4.0)
"""A strip is at most four times as high as its anchor: keeps exp() finite for untrained weights."""

CLEARLY_BESIDE = 0.3
"""IoU below which an anchor may count as a hard negative (the authors' code: negatives in all): above it, whether an
anchor is text is a matter of its height, and the hardest negatives would all be such cases."""

_TIE = 1e-5
"""Overlaps closer than this are equal: all of them are the best of their strip, whatever the rounding."""


@keras.saving.register_keras_serializable("ctpn_crnn")
class AnchorTarget(keras.layers.Layer):
    """Compare anchors with strips of ground truth, sample a mini-batch of anchors, and give their targets.

    An anchor is positive when its IoU with a strip is above `positive`, or when it is the best anchor of a strip (and
    touches it: a strip that no anchor touches makes nothing positive). It is negative when its best IoU is below
    `negative`. Of each image `samples` anchors are kept, at most half of them positive, the rest negative (sections 3.1
    and 3.4 of the paper). Coordinates are learnt by every positive anchor and every other one with an IoU above
    `valid`, sampled or not ("valid anchors", section 3.4). An anchor of which half or more lies on an ignored strip is
    never negative; on a strip that is `anything_but` a class it learns that it is not this class.

    Negatives are drawn at random as in the paper. Few of these lie where it matters, just beyond the ends of lines and
    on what resembles text; `hard` of them are therefore those that the network takes for text most (online hard example
    mining, Shrivastava et al., CVPR 2016).

    Positives are drawn at random as well, so that on a page of text a formula hardly counts. With `balanced` each class
    of text has an equal part of them as far as it can fill it.

    A strip and an anchor share their grid column or do not touch, so heights alone decide the overlap and each strip
    is compared with the anchors of its own column only.

    Args:
        heights: heights of the k anchors in pixels.
        samples: anchors sampled of each image.
        positive: IoU above which an anchor is positive.
        negative: IoU below which an anchor is negative.
        valid: IoU above which an anchor learns coordinates.
        hard: share of the negatives that are the hardest ones, 0..1 (paper: 0).
        balanced: whether each class of text has an equal part of the positives.
        seed: of the sampling. Training draws on from it; with `training=False` the same anchors come each time.

    Call arguments: `[scores, strips]`. `scores` are the network's (batch, rows, cols, k, classes), logits; with neither
    `hard` nor `balanced`, any tensor (batch, rows, cols, ...) of the feature map's size will do. `strips` is float32
    (batch, M, 7) as `anchors.strips_of_quads` makes it, filled up with zeros.

    Returns:
        labels int32 (batch, rows, cols, k): class of a sampled anchor (0 = background), `anything_but` a class, or -1
        for all others;
        vertical targets (batch, rows, cols, k, 2) and their mask (batch, rows, cols, k);
        side targets (batch, rows, cols, k, 1) and their mask (batch, rows, cols, k); float32.

    Raises:
        ConfigError: thresholds outside 0..1 or in the wrong order, or no samples.
    """

    def __init__(
        self,
        heights: Sequence[float] = ANCHOR_HEIGHTS,
        samples: int = 128,
        positive: float = 0.7,
        negative: float = 0.5,
        valid: float = 0.5,
        hard: float = 0.0,
        balanced: bool = False,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not 0 < negative <= positive < 1 or not 0 < valid < 1:
            raise ConfigError(
                f"AnchorTarget(positive={positive}, negative={negative}, valid={valid}): "
                "give thresholds with 0 < negative <= positive < 1 and 0 < valid < 1."
            )
        if samples < 2:
            raise ConfigError(f"AnchorTarget(samples={samples}): sample at least 2 anchors of an image.")
        if not 0 <= hard <= 1:
            raise ConfigError(f"AnchorTarget(hard={hard}): give a share between 0 and 1.")
        self.heights = tuple(float(h) for h in heights)
        self.samples = samples
        self.positive = positive
        self.negative = negative
        self.valid = valid
        self.hard = hard
        self.balanced = balanced
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trainable = False

    def call(self, inputs: Sequence[Any], training: bool = False) -> tuple[Any, ...]:
        scores, strips = inputs
        strips = ops.cast(ops.stop_gradient(strips), "float32")
        shape = ops.shape(scores)
        batch, rows, cols = shape[0], shape[1], shape[2]

        top, bottom = self._anchor_edges(rows)
        overlap = self._overlap(strips, top, bottom)
        column = self._column(strips, batch, cols)
        columns = batch * cols
        best, forced, assigned = self._assign(strips, overlap, column, columns)
        barred = self._barred(strips, top, bottom, column, columns)

        positive = (best > self.positive) | forced
        negative = (best < self.negative) & ~positive & (barred == 0)
        kind = ops.cast(assigned[..., 4], "int32")
        hard = None
        if self.hard > 0:
            hard = negative & (best < CLEARLY_BESIDE), self._text_probability(scores)
        balanced = range(1, scores.shape[-1]) if self.balanced else ()
        labels = self._sample(kind, positive, negative, hard, balanced, batch, training)
        labels = ops.where(positive | (barred == 0) | (best > self.valid), labels, barred)
        regressed = positive | (best > self.valid)
        vertical = self._vertical_targets(assigned, top, bottom)
        side_mask = regressed & (assigned[..., 5] > 0)
        flat = (
            labels,
            vertical,
            ops.cast(regressed, "float32"),
            assigned[..., 6:7],
            ops.cast(side_mask, "float32"),
        )
        return tuple(self._to_map(x, batch, rows, cols) for x in flat)

    def _anchor_edges(self, rows: Any) -> tuple[Any, Any]:
        """Top and bottom of the anchors of one column, each (rows * k,)."""
        centre = (ops.cast(ops.arange(rows), "float32") + 0.5) * float(STRIDE)
        half = ops.convert_to_tensor(np.asarray(self.heights, np.float32) / 2)
        top = ops.reshape(centre[:, None] - half, (-1,))
        bottom = ops.reshape(centre[:, None] + half, (-1,))
        return top, bottom

    def _overlap(self, strips: Any, top: Any, bottom: Any) -> Any:
        """IoU (batch * M, rows * k) of each strip with the anchors of its column; 0 for ignored strips and padding."""
        shared, strip_height = _shared_height(strips, top, bottom)
        union = strip_height + (bottom - top)[None, :] - shared
        real = ops.reshape(strips[..., 4] > 0, (-1, 1))
        return ops.where(real, shared / ops.maximum(union, 1e-6), 0.0)

    def _column(self, strips: Any, batch: Any, cols: Any) -> Any:
        """Index of each strip's column among the batch * cols columns, (batch * M,); -1 = nowhere, for padding."""
        col = ops.cast(ops.floor(strips[..., 0] / STRIDE + 0.5), "int32")
        inside = (ops.abs(strips[..., 4]) > 0.5) & (col >= 0) & (col < cols)
        index = col + ops.arange(batch, dtype="int32")[:, None] * cols
        return ops.reshape(ops.where(inside, index, -1), (-1,))

    def _assign(self, strips: Any, overlap: Any, column: Any, columns: Any) -> tuple[Any, Any, Any]:
        """(best IoU, whether best of its strip, the strip it goes to (.., 7)) of the anchors, (batch * cols, rows * k).

        An anchor that is the best of a strip goes to that strip even where it overlaps another one more: otherwise the
        smaller of two close lines would be left without an anchor.
        """
        best_of_strip = ops.max(overlap, axis=1, keepdims=True)
        claimed = (best_of_strip > 0) & (overlap >= best_of_strip - _TIE)
        claim = overlap + ops.cast(claimed, "float32")
        won = ops.maximum(_segment_max(claim, column, columns), 0.0)
        best = ops.maximum(_segment_max(overlap, column, columns), 0.0)
        # The strip that made the winning claim: the last one of equals, as a tie must go to one of them.
        count = ops.shape(overlap)[0]
        number = ops.cast(ops.arange(count), "int32")[:, None]
        is_winner = (claim > 0) & (claim >= ops.take(won, ops.maximum(column, 0), axis=0))
        winner = _segment_max(ops.where(is_winner, number, -1), column, columns)
        assigned = ops.take(ops.reshape(strips, (-1, strips.shape[-1])), ops.maximum(winner, 0), axis=0)
        assigned = ops.where(winner[..., None] >= 0, assigned, 0.0)
        return best, won >= 1.0, assigned

    def _barred(self, strips: Any, top: Any, bottom: Any, column: Any, columns: Any) -> Any:
        """Least kind of the strips below 0 on which half or more of an anchor lies, int32 (batch * cols, rows * k); 0
        where there is none."""
        shared, strip_height = _shared_height(strips, top, bottom)
        half = shared >= 0.5 * (bottom - top)[None, :]
        # What is much smaller than a strip would never be its proposal, so it has nothing to learn from it.
        small = shared < 0.5 * strip_height
        depth = ops.reshape(-strips[..., 4], (-1, 1))
        depth = ops.where(small, ops.minimum(depth, float(-IGNORE)), depth)
        deepest = _segment_max(ops.where(half & (depth > 0), depth, 0.0), column, columns)
        return -ops.cast(ops.maximum(deepest, 0.0) + 0.5, "int32")

    def _vertical_targets(self, assigned: Any, top: Any, bottom: Any) -> Any:
        """v_c, v_h of equation 2 of the paper, (batch * cols, rows * k, 2)."""
        height = bottom - top
        centre = (ops.cast(assigned[..., 1], "float32") + assigned[..., 3]) / 2
        strip_height = ops.maximum(assigned[..., 3] - assigned[..., 1], 1.0)
        return ops.stack([(centre - (top + bottom) / 2) / height, ops.log(strip_height / height)], axis=-1)

    def _sample(
        self,
        kind: Any,
        positive: Any,
        negative: Any,
        hard: tuple[Any, Any] | None,
        balanced: Sequence[int],
        batch: Any,
        training: bool,
    ) -> Any:
        """Class of `samples` anchors of each image, -1 for the rest; shapes (batch * cols, rows * k).

        `hard` says which anchors may be hard negatives and how probably each is text; None where all are drawn. The
        classes that are `balanced` have equal parts of the positives.
        """
        shape = ops.shape(kind)
        kind = ops.reshape(kind, (batch, -1))
        positive = ops.reshape(positive, (batch, -1))
        negative = ops.reshape(negative, (batch, -1))
        order = keras.random.uniform(ops.shape(positive), seed=self.seed_generator if training else self.seed)
        taken = _drawn_by_class(order, kind, positive, self.samples // 2, balanced)
        room = self.samples - ops.sum(ops.cast(taken, "int32"), axis=1, keepdims=True)
        background = ops.zeros_like(negative)
        if hard is not None:
            allowed, probability = (ops.reshape(x, (batch, -1)) for x in hard)
            among_all = ops.minimum(room, ops.sum(ops.cast(negative, "int32"), axis=1, keepdims=True))
            most = self.hard * ops.cast(among_all, "float32")
            background = allowed & (ops.cast(_rank(1.0 - probability, allowed), "float32") < most)
            room = room - ops.sum(ops.cast(background, "int32"), axis=1, keepdims=True)
        rest = negative & ~background
        background = background | (rest & (_rank(order, rest) < room))
        labels = ops.where(taken, kind, ops.where(background, 0, -1))
        return ops.reshape(ops.cast(labels, "int32"), shape)

    def _text_probability(self, scores: Any) -> Any:
        """Probability of not being background, (batch * cols, rows * k); logits are (batch, rows, cols, k, classes)."""
        background = ops.softmax(ops.cast(ops.stop_gradient(scores), "float32"), axis=-1)[..., 0]
        shape = ops.shape(background)
        by_column = ops.transpose(1.0 - background, (0, 2, 1, 3))
        return ops.reshape(by_column, (shape[0] * shape[2], shape[1] * shape[3]))

    def _to_map(self, flat: Any, batch: Any, rows: Any, cols: Any) -> Any:
        """(batch * cols, rows * k, ...) -> (batch, rows, cols, k, ...)."""
        k, rest = len(self.heights), tuple(flat.shape[2:])
        grid = ops.reshape(flat, (batch, cols, rows, k, *rest))
        axes = (0, 2, 1, 3, *range(4, 4 + len(rest)))
        return ops.stop_gradient(ops.transpose(grid, axes))

    def compute_output_shape(self, input_shape: Sequence[tuple[int | None, ...]]) -> tuple[tuple[int | None, ...], ...]:
        grid = (*input_shape[0][:3], len(self.heights))
        return grid, (*grid, 2), grid, (*grid, 1), grid

    def compute_output_spec(self, inputs: Sequence[Any], training: bool = False) -> tuple[keras.KerasTensor, ...]:
        shapes = self.compute_output_shape([tuple(x.shape) for x in inputs])
        dtypes = ("int32", "float32", "float32", "float32", "float32")
        return tuple(keras.KerasTensor(shape, dtype) for shape, dtype in zip(shapes, dtypes))

    def get_config(self) -> dict[str, Any]:
        names = ("heights", "samples", "positive", "negative", "valid", "hard", "balanced", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable("ctpn_crnn")
class Proposal(keras.layers.Layer):
    """Turn the heads of the network into strips: decode, threshold, suppress, and pad to a fixed number.

    Strips of one column share their x edges and those of different columns do not touch, so non-maximum suppression
    runs in each column by itself, on heights, for all columns at once; the result is that of the usual greedy loop.
    A strip suppresses only strips of its own class.

    Args:
        heights: heights of the k anchors in pixels.
        min_score: least probability that the strip is not background (paper: 0.7).
        max_overlap: IoU above which the lower-scored strip is dropped.
        per_column: strips of a column that take part in the suppression, best first.
        max_proposals: strips given back of an image, best first.

    Call arguments: `[scores, vertical, side]`, the outputs of the network.

    Returns:
        strips float32 (batch, max_proposals, 6): x1, y1, x2, y2 in pixels, score, class; unused rows are 0.
        sides float32 (batch, max_proposals): o of equation 4, the distance of the line's end in strides from the
        strip's centre; it is not applied to x1, x2.

    Raises:
        ConfigError: a threshold outside 0..1, or a number below 1.
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
        probability = ops.softmax(scores, axis=-1)[..., 1:]
        score = ops.sum(probability, axis=-1)
        kind = ops.cast(ops.argmax(probability, axis=-1), "float32") + 1.0
        top, bottom = self._edges(vertical, rows)
        values = ops.stack([score, top, bottom, kind, side[..., 0]], axis=-1)

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

    def _edges(self, vertical: Any, rows: Any) -> tuple[Any, Any]:
        """Top and bottom (batch, rows, cols, k) of the strips: equation 2 of the paper, turned round."""
        height = ops.convert_to_tensor(np.asarray(self.heights, np.float32))
        row_centre = (ops.cast(ops.arange(rows), "float32") + 0.5) * float(STRIDE)
        centre = vertical[..., 0] * height + row_centre[None, :, None, None]
        half = ops.exp(ops.minimum(vertical[..., 1], MAX_LOG_HEIGHT)) * height / 2
        return centre - half, centre + half

    def _suppress(self, chosen: Any) -> Any:
        """Greedy suppression in every column: (columns, n, 5) sorted by score -> bool (columns, n).

        A strip lives when no living strip before it overlaps it too much. Starting from "all live" and applying this
        rule again and again settles the strips in order, so the fixed point is the greedy result; it takes as many
        rounds as the longest chain of strips that decide over each other, a handful in practice.
        """
        score, top, bottom, kind = (chosen[..., i] for i in range(4))
        size = bottom - top
        shared = ops.minimum(bottom[:, :, None], bottom[:, None, :]) - ops.maximum(top[:, :, None], top[:, None, :])
        union = size[:, :, None] + size[:, None, :] - shared
        count = chosen.shape[1]
        before = np.triu(np.ones((count, count), bool), 1)
        drops = (shared > self.max_overlap * union) & before & (kind[:, :, None] == kind[:, None, :])
        drops = ops.cast(drops, "float32")
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


def _shared_height(strips: Any, top: Any, bottom: Any) -> tuple[Any, Any]:
    """Pixels of height that strips (batch, M, 7) share with anchors (n,): (batch * M, n); and their own height."""
    y1, y2 = ops.reshape(strips[..., 1], (-1, 1)), ops.reshape(strips[..., 3], (-1, 1))
    return ops.maximum(ops.minimum(y2, bottom) - ops.maximum(y1, top), 0.0), y2 - y1


def _segment_max(values: Any, segment: Any, segments: Any) -> Any:
    """Greatest of the values (n, m) of each segment, (segments, m); a negative segment is left out."""
    # An extra segment takes what belongs nowhere: not every backend drops negative indices.
    index = ops.where(segment < 0, segments, segment)
    return ops.segment_max(values, index, num_segments=segments + 1)[:segments]


def _drawn_by_class(order: Any, kind: Any, positive: Any, most: int, classes: Sequence[int]) -> Any:
    """Which positives (batch, N) are drawn: `most` of each image, these classes in equal parts; what is left goes to
    all."""
    drawn = ops.zeros_like(positive)
    for label in classes:
        mine = positive & (kind == label)
        drawn = drawn | (mine & (_rank(order, mine) < most // len(classes)))
    rest = positive & ~drawn
    room = most - ops.sum(ops.cast(drawn, "int32"), axis=1, keepdims=True)
    return drawn | (rest & (_rank(order, rest) < room))


def _rank(order: Any, mask: Any) -> Any:
    """Place (from 0) of each masked entry when the masked ones are sorted by `order`, along the last axis."""
    sorted_by = ops.argsort(ops.where(mask, order, 2.0), axis=-1)
    return ops.argsort(sorted_by, axis=-1)


def _take_best(rows: Any, count: int) -> Any:
    """The `count` rows of (n, m, values) with the highest first value, best first; padded with rows of 0."""
    padded = ops.pad(rows, ((0, 0), (0, count), (0, 0)))
    _, index = ops.top_k(padded[..., 0], count)
    return ops.take_along_axis(padded, index[..., None], axis=1)
