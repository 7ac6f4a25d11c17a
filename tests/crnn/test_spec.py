from __future__ import annotations

import json

import pytest

from ctpn_crnn.crnn.spec import FRAME_WIDTH, INPUT_HEIGHT, Convolution, CRNNSpec
from ctpn_crnn.errors import ConfigError


def test_the_defaults_are_the_papers():
    """Table 1 of the paper, with the 2x2 pools and the convolution of stride (2, 1) of the document."""
    spec = CRNNSpec(num_classes=37)
    assert [c.filters for c in spec.convolutions] == [64, 128, 256, 256, 512, 512, 512]
    assert [n for n, c in enumerate(spec.convolutions, 1) if c.normalised] == [5, 6]
    assert [n for n, c in enumerate(spec.convolutions, 1) if c.pool != (1, 1)] == [1, 2, 4, 6]
    assert (spec.lstm_units, spec.lstm_layers) == (256, 2)
    assert (spec.input_height, spec.frame_width) == (INPUT_HEIGHT, FRAME_WIDTH) == (32, 4)


def test_the_frame_width_follows_from_pools_and_strides():
    convolutions = (Convolution(4, strides=(1, 3), pool=(4, 2)), Convolution(4, strides=(2, 1)))
    assert CRNNSpec(5, convolutions, input_height=8).frame_width == 6


@pytest.mark.parametrize(
    "spec", [CRNNSpec(37), CRNNSpec(5, (Convolution(4, (5, 3), (8, 2), True, (1, 2)),), 3, 1, 8, 1e-5)]
)
def test_a_configuration_in_json_makes_the_same_specification(spec):
    config = json.loads(json.dumps(spec.to_config()))
    assert CRNNSpec.from_config({**config, "calibration": 0.5}) == spec


def test_what_a_configuration_does_not_name_has_its_default():
    assert CRNNSpec.from_config({"num_classes": 7, "lstm_units": 8}) == CRNNSpec(7, lstm_units=8)


def test_senseless_arguments():
    with pytest.raises(ConfigError, match="num_classes"):
        CRNNSpec(1)
    with pytest.raises(ConfigError, match="divide the height by 32, but input_height is 48"):
        CRNNSpec(5, input_height=48)
