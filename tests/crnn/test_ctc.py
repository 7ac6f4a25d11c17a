import math

import numpy as np
import pytest

from ctpn_crnn.crnn.ctc import (
    best_path,
    ctc_loss,
    greedy_decode,
    line_confidence,
    minimum_frames,
    pack_labels,
)


def test_loss_is_minus_log_of_the_sum_over_all_paths(label_probabilities, softmax):
    logits = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
    labels = [[1, 2], [3, 3], [2]]
    frames = [5, 4, 3]
    loss = np.asarray(ctc_loss(pack_labels(labels, frames), logits))
    for row, label, count, value in zip(logits, labels, frames, loss):
        assert value == pytest.approx(-math.log(label_probabilities(softmax(row[:count]))[tuple(label)]), rel=1e-4)


def test_loss_would_notice_swapped_axes():
    logits = np.random.default_rng(1).normal(size=(4, 4, 3)).astype("float32")
    packed = pack_labels([[1], [2], [1, 2], [2, 1]], [4] * 4)
    swapped = np.asarray(ctc_loss(packed, logits.transpose(1, 0, 2)))
    assert not np.allclose(np.asarray(ctc_loss(packed, logits)), swapped, atol=1e-2)


def test_minimum_frames_counts_doubled_neighbours():
    assert minimum_frames([]) == 0
    assert minimum_frames([5, 6, 5]) == 3
    assert minimum_frames([5, 5, 6, 6, 6]) == 5 + 1 + 2


def test_pack_labels():
    np.testing.assert_array_equal(pack_labels([[7], [8, 9]], [10, 12]), [[10, 1, 7, 0], [12, 2, 8, 9]])


def test_greedy_keeps_doubled_letters_and_merges_repeats(one_hot):
    probabilities = one_hot([1, 1, 0, 1, 2, 2, 0, 0, 3])
    (decoded,) = greedy_decode(probabilities[None])
    assert decoded.classes == [1, 1, 2, 3]
    assert decoded.spans == [(0, 2), (3, 4), (4, 6), (8, 9)]
    assert decoded.confidences == pytest.approx([0.9] * 4)
    assert decoded.confidence == pytest.approx(0.9**4)


def test_confidence_of_a_line_is_the_product_to_a_power():
    assert line_confidence([0.9, 0.5]) == pytest.approx(0.45)
    assert line_confidence([0.9, 0.5], 0.5) == pytest.approx(0.45**0.5)
    assert line_confidence([1.0] * 5) == 1.0
    assert line_confidence([]) == 0.0
    assert 0 < line_confidence([0.0], 0.5) < 1e-5


def test_greedy_stops_at_the_valid_frames(one_hot):
    probabilities = one_hot([1, 0, 2, 3])
    first, second = greedy_decode(np.stack([probabilities, probabilities]), [2, 4])
    assert (first.classes, second.classes) == ([1], [1, 2, 3])


def test_nothing_to_decode(one_hot):
    assert best_path(np.zeros(0, int), np.zeros(0)).classes == []
    (decoded,) = greedy_decode(one_hot([0, 0, 0])[None])
    assert (decoded.classes, decoded.confidence) == ([], 0.0)


def test_the_loss_of_a_label_that_the_network_is_sure_against_is_finite_and_has_a_gradient() -> None:
    tf = pytest.importorskip("tensorflow")
    logits = tf.constant([[[500.0, 0.0, -300.0], [500.0, 0.0, 0.0]]])  # Both frames are blank beyond any doubt.
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = ctc_loss(pack_labels([[2]], [2]), logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert 50 < float(loss[0]) < 130 and np.isfinite(gradient).all() and gradient[0, 1, 0] > 0.1
