"""`AnchorTarget` against a slow reference that knows nothing of columns."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from boxes import area, common, iou

from ctpn_crnn.ctpn.anchor_target import AnchorTarget
from ctpn_crnn.ctpn.anchors import IGNORE, anchor_grid, not_class, strips_of_quads
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS
from ctpn_crnn.errors import ConfigError

BOX = np.array([[16.0, 32.0], [48.0, 32.0], [48.0, 64.0], [16.0, 64.0]])


def reference_targets(rows: int, cols: int, strips: np.ndarray) -> dict[str, np.ndarray]:
    """Whether each anchor may be positive, negative; its strip; straight from the paper's definitions."""
    anchors = anchor_grid(rows, cols).reshape(-1, 4)
    real = [s for s in strips if s[4] > 0]
    ignored = [s for s in strips if s[4] == IGNORE]
    overlap = np.array([[iou(a, s) for s in real] for a in anchors]).reshape(len(anchors), len(real))
    best = overlap.max(axis=1, initial=0.0)
    forced = np.zeros_like(overlap, bool)
    for j in range(len(real)):
        if overlap[:, j].max() > 0:
            forced[:, j] = overlap[:, j] >= overlap[:, j].max() - 1e-5
    positive = (best > 0.7) | forced.any(axis=1)
    on_ignored = np.array([any(common(a, s) >= 0.5 * area(a) for s in ignored) for a in anchors], bool)
    strip = np.full(len(anchors), -1)
    for i in range(len(anchors)):
        choice = np.where(forced[i], overlap[i] + 1, overlap[i]) if len(real) else np.zeros(0)
        if len(choice) and choice.max() > 0:
            strip[i] = int(choice.argmax())
    return {
        "anchors": anchors,
        "real": np.array(real),
        "positive": positive,
        "negative": (best < 0.5) & ~positive & ~on_ignored,
        "regressed": positive | (best > 0.5),
        "strip": strip,
    }


def random_strips(rng: np.random.Generator, size: tuple[int, int], lines: int) -> np.ndarray:
    quads, kinds = [], []
    for _ in range(lines):
        x, y = rng.uniform(-10, size[1] * 0.7), rng.uniform(-5, size[0] * 0.9)
        width, height, slant = rng.uniform(10, 120), rng.uniform(8, 60), rng.uniform(-20, 20)
        quads.append([[x, y], [x + width, y + slant], [x + width, y + slant + height], [x, y + height]])
        kinds.append(int(rng.choice([1, 1, 2, IGNORE])))
    return strips_of_quads(np.array(quads), kinds, size)


def padded(*sets: np.ndarray) -> np.ndarray:
    out = np.zeros((len(sets), max(len(s) for s in sets) + 3, 7), np.float32)
    for row, strips in zip(out, sets):
        row[: len(strips)] = strips
    return out


def targets(layer: AnchorTarget, rows: int, cols: int, strips: np.ndarray, **kwargs: bool) -> list[np.ndarray]:
    like = np.zeros((len(strips), rows, cols, 1), np.float32)
    return [keras.ops.convert_to_numpy(t) for t in layer([like, strips], **kwargs)]


@pytest.mark.parametrize("seed", range(3))
def test_targets_agree_with_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, cols = 7, 9
    sets = [random_strips(rng, (rows * 16, cols * 16), n) for n in (3, 6, 1)]
    everything = AnchorTarget(samples=4 * rows * cols * 10)
    labels, vertical, mask, side, side_mask = targets(everything, rows, cols, padded(*sets), training=True)
    for i, strips in enumerate(sets):
        want = reference_targets(rows, cols, strips)
        label = labels[i].ravel()
        kinds = np.array([want["real"][s][4] if s >= 0 else 0 for s in want["strip"]])
        np.testing.assert_array_equal(label > 0, want["positive"])
        np.testing.assert_array_equal(label == 0, want["negative"])
        np.testing.assert_array_equal(label[want["positive"]], kinds[want["positive"]])
        np.testing.assert_array_equal(mask[i].ravel() > 0, want["regressed"])
        for n in np.flatnonzero(want["regressed"]):
            _, y1, _, y2 = want["anchors"][n]
            strip = want["real"][want["strip"][n]]
            wanted = [
                ((strip[1] + strip[3]) / 2 - (y1 + y2) / 2) / (y2 - y1),
                math.log((strip[3] - strip[1]) / (y2 - y1)),
            ]
            np.testing.assert_allclose(vertical[i].reshape(-1, 2)[n], wanted, atol=1e-4)
            assert side_mask[i].ravel()[n] == strip[5]
            if strip[5]:
                assert side[i].ravel()[n] == pytest.approx(strip[6])


