"""Networks run from a weights file give what the model itself gives, at any size, in one trace."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime import load_network
from ctpn_crnn.runtime.keras_network import KerasNetwork, choose_precision

CHARSET = "abc甲"


def test_reader(reader):
    model, path = reader
    network = load_network(CRNN_DEFINITION, path, "keras", "float32")
    assert (network.charset, network.config["num_classes"]) == (CHARSET, 5)
    lines = np.random.default_rng(0).integers(0, 255, (3, 32, 48, 1), np.uint8)
    (logits,) = network.predict(lines)
    assert (logits.shape, logits.dtype) == ((3, 12, 5), np.float32)
    assert logits == pytest.approx(model.predict_on_batch(lines.astype(np.float32)), abs=1e-4)


def test_detector(detector):
    model, path = detector
    network = load_network(CTPN_DEFINITION, path, "keras", "float32")
    assert network.charset is None
    images = np.random.default_rng(0).integers(0, 255, (2, 48, 64, 3), np.uint8)
    heads = network.predict(images)
    assert [head.shape for head in heads] == [(2, 3, 4, 3, 2), (2, 3, 4, 3, 2), (2, 3, 4, 3, 1)]
    for head, expected in zip(heads, model.predict_on_batch(images.astype(np.float32)), strict=True):
        assert head == pytest.approx(np.asarray(expected), abs=1e-4)


def test_detector_end_to_end_on_untrained_weights(detector):
    found = Detector(detector[1], "keras", "float32", short_side=64, max_side=96)
    image = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)
    assert found.detect(image) == []  # undecided everywhere
    for region in Detector(network=found.network, short_side=64, max_side=96, min_score=0.01).detect(image):
        assert region.kind == "text"


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.function")
def test_sizes_share_one_trace(reader):
    network = KerasNetwork(CRNN_DEFINITION, reader[1], "float32")
    for count, width in ((1, 16), (2, 20), (5, 100), (1, 64)):
        assert network.predict(np.zeros((count, 32, width, 1), np.uint8))[0].shape == (count, width // 4, 5)
    assert network._call.experimental_get_tracing_count() == 1


def test_bfloat16_is_near_float32_and_leaves_the_users_policy(reader):
    before = keras.config.dtype_policy().name
    network = load_network(CRNN_DEFINITION, reader[1], "keras", "bfloat16")
    assert keras.config.dtype_policy().name == before
    assert network.precision == "bfloat16"
    lines = np.random.default_rng(0).integers(0, 255, (2, 32, 32, 1), np.uint8)
    (logits,) = network.predict(lines)
    assert logits.dtype == np.float32
    assert abs(logits - reader[0].predict_on_batch(lines.astype(np.float32))).max() < 0.1


def test_precision_follows_the_processor(monkeypatch):
    module = "ctpn_crnn.runtime.keras_network"
    monkeypatch.setattr(f"{module}._gpu_has_bfloat16", lambda: False)
    for flags, expected in (
        ({"avx2", "amx_bf16"}, "bfloat16"),
        ({"avx512_bf16"}, "bfloat16"),
        ({"avx2", "avx512f"}, "float32"),
    ):
        monkeypatch.setattr("ctpn_crnn.runtime.machine.processor_flags", lambda flags=flags: flags)
        assert choose_precision() == expected
    monkeypatch.setattr(f"{module}._gpu_has_bfloat16", lambda: True)
    assert choose_precision() == "bfloat16"


def test_weights_of_the_other_network_are_refused(reader, tmp_path):
    with pytest.raises(WeightsError):
        load_network(CTPN_DEFINITION, reader[1], "keras")
    with pytest.raises(WeightsError):
        load_network(CRNN_DEFINITION, tmp_path / "missing.h5", "keras")
