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

_TIE = 1e-5
"""Overlaps closer than this are equal: rounding does not choose between them."""


@keras.saving.register_keras_serializable("ctpn_crnn")
class AnchorTarget(keras.layers.Layer):
    """Compares anchors with strips of ground truth, samples anchors of each image, and gives their targets.

    Positive (section 3.1 of the paper): anchors whose IoU with a strip is above `positive`, and the best anchor of each
    strip. A strip that no anchor touches makes no anchor positive.

    Negative: anchors whose best IoU is below `negative`, unless half or more of the anchor lies on an ignored strip.
    Half or more on a strip of kind `not_class(c)`: the anchor learns that it is not of class c.

    Sampled (section 3.4): `samples` anchors of each image, at most half of them positive, the rest negative. The paper
    draws both at random. With `hard`, a share of the negatives are those with the highest text probability (online
    hard example mining, Shrivastava et al., CVPR 2016): just beyond the ends of lines, and on what resembles text. With
    `balanced`, each class of text gets an equal part of the positives, as far as it has so many; otherwise the few
    formulas of a page of text would hardly be drawn.

    Coordinates are learnt by every positive anchor and every other one with an IoU above `valid`, sampled or not
    ("valid anchors", section 3.4).

    A strip and an anchor share their grid column or do not touch. So each strip is compared with the anchors of its own
    column, by heights alone.

    Args:
        heights: Heights of the k anchors in pixels.
        samples: Anchors sampled of each image.
        positive: IoU above which an anchor is positive.
        negative: IoU below which an anchor is negative.
        valid: IoU above which an anchor learns coordinates.
        hard: Share of the negatives that are the hardest ones, 0..1 (paper: 0).
        hard_below: IoU below which an anchor may be a hard negative (the authors' code takes .3 for all negatives).
            Above it an anchor differs from a positive one in its height only, and such anchors would be the hardest.
        balanced: Whether each class of text gets an equal part of the positives.
        seed: Of the sampling. With `training=True` each call draws other anchors, else the same ones.

    Call arguments: `[scores, strips]`. `scores` are the network's (batch, rows, cols, k, classes), logits; with neither
    `hard` nor `balanced`, any tensor (batch, rows, cols, ...) of the feature map's size will do. `strips` is float32
    (batch, M, 7) as `anchors.strips_of_quads` makes it, filled up with zeros.

    Returns:
        labels int32 (batch, rows, cols, k): class of a sampled anchor (0 = background), `not_class(c)`, or `IGNORE`
        for all others;
        vertical targets (batch, rows, cols, k, 2) and their mask (batch, rows, cols, k);
        side targets (batch, rows, cols, k, 1) and their mask (batch, rows, cols, k); float32.

    Raises:
        ConfigError: Thresholds outside 0..1 or in the wrong order, or fewer than 2 samples.
    """

    def __init__(
        self,
        heights: Sequence[float] = ANCHOR_HEIGHTS,
        samples: int = 128,
        positive: float = 0.7,
        negative: float = 0.5,
        valid: float = 0.5,
        hard: float = 0.0,
        hard_below: float = 0.3,
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
        if not 0 <= hard <= 1 or not 0 < hard_below <= 1:
            raise ConfigError(
                f"AnchorTarget(hard={hard}, hard_below={hard_below}): give a share and an IoU between 0 and 1."
            )
        self.heights = tuple(float(h) for h in heights)
        self.samples = samples
        self.positive = positive
        self.negative = negative
        self.valid = valid
        self.hard = hard
        self.hard_below = hard_below
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
        excluded = self._excluded(strips, top, bottom, column, columns)

        positive = (best > self.positive) | forced
        negative = (best < self.negative) & ~positive & (excluded == 0)
        kind = ops.cast(assigned[..., 4], "int32")
        hard = None
        if self.hard > 0:
            hard = negative & (best < self.hard_below), self._text_probability(scores)
        balanced = range(1, scores.shape[-1]) if self.balanced else ()
        labels = self._sample(kind, positive, negative, hard, balanced, batch, training)
        labels = ops.where(positive | (excluded == 0) | (best > self.valid), labels, excluded)
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
        """Return top and bottom of the anchors of one column, each (rows * k,)."""
        centre = (ops.cast(ops.arange(rows), "float32") + 0.5) * float(STRIDE)
        half = ops.convert_to_tensor(np.asarray(self.heights, np.float32) / 2)
        top = ops.reshape(centre[:, None] - half, (-1,))
        bottom = ops.reshape(centre[:, None] + half, (-1,))
        return top, bottom

    def _overlap(self, strips: Any, top: Any, bottom: Any) -> Any:
        """Return the IoU of strips with the anchors of their columns, (batch * M, rows * k); 0 for ignored strips."""
        shared, strip_height = _shared_height(strips, top, bottom)
        union = strip_height + (bottom - top)[None, :] - shared
        real = ops.reshape(strips[..., 4] > 0, (-1, 1))
        return ops.where(real, shared / ops.maximum(union, 1e-6), 0.0)

    def _column(self, strips: Any, batch: Any, cols: Any) -> Any:
        """Return the column of each strip among the batch * cols columns, (batch * M,); -1 for padding."""
        col = ops.cast(ops.floor(strips[..., 0] / STRIDE + 0.5), "int32")
        inside = (ops.abs(strips[..., 4]) > 0.5) & (col >= 0) & (col < cols)
        index = col + ops.arange(batch, dtype="int32")[:, None] * cols
        return ops.reshape(ops.where(inside, index, -1), (-1,))

    def _assign(self, strips: Any, overlap: Any, column: Any, columns: Any) -> tuple[Any, Any, Any]:
        """Assign a strip to each anchor.

        Returns, each (batch * cols, rows * k): its best IoU, whether it is the best anchor of a strip, and the strip
        assigned (.., 7).

        An anchor that is the best of a strip is assigned to that strip even where it overlaps another one more.
        Otherwise the smaller of two close lines would be left without an anchor.
        """
        best_of_strip = ops.max(overlap, axis=1, keepdims=True)
        claimed = (best_of_strip > 0) & (overlap >= best_of_strip - _TIE)
        claim = overlap + ops.cast(claimed, "float32")
        won = ops.maximum(_segment_max(claim, column, columns), 0.0)
        best = ops.maximum(_segment_max(overlap, column, columns), 0.0)
        # The strip with the strongest claim; of equal claims the last one.
        count = ops.shape(overlap)[0]
        number = ops.cast(ops.arange(count), "int32")[:, None]
        is_winner = (claim > 0) & (claim >= ops.take(won, ops.maximum(column, 0), axis=0))
        winner = _segment_max(ops.where(is_winner, number, -1), column, columns)
        assigned = ops.take(ops.reshape(strips, (-1, strips.shape[-1])), ops.maximum(winner, 0), axis=0)
        assigned = ops.where(winner[..., None] >= 0, assigned, 0.0)
        return best, won >= 1.0, assigned

    def _excluded(self, strips: Any, top: Any, bottom: Any, column: Any, columns: Any) -> Any:
        """Mark anchors on ignored strips: `IGNORE` or `not_class(c)`, else 0; int32 (batch * cols, rows * k).

        It is the least kind among the strips of kinds below 0 on which half or more of the anchor lies.
        """
        shared, strip_height = _shared_height(strips, top, bottom)
        half = shared >= 0.5 * (bottom - top)[None, :]
        # An anchor much lower than a strip would never be its proposal: it is only ignored.
        small = shared < 0.5 * strip_height
        depth = ops.reshape(-strips[..., 4], (-1, 1))
        depth = ops.where(small, ops.minimum(depth, float(-IGNORE)), depth)
        deepest = _segment_max(ops.where(half & (depth > 0), depth, 0.0), column, columns)
        return -ops.cast(ops.maximum(deepest, 0.0) + 0.5, "int32")

    def _vertical_targets(self, assigned: Any, top: Any, bottom: Any) -> Any:
        """Compute v_c and v_h of equation 2 of the paper: (batch * cols, rows * k, 2)."""
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
        """Sample anchors of each image: their classes, -1 for the rest; shapes (batch * cols, rows * k).

        Args:
            kind: Class of the strip assigned to each anchor.
            positive: Which anchors are positive.
            negative: Which anchors are negative.
            hard: Which anchors may be hard negatives, and the text probability of each; None to draw all at random.
            balanced: Classes that get equal parts of the positives.
            batch: Number of images.
            training: Whether each call draws other anchors.
        """
        shape = ops.shape(kind)
        kind = ops.reshape(kind, (batch, -1))
        positive = ops.reshape(positive, (batch, -1))
        negative = ops.reshape(negative, (batch, -1))
        order = keras.random.uniform(ops.shape(positive), seed=self.seed_generator if training else self.seed)
        taken = _draw_by_class(order, kind, positive, self.samples // 2, balanced)
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
        """Return one minus the background probability: (batch, rows, cols, k, classes) -> (batch * cols, rows * k)."""
        background = ops.softmax(ops.cast(ops.stop_gradient(scores), "float32"), axis=-1)[..., 0]
        shape = ops.shape(background)
        by_column = ops.transpose(1.0 - background, (0, 2, 1, 3))
        return ops.reshape(by_column, (shape[0] * shape[2], shape[1] * shape[3]))

    def _to_map(self, flat: Any, batch: Any, rows: Any, cols: Any) -> Any:
        """Rearrange columns to a map: (batch * cols, rows * k, ...) -> (batch, rows, cols, k, ...)."""
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
        names = ("heights", "samples", "positive", "negative", "valid", "hard", "hard_below", "balanced", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _shared_height(strips: Any, top: Any, bottom: Any) -> tuple[Any, Any]:
    """Return the height that strips (batch, M, 7) share with anchors (n,), (batch * M, n), and their own height."""
    y1, y2 = ops.reshape(strips[..., 1], (-1, 1)), ops.reshape(strips[..., 3], (-1, 1))
    return ops.maximum(ops.minimum(y2, bottom) - ops.maximum(y1, top), 0.0), y2 - y1


def _segment_max(values: Any, segment: Any, segments: Any) -> Any:
    """Maximise values (n, m) over each segment: (segments, m). Values of negative segments are left out."""
    # An extra segment takes what belongs nowhere: not every backend drops negative indices.
    index = ops.where(segment < 0, segments, segment)
    return ops.segment_max(values, index, num_segments=segments + 1)[:segments]


def _draw_by_class(order: Any, kind: Any, positive: Any, most: int, classes: Sequence[int]) -> Any:
    """Draw up to `most` positives of each image: (batch, N) bool.

    The given classes get equal parts; what one of them cannot fill, and all without classes, is drawn from all.
    """
    drawn = ops.zeros_like(positive)
    for label in classes:
        mine = positive & (kind == label)
        drawn = drawn | (mine & (_rank(order, mine) < most // len(classes)))
    rest = positive & ~drawn
    room = most - ops.sum(ops.cast(drawn, "int32"), axis=1, keepdims=True)
    return drawn | (rest & (_rank(order, rest) < room))


def _rank(order: Any, mask: Any) -> Any:
    """Rank (from 0) each masked entry among the masked ones by `order`, along the last axis."""
    sorted_by = ops.argsort(ops.where(mask, order, 2.0), axis=-1)
    return ops.argsort(sorted_by, axis=-1)
