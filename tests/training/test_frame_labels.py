import numpy as np

from ctpn_crnn.training.frame_labels import IGNORED, frame_labels, frame_loss


def known(labels):
    return {frame: label for frame, label in enumerate(labels.tolist()) if label != IGNORED}


def test_wide_characters_by_hand():
    """Characters at 0-24 and 24-48 px, six frames each: centres at frames 3 and 9, edges at 6 and 12 and .84 inside."""
    labels = frame_labels(np.array([[0.0, 24.0], [24.0, 48.0]]), [5, 7], used=56, frames=14)
    assert known(labels) == {0: 0, 2: 5, 3: 5, 5: 0, 6: 0, 8: 7, 9: 7, 11: 0, 12: 0}


def test_narrow_characters_have_a_frame_each_and_no_certain_blank():
    labels = frame_labels(np.array([[0.0, 6.0], [6.0, 12.0]]), [1, 2], used=12, frames=3)
    assert known(labels) == {0: 1, 1: 2, 2: 2}


def test_frames_stay_inside():
    labels = frame_labels(np.array([[-3.0, 2.0], [30.0, 40.0]]), [1, 2], used=32, frames=8)
    assert labels[0] == 1 and labels[7] in (0, 2)


def test_two_frames_of_the_padding_are_blank():
    # 40 of 96 px are used: frame 11 is the second of the padding, 17 is halfway from there to frame 24.
    labels = frame_labels(np.zeros((0, 2)), [], used=40, frames=24)
    assert known(labels) == {11: 0, 17: 0}
    assert known(frame_labels(np.zeros((0, 2)), [], used=96, frames=24)) == {}


def test_loss_by_hand():
    """Two labelled frames of probability 1/2 and 1/4, a third without a label; a line without any label costs 0."""
    p = np.array([[[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]] * 2)
    loss = np.asarray(frame_loss(np.array([[0, 1, -1], [-1, -1, -1]]), np.log(p)))
    np.testing.assert_allclose(loss, [(np.log(2) + np.log(4)) / 2, 0], rtol=1e-6)
