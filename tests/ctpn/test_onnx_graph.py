"""One specification, two builds: the ONNX graph computes what the Keras model computes, whatever is changed in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import Block, CTPNSpec
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime.keras_network import KerasNetwork
from ctpn_crnn.runtime.onnx_network import OnnxNetwork
from ctpn_crnn.weights import save_weights

SMALL = CTPNSpec(
    blocks=(Block(1, 4), Block(2, 6, pool=1)), window_filters=8, lstm_units=5, fc_units=7, heights=(11.0, 20.0)
)


def saved(spec: CTPNSpec, path: Path) -> Path:
    """Weights of a model of this specification, random, biases too."""
    random = np.random.default_rng(0)
    model = CTPN(spec).build_model()
    model.set_weights([random.normal(0, 0.2, w.shape).astype(np.float16) for w in model.get_weights()])
    save_weights(model, path, kind="ctpn", config=spec.to_config(), charset=None, info={})
    return path


@pytest.mark.parametrize(
    "spec",
    [
        SMALL,
        replace(SMALL, blocks=(Block(2, 4), Block(2, 6, pool=1))),
        replace(SMALL, blocks=(Block(1, 4, pool=3), Block(1, 256), Block(1, 6, pool=1))),
        replace(SMALL, kernel=5, window_filters=9, lstm_units=3, fc_units=4),
        replace(SMALL, classes=("background", "text", "formula", "seal"), heights=(8.0, 16.0, 32.0)),
    ],
    ids=["small", "one convolution more", "other pools", "other widths", "other classes"],
)
def test_both_builds_compute_the_same(spec: CTPNSpec, tmp_path: Path) -> None:
    path = saved(spec, tmp_path / "weights.h5")
    stride, k = spec.stride, len(spec.heights)
    batch = np.random.default_rng(1).integers(0, 256, (2, 5 * stride, 7 * stride, 3), np.uint8)
    expected = KerasNetwork(CTPN_DEFINITION, path, "float32").predict(batch)
    found = OnnxNetwork(CTPN_DEFINITION, path, "float32").predict(batch)
    assert [head.shape for head in found] == [(2, 5, 7, k, n) for n in (len(spec.classes), 2, 1)]
    for a, b in zip(found, expected, strict=True):
        assert np.abs(b).max() > 0.01
        np.testing.assert_allclose(a, b, atol=1e-4 * np.abs(b).max())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"fc_units": 9}, "fc/"),
        ({"lstm_units": 4}, "bilstm/"),
        ({"heights": (11.0,)}, "scores_head"),
        ({"blocks": (Block(1, 4), Block(3, 6, pool=1))}, "block2_conv3"),
        ({"blocks": (Block(1, 4), Block(1, 6, pool=1))}, "block2_conv2"),
        ({"kernel": 5}, "block1_conv1"),
    ],
)
def test_weights_of_another_specification_are_refused(changed: dict, named: str, tmp_path: Path) -> None:
    model = CTPN(SMALL).build_model()
    config = replace(SMALL, **changed).to_config()
    save_weights(model, tmp_path / "weights.h5", kind="ctpn", config=config, charset=None, info={})
    for runtime in (OnnxNetwork, KerasNetwork):
        with pytest.raises(WeightsError, match=named):
            runtime(CTPN_DEFINITION, tmp_path / "weights.h5", "float32")


def test_a_configuration_that_describes_no_network_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for number, wrong in enumerate(({"classes": ["background"]}, {"blocks": [{"filters": 3}]}, {"heights": 3})):
        path = tmp_path / f"{number}.h5"
        save_weights(model, path, kind="ctpn", config=wrong, charset=None, info={})
        for runtime in (OnnxNetwork, KerasNetwork):
            with pytest.raises(WeightsError, match="describes no CTPN"):
                runtime(CTPN_DEFINITION, path, "float32")
