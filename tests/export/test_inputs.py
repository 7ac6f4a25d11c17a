"""Images that networks are compared on."""

from __future__ import annotations

import keras
import pytest

from ctpn_crnn.ctpn.decode import decode_heads
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION

pytest.importorskip("tf2onnx")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports with TensorFlow")

from ctpn_crnn.export.inputs import made_batches  # noqa: E402
from ctpn_crnn.runtime.onnx_network import OnnxNetwork  # noqa: E402


def test_the_shipped_detector_finds_what_is_drawn_for_it():
    network = OnnxNetwork(CTPN_DEFINITION, None, "float32")
    (found,) = decode_heads(*network.predict(made_batches("ctpn")[-1]), heights=network.config["heights"])
    assert len(found.boxes) > 5
