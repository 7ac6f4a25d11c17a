"""One specification, two builds: the ONNX graph computes what the Keras model computes, whatever is changed in it."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import Convolution, CRNNSpec
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime.keras_network import KerasNetwork
from ctpn_crnn.runtime.onnx_network import OnnxNetwork
from ctpn_crnn.weights import save_weights

SMALL = CRNNSpec(
    num_classes=5,
    convolutions=(
        Convolution(4, pool=(2, 2)),
        Convolution(6, normalised=True, pool=(2, 1)),
        Convolution(8, kernel=(2, 2), strides=(2, 1)),
    ),
    lstm_units=3,
    input_height=8,
)
FIRST, SECOND, THIRD = SMALL.convolutions


def saved(spec, path):
    """Weights of a model of this specification, random, those of batch normalisation too."""
    random = np.random.default_rng(0)
    model = CRNN(spec).build_model()
    model.set_weights([random.uniform(0.1, 0.5, w.shape).astype(np.float16) for w in model.get_weights()])
    save_weights(model, path, kind="crnn", config=spec.to_config(), charset="abcd", info={})
    return path


@pytest.mark.parametrize(
    "spec",
    [
        SMALL,
        replace(SMALL, convolutions=(FIRST, Convolution(5, normalised=True), SECOND, THIRD)),
        replace(SMALL, convolutions=(replace(FIRST, pool=(4, 1)), SECOND, THIRD), input_height=16),
        replace(SMALL, convolutions=(replace(FIRST, strides=(2, 2)), SECOND, THIRD), input_height=16),
        replace(SMALL, convolutions=(FIRST, Convolution(256), replace(SECOND, filters=9, kernel=(5, 3)), THIRD)),
        replace(SMALL, lstm_units=7, lstm_layers=3, epsilon=0.1),
    ],
    ids=["small", "one convolution more", "another pool", "another stride", "other filters", "other LSTMs"],
)
def test_both_builds_compute_the_same(spec, tmp_path):
    path = saved(spec, tmp_path / "weights.h5")
    batch = np.random.default_rng(1).integers(0, 256, (2, spec.input_height, 9 * spec.frame_width, 1), np.uint8)
    (expected,) = KerasNetwork(CRNN_DEFINITION, path, "float32").predict(batch)
    (found,) = OnnxNetwork(CRNN_DEFINITION, path, "float32").predict(batch)
    assert found.shape == (2, 9, 5) and np.ptp(expected, axis=1).max() > 0.001
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"lstm_units": 4}, "bilstm1/"),
        ({"lstm_layers": 1}, "bilstm2/"),
        ({"num_classes": 6}, "projection/"),
        ({"convolutions": (FIRST, replace(SECOND, normalised=False), THIRD)}, "conv2/bias|bn2"),
        ({"convolutions": (FIRST, SECOND, replace(THIRD, filters=9))}, "conv3/"),
    ],
)
def test_weights_of_another_specification_are_refused(changed, named, tmp_path):
    model = CRNN(SMALL).build_model()
    config = replace(SMALL, **changed).to_config()
    save_weights(model, tmp_path / "weights.h5", kind="crnn", config=config, charset="abcd", info={})
    for runtime in (OnnxNetwork, KerasNetwork):
        with pytest.raises(WeightsError, match=named):
            runtime(CRNN_DEFINITION, tmp_path / "weights.h5", "float32")


def test_a_configuration_that_describes_no_network_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for number, wrong in enumerate(({"num_classes": "many"}, {"convolutions": [3]}, {"input_height": 31})):
        path = tmp_path / f"{number}.h5"
        save_weights(model, path, kind="crnn", config=wrong, charset="abcd", info={})
        for runtime in (OnnxNetwork, KerasNetwork):
            with pytest.raises(WeightsError, match="describes no CRNN"):
                runtime(CRNN_DEFINITION, path, "float32")
