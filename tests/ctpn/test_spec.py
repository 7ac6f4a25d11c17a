from __future__ import annotations

import json

import pytest

from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS, STRIDE, Block, CTPNSpec
from ctpn_crnn.errors import ConfigError


def test_the_defaults_are_the_papers() -> None:
    spec = CTPNSpec()
    assert [block.convolutions for block in spec.blocks] == [2, 2, 3, 3, 3]  # VGG16, configuration D
    assert spec.stride == STRIDE == 16
    assert (spec.window_filters, spec.lstm_units, spec.fc_units) == (512, 128, 512)
    assert [round(height) for height in ANCHOR_HEIGHTS] == [11, 16, 22, 32, 46, 65, 93, 134, 191, 273]


def test_the_stride_follows_from_the_pools() -> None:
    assert CTPNSpec(blocks=(Block(1, 4), Block(1, 4, pool=3), Block(2, 4, pool=1))).stride == 6


@pytest.mark.parametrize(
    "spec", [CTPNSpec(), CTPNSpec(blocks=(Block(1, 8, pool=4),), kernel=5, classes=("no", "yes"), heights=(8.0, 20.5))]
)
def test_a_configuration_in_json_makes_the_same_specification(spec: CTPNSpec) -> None:
    config = json.loads(json.dumps(spec.to_config()))
    assert CTPNSpec.from_config({**config, "ranges": {"window": 1.0}}) == spec


def test_what_a_configuration_does_not_name_has_its_default() -> None:
    spec = CTPNSpec.from_config({"classes": ["background", "word"], "heights": [8, 16]})
    assert spec == CTPNSpec(classes=("background", "word"), heights=(8.0, 16.0))


@pytest.mark.parametrize("arguments", [{"classes": ("background",)}, {"heights": ()}, {"heights": (11.0, 0.0)}])
def test_senseless_arguments(arguments: dict) -> None:
    with pytest.raises(ConfigError):
        CTPNSpec(**arguments)
