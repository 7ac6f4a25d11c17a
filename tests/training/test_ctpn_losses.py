from __future__ import annotations

import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn.anchors import not_class
from ctpn_crnn.training.ctpn_losses import CTPNLoss, regression_loss, score_loss, smooth_l1


def test_smooth_l1() -> None:
    np.testing.assert_allclose(smooth_l1(np.float32([-3, -1, -0.5, 0, 0.2, 2])), [2.5, 0.5, 0.125, 0, 0.02, 1.5])


def test_score_loss_by_hand() -> None:
    logits = np.float32([[[0, 0, 0]], [[2, 0, 0]], [[9, 9, -9]]])
    labels = np.int32([[1], [0], [-1]])
    wanted = (np.log(3) + np.log(1 + 2 * np.exp(-2))) / 2
    assert float(score_loss(logits, labels)) == pytest.approx(wanted, rel=1e-6)


def test_not_class_a_class_costs_that_class_alone() -> None:
    logits = np.float32([[2, 1, 3], [0, 0, 60]])
    label = np.int32([not_class(2), not_class(2)])
    p = np.exp(3) / (np.exp(2) + np.exp(1) + np.exp(3))
    wanted = (-np.log(1 - p) + (60 - np.log(2))) / 2  # the second one is sure of the wrong class, and stays finite
    assert float(score_loss(logits, label)) == pytest.approx(wanted, rel=1e-6)
    gradient = [float(score_loss(logits + d, label)) for d in np.float32([[[0, 0, 0.01]], [[0, 0, -0.01]]])]
    assert gradient[0] > gradient[1]


def test_regression_loss_by_hand() -> None:
    predicted = np.float32([[1, 2], [0, 0], [np.inf, np.nan]])
    target = np.float32([[0, 0], [0.5, 0], [0, 0]])
    assert float(regression_loss(predicted, target, np.float32([1, 1, 0]))) == pytest.approx((0.5 + 1.5 + 0.125) / 2)


def test_empty_sets_cost_nothing() -> None:
    assert float(score_loss(np.zeros((2, 3), "float32"), np.int32([-1, -1]))) == 0
    assert float(regression_loss(np.ones((2, 1), "float32"), np.zeros((2, 1), "float32"), np.zeros(2, "float32"))) == 0


def test_huge_logits_stay_finite() -> None:
    assert np.isfinite(float(score_loss(np.float32([[1e4, -1e4]]), np.int32([1]))))


def test_layer_weighs_and_reports_the_parts() -> None:
    layer = CTPNLoss(vertical_weight=1.0, side_weight=2.0)
    mask = np.ones((1, 1, 1, 1), "float32")
    inputs = [
        np.zeros((1, 1, 1, 1, 2), "float32"),
        np.float32([[[[[2.0, 0.0]]]]]),
        np.float32([[[[[3.0]]]]]),
        np.ones((1, 1, 1, 1), "int32"),
        np.zeros((1, 1, 1, 1, 2), "float32"),
        mask,
        np.zeros((1, 1, 1, 1, 1), "float32"),
        mask,
    ]
    np.testing.assert_allclose(layer(inputs), [np.log(2), 1.5, 2.5], rtol=1e-6)
    assert float(layer.losses[0]) == pytest.approx(np.log(2) + 1.5 + 2 * 2.5)


def test_config_round_trip() -> None:
    layer = CTPNLoss(0.5, 3.0, name="l")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert (again.vertical_weight, again.side_weight) == (0.5, 3.0)
