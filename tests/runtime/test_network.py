"""A network is loaded by the runtime that was asked for, and senseless arguments are named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import load_network


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"runtime": "torch"}, "runtime"),
        ({"precision": "int4"}, "precision"),
        ({"runtime": "keras", "precision": "int8"}, "int8"),
        ({"precision": "int8", "weights": "model.onnx"}, "model.onnx"),
        ({"runtime": "onnx", "precision": "bfloat16"}, "bfloat16"),
        ({"runtime": "keras", "weights": "model.onnx"}, "model.onnx"),
    ],
)
def test_bad_arguments_are_named(arguments, named):
    with pytest.raises(ConfigError, match=named):
        load_network(CTPN_DEFINITION, **arguments)


def test_importing_the_room_loads_no_framework():
    code = (
        "import sys, ctpn_crnn.runtime, ctpn_crnn.ctpn.detector; "
        "sys.exit(bool({'tensorflow', 'keras', 'jax', 'onnx', 'onnxruntime'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0
