"""The training scripts on two logical devices of the CPU, and in two processes, against one: the same losses."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
FONT = ROOT / "ctpn_crnn" / "assets" / "CtpnCrnnSans.woff2"

READER = (
    *("--charset", "charset.txt", "--fonts", str(FONT), "--corpus", "corpus", "--widths", "96", "--pixels", "384"),
    *("--dev-lines", "2", "--seed", "3"),
)
DETECTOR = (
    *("--from-scratch", "--fonts", str(FONT), "--corpus", "corpus", "--size", "64", "--scale", "0.7", "1.0"),
    *("--batch-size", "4", "--freeze-blocks", "4", "--samples", "4096", "--hard", "0", "--validation-crops", "0"),
)
COMMON = (
    *("--steps", "3", "--learning-rate", "0.001", "--warmup-steps", "0", "--checkpoint-steps", "1"),
    *("--validate-every", "9", "--processes", "0", "--precision", "float32"),
)
TOOLS = {"train_crnn.py": READER, "train_ctpn.py": DETECTOR}
# What docs/gpu.md says: the detector's loss is a mean over sampled anchors, taken in each part.
TOLERANCE = {"train_crnn.py": 0.002, "train_ctpn.py": 0.1}


@pytest.fixture(params=TOOLS)
def tool(request, tmp_path) -> tuple[str, Path]:
    (tmp_path / "charset.txt").write_text("\n".join("0123456789"), encoding="utf-8")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "numbers.txt").write_text("3141592653 5897932384\n6264338327 9502884197\n" * 8, "utf-8")
    return request.param, tmp_path


@contextmanager
def started(tool: tuple[str, Path], out: str, *options: str, **environment: str) -> Iterator[subprocess.Popen]:
    name, folder = tool
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / name), out, *TOOLS[name], *COMMON, *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1", **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finished(process: subprocess.Popen) -> str:
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0, out[-3000:]
    return out


def losses(folder: Path) -> np.ndarray:
    with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
        return np.array([float(row["loss"]) for row in csv.DictReader(file)])


@pytest.mark.slow
def test_two_devices_and_two_processes_train_as_one_does(tool, worker_configs):
    name, folder = tool
    with started(tool, "one") as process:
        finished(process)
    alone = losses(folder / "one")
    assert len(alone) == 3
    assert alone[0] > 0

    with started(tool, "two", "--strategy", "mirrored", "--device", "cpu:2") as process:
        assert "only device" not in finished(process)
    np.testing.assert_allclose(losses(folder / "two"), alone, rtol=TOLERANCE[name])

    with (
        started(tool, "chief", "--strategy", "multiworker", TF_CONFIG=worker_configs[0]) as chief,
        started(tool, "other", "--strategy", "multiworker", TF_CONFIG=worker_configs[1]) as other,
    ):
        finished(chief)
        assert "Saved" not in finished(other)
    np.testing.assert_allclose(losses(folder / "chief"), alone, rtol=TOLERANCE[name])
    assert not list((folder / "other").glob("*.h5"))