def test_no_text_gives_background_only() -> None:
    labels, _, mask, _, side_mask = targets(AnchorTarget(samples=20), 3, 4, np.zeros((2, 5, 7), np.float32))
    np.testing.assert_array_equal((labels == 0).sum(axis=(1, 2, 3)), [20, 20])
    assert labels.max() == 0
    assert not mask.any()
    assert not side_mask.any()


def test_a_strip_that_no_anchor_touches_makes_nothing_positive() -> None:
    strips = np.float32([[[16, 500, 32, 520, 1, 0, 0]]])  # below the image
    labels, *_ = targets(AnchorTarget(heights=(11.0,), samples=4), 2, 3, strips)
    assert labels.max() == 0


def test_nearly_everything_ignored() -> None:
    strips = np.zeros((1, 3, 7), np.float32)
    strips[0, :, 4] = IGNORE
    strips[0, :, 0], strips[0, :, 2], strips[0, :, 3] = [0, 16, 32], [16, 32, 48], 32
    labels, *_ = targets(AnchorTarget(heights=(11.0, 20.0), samples=8), 2, 3, strips)
    assert set(labels.ravel()) == {-1}


def test_what_is_not_class_a_class_learns_that() -> None:
    strips = padded(strips_of_quads([BOX, BOX + [[64, 0]]], [2, not_class(2)], (96, 128)))
    labels = targets(AnchorTarget(samples=4000), 6, 8, strips, training=True)[0][0]
    left, right = labels[:, 1:3], labels[:, 5:7]
    assert 2 in left and not_class(2) not in left
    assert not_class(2) in right and 2 not in right
    heights = np.asarray(ANCHOR_HEIGHTS)[np.nonzero(right == not_class(2))[2]]
    assert 15 < heights.min() and heights.max() <= 64  # of 32 px: neither specks in it nor what is much higher


def test_a_formula_among_much_text_has_its_part_of_the_positives() -> None:
    kinds = [1] * 12 + [2] * 4
    strips = np.zeros((1, len(kinds), 7), np.float32)
    for column, kind in enumerate(kinds):
        strips[0, column, :5] = [16 * column, 3, 16 * column + 16, 13, kind]  # one positive anchor each
    logits = np.zeros((1, 1, len(kinds), 1, 3), np.float32)
    layer = AnchorTarget(heights=(11.0,), samples=16, balanced=True)
    labels = np.asarray(keras.ops.convert_to_numpy(layer([logits, strips], training=True)[0])).ravel()
    assert (labels == 1).sum() == 4 and (labels == 2).sum() == 4
    # What one class leaves goes to the other.
    layer = AnchorTarget(heights=(11.0,), samples=24, balanced=True)
    labels = np.asarray(keras.ops.convert_to_numpy(layer([logits, strips], training=True)[0])).ravel()
    assert (labels == 1).sum() == 8 and (labels == 2).sum() == 4
    # Drawn at random, every positive is as likely as another: 2 of these 8 on average.
    layer = AnchorTarget(heights=(11.0,), samples=16)
    draws = [np.asarray(layer([logits, strips], training=True)[0]) for _ in range(40)]
    assert 1.5 < np.mean([(labels == 2).sum() for labels in draws]) < 2.5


