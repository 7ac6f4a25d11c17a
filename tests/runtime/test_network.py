"""Networks are loaded by the runtime asked for, and pickled without weights; senseless arguments are named."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
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


@pytest.mark.parametrize("runtime", ["keras", "onnx"])
def test_a_pickle_holds_the_path_and_not_the_weights(reader, runtime, monkeypatch):
    _, path = reader
    monkeypatch.chdir(path.parent)
    network = load_network(CRNN_DEFINITION, path.name, runtime, "float32")
    data = pickle.dumps(network)
    assert len(data) < 1000
    monkeypatch.chdir(path.parent.parent)  # as in a process that runs elsewhere
    again = pickle.loads(data)
    assert (type(again), again.precision, again.charset) == (type(network), "float32", network.charset)
    batch = np.random.default_rng(0).integers(0, 256, (2, 32, 64, 1), np.uint8)
    np.testing.assert_array_equal(again.predict(batch)[0], network.predict(batch)[0])


def test_copies_are_the_network_itself(reader):
    network = load_network(CRNN_DEFINITION, reader[1], "onnx", "float32")
    assert copy.copy(network) is copy.deepcopy(network) is network
