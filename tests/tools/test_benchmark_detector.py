import time
from pathlib import Path

import numpy as np
import pytest

from benchmarking.detector_times import time_detection

SAMPLE = Path(__file__).parents[2] / "docs" / "sample.png"


@pytest.fixture(scope="module")
def tool(load_tool):
    return load_tool("benchmark_detector")


class SlowNetwork:
    """Sees no text anywhere, and takes its time."""

    config: dict = {}
    charset = None
    seconds = 0.05

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        time.sleep(self.seconds * len(batch))
        self.sizes.append(len(batch))
        count, rows, columns = len(batch), batch.shape[1] // 16, batch.shape[2] // 16
        scores = np.zeros((count, rows, columns, 10, 3), np.float32)
        scores[..., 0] = 9.0
        return (
            scores,
            np.zeros((count, rows, columns, 10, 2), np.float32),
            np.zeros(scores.shape[:4] + (1,), np.float32),
        )


def test_time_of_the_network_is_told_apart_from_the_rest_and_is_that_of_one_image():
    network = SlowNetwork()
    image = np.random.default_rng(0).integers(0, 255, (608, 896, 3), np.uint8)
    times = time_detection(network, [image, image], repeats=2)
    assert network.seconds <= times.network <= times.total < times.network + 1.0
    assert min(times.connector, times.ink) >= 0.0 < times.view
    assert network.sizes == [2] * 9  # three views: once before, and not again for the parts that follow it


def test_a_page_is_timed_by_each_runtime(tool, capsys):
    arguments = [str(SAMPLE), "--size", "480x320", "--engines", "onnx", "--batch", "1", "2"]
    assert tool.main([*arguments, "--repeats", "1"]) == 0
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| onnx ")]
    assert [row[1] for row in rows] == ["1", "2"]
    assert all(0 < float(row[3]) <= float(row[2]) for row in rows)


def test_a_missing_image_is_one_sentence(tool, capsys):
    assert tool.main(["missing.png"]) == 2
    assert "missing.png" in capsys.readouterr().err


def test_an_engine_that_cannot_run_is_left_out_and_without_any_the_run_fails(tool, capsys, monkeypatch):
    def load(kind, weights, runtime, precision):
        if runtime == "keras":
            raise tool.CtpnCrnnError("not installed")
        return SlowNetwork()

    monkeypatch.setattr(tool, "load_network", load)
    arguments = [str(SAMPLE), "--repeats", "1", "--engines", "keras"]
    assert tool.main([*arguments, "onnx"]) == 0
    assert "keras is left out: not installed" in capsys.readouterr().err
    assert tool.main(arguments) == 2
    assert "none of the engines could run" in capsys.readouterr().err
