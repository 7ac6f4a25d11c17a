import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training.strategies import (
    check_tf_config,
    is_chief,
    is_multiworker,
    replicas,
    shared_input,
    strategy_scope,
)

PROGRAM = Path(__file__).with_name("strategies_program.py")


def start(strategy, **environment):
    """A process of its own: devices are fixed once TensorFlow computes."""
    path = os.pathsep.join(filter(None, (str(PROGRAM.parents[2]), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), strategy],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "-1", **environment},
    )


def outcome(process):
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-3000:]
    return json.loads(out.splitlines()[-1])


@pytest.fixture(scope="module")
def alone():
    return outcome(start("none"))


def check_same(result, alone):
    assert result["replicas"] == 2
    np.testing.assert_allclose(result["loss"], alone["loss"], rtol=1e-5)
    for mine, theirs in zip(result["weights"], alone["weights"], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_two_devices_train_as_one_does(alone):
    assert alone["replicas"] == 1
    check_same(outcome(start("mirrored")), alone)


@pytest.mark.slow
def test_two_worker_processes_train_as_one_does(alone, worker_configs):
    processes = [start("multiworker", TF_CONFIG=config) for config in worker_configs]
    try:
        results = [outcome(process) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [result["chief"] for result in results] == [True, False]
    for result in results:
        check_same(result, alone)


def test_without_a_strategy_nothing_changes():
    batches = object()
    with strategy_scope("none"):
        assert (replicas(), is_multiworker(), is_chief()) == (1, False, True)
        assert shared_input(batches, 0) is batches


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ConfigError, match="none, mirrored, multiworker"), strategy_scope("horovod"):
        pass


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_a_wrong_tf_config_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match="host0:2222"):
        check_tf_config(text)


def test_a_right_tf_config_is_taken():
    check_tf_config('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}')


def test_another_backend_has_no_tf_distribute(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ConfigError, match="DataParallel"), strategy_scope("mirrored"):
        pass
