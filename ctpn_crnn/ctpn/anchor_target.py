"""Targets of CTPN's training: which anchors are text, and where their lines run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ctpn_crnn.ctpn.anchors import IGNORE
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE
from ctpn_crnn.errors import ConfigError

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
    never negative; on a strip that is `not_class` a class it learns that it is not this class.

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
        labels int32 (batch, rows, cols, k): class of a sampled anchor (0 = background), `not_class` a class, or -1
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