def test_hard_negatives_are_those_that_look_most_like_text() -> None:
    rows, cols, heights = 3, 8, (11.0, 20.0)
    logits = np.zeros((2, rows, cols, 2, 3), np.float32)
    logits[..., 0] = 4.0  # sure of the background, but for six anchors of each image
    wrong = [(0, 0, 0), (0, 5, 1), (1, 2, 0), (2, 7, 1), (2, 0, 0), (1, 7, 0)]
    for place, (row, col, k) in enumerate(wrong):
        logits[:, row, col, k, 1] = 8.0 - place
    strips = np.zeros((2, 1, 7), np.float32)
    strips[:, 0, :5] = [80, 3, 96, 13, 1]  # the anchor (0, 5, 0) is positive; (0, 5, 1) overlaps it by half
    for hard, expected in ((0.5, 5), (0.4, 4), (1.0, 5)):
        layer = AnchorTarget(heights=heights, samples=11, hard=hard, seed=1)
        labels = keras.ops.convert_to_numpy(layer([logits, strips], training=True)[0])
        assert (labels > 0).sum() == 2
        assert (labels == 0).sum(axis=(1, 2, 3)).tolist() == [10, 10]
        picked = [(labels[0][w] == 0) for w in wrong if w != (0, 5, 1)]
        assert sum(picked[:expected]) == expected  # the likeliest first
    assert AnchorTarget.from_config(layer.get_config()).hard == 1.0


def test_the_smaller_of_two_close_lines_keeps_an_anchor() -> None:
    # Heights 12 and 8 in one cell: the anchor of 11 px overlaps the first more, but is the best of both.
    strips = np.float32([[[0, 0, 16, 12, 1, 0, 0], [0, 8, 16, 16, 2, 0, 0]]])
    labels, *_ = targets(AnchorTarget(heights=(11.0,), samples=4), 1, 1, strips)
    assert labels.ravel().tolist() == [1]
    labels, *_ = targets(AnchorTarget(heights=(11.0, 5.0), samples=4), 1, 1, strips)
    assert labels.ravel()[0] in (1, 2)


def test_sampling_is_balanced_padded_and_repeatable() -> None:
    tall = strips_of_quads([np.float32([[0, 20], [320, 20], [320, 110], [0, 110]])], [1], (160, 320))
    strips = padded(tall, tall[:2])
    first = targets(AnchorTarget(samples=32, seed=5), 10, 20, strips, training=True)[0]
    assert ((first > 0).sum(axis=(1, 2, 3)) <= 16).all()
    np.testing.assert_array_equal((first >= 0).sum(axis=(1, 2, 3)), [32, 32])
    assert (first[0] > 0).sum() == 16
    layer = AnchorTarget(samples=32, seed=5)
    np.testing.assert_array_equal(targets(layer, 10, 20, strips, training=True)[0], first)
    assert (targets(layer, 10, 20, strips, training=True)[0] != first).any()
    still = [targets(layer, 10, 20, strips, training=False)[0] for _ in range(2)]
    np.testing.assert_array_equal(*still)


def test_config_round_trip() -> None:
    layer = AnchorTarget(samples=64, negative=0.3, seed=3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()


def test_symbolic_shapes() -> None:
    like, strips = keras.Input((None, None, 10, 3)), keras.Input((None, 7))
    shapes = [tuple(t.shape) for t in AnchorTarget()([like, strips])]
    grid = (None, None, None, 10)
    assert shapes == [grid, (*grid, 2), grid, (*grid, 1), grid]


@pytest.mark.parametrize(
    "make",
    [
        lambda: AnchorTarget(positive=0.3, negative=0.5),
        lambda: AnchorTarget(samples=1),
        lambda: AnchorTarget(hard=1.5),
        lambda: AnchorTarget(hard_below=0.0),
    ],
)
def test_senseless_arguments(make) -> None:
    with pytest.raises(ConfigError):
        make()
