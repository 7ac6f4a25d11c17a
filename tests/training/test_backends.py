"""The same training under TensorFlow and under JAX."""

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed: pip install jax"),
]


def losses(folder: Path, backend: str, script: str, *options: str) -> list[dict[str, str]]:
    """Train under a backend; returns the rows of the log."""
    output = folder / backend
    weights = ROOT / "ctpn_crnn/weights" / f"{script.removeprefix('train_')}.h5"
    command = [sys.executable, f"tools/{script}.py", str(output), "--init", str(weights), "--precision", "float32"]
    command += [
        "--processes",
        "0",
        "--optimizer",
        "sgd",
        "--learning-rate",
        "1e-5",
        "--validate-every",
        "1000",
        *options,
    ]
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=1800)
    with (output / "log.csv").open() as log:
        return list(csv.DictReader(log))


def test_the_reader_learns_the_same_under_both_backends(tmp_path):
    options = ["--steps", "200", "--checkpoint-steps", "20", "--pixels", "480", "--widths", "96", "160"]
    loss = [
        np.array([float(row["loss"]) for row in losses(tmp_path, backend, "train_crnn", *options)])
        for backend in ("tensorflow", "jax")
    ]
    assert len(loss[0]) == len(loss[1]) == 10
    np.testing.assert_allclose(loss[1], loss[0], rtol=0.01)


def test_the_detector_learns_the_same_under_both_backends(tmp_path):
    # Both backends draw other anchors, so that only the mean of many steps agrees.
    options = ["--steps", "40", "--checkpoint-steps", "40", "--size", "128", "--batch-size", "2"]
    rows = [losses(tmp_path, backend, "train_ctpn", *options)[-1] for backend in ("tensorflow", "jax")]
    for name in ("loss", "score_loss", "vertical_loss", "side_loss"):
        assert float(rows[1][name]) == pytest.approx(float(rows[0][name]), rel=0.1), name
