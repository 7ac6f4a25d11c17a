"""Exported networks are compared with Keras, and what differs is an error."""

from __future__ import annotations

import keras
import numpy as np
import pytest

pytest.importorskip("tf2onnx")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports with TensorFlow")

from ctpn_crnn.export import check_parity  # noqa: E402
from ctpn_crnn.export.parity import Parity, ParityError, _gaps, compare_proposals  # noqa: E402
from ctpn_crnn.weights import read_weights  # noqa: E402


def test_other_weights_are_noticed(exported, other_reader):
    with pytest.raises(ParityError, match="does not compute"):
        check_parity(other_reader, exported)


def test_proposals_are_compared_whatever_their_order(reader):
    file = read_weights(reader)
    heads = [np.zeros((1, 1, 2, 1, values), np.float32) for values in (2, 2, 1)]
    heads[0][..., 1] = 5  # two sure strips of the one anchor, in both columns
    file.config["heights"] = [16.0]
    strips = np.float32([[[16, 0, 32, 16, 0.9933072, 1], [0, 0, 16, 16, 0.9933072, 1], [0] * 6]])
    assert compare_proposals(file, lambda _: heads, lambda _: (strips, strips[..., 5] * 0), [strips]).passed
    strips[0, 0, 1] -= 2
    assert compare_proposals(file, lambda _: heads, lambda _: (strips, strips[..., 5] * 0), [strips]).differing == 1
    assert _gaps(np.zeros((2, 7)), np.zeros((0, 7))).tolist() == [np.inf, np.inf]


def test_nothing_to_compare_is_an_error(reader):
    file = read_weights(reader)
    file.config["heights"] = [16.0]
    heads = [np.zeros((1, 1, 2, 1, values), np.float32) for values in (2, 2, 1)]
    heads[0][..., 0] = 9
    none = np.zeros((1, 3, 6), np.float32)
    with pytest.raises(ParityError, match="no strip could be compared"):
        compare_proposals(file, lambda _: heads, lambda _: (none, none[..., 5]), [none])


def test_a_model_that_does_not_run_is_an_error(reader, folder):
    (folder / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ParityError, match="cannot run"):
        check_parity(reader, folder / "broken.onnx")


def test_parity_is_strict_about_text():
    assert Parity(1, 1e-6, 0, 5).passed
    assert not Parity(1, 1e-6, 1, 5).passed and "NOT" in str(Parity(1, 1e-6, 1, 5))
    assert not Parity(1, 2e-3, 0, 5).passed
