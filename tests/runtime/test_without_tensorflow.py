"""Reading with ONNX Runtime where TensorFlow and Keras cannot be imported, and what is said of all that needs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras", "jax", "torch", "tf2onnx", "scipy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""

READ = """
import numpy as np
from ctpn_crnn import Recognizer
from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.runtime.onnx_network import OnnxNetwork

detector, reader = sys.argv[1:]
image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
recognizer = Recognizer(
    detector=Detector(detector, short_side=64, max_side=96, min_score=0.01), reader=LineReader(reader, beam_width=3)
)
assert isinstance(recognizer.detector.network, OnnxNetwork)
recognizer.recognize(image)
assert recognizer.reader.read([image, image[:20]])
try:
    Recognizer((detector, reader), runtime="keras")
except ValueError as error:
    assert "not installed" in str(error)
else:
    raise SystemExit("Keras was found")
assert not {"tensorflow", "keras"} & set(sys.modules)
"""

ONE_IS_NEEDED = """
sys.modules["onnxruntime"] = None
from ctpn_crnn import Recognizer
try:
    Recognizer()
except ValueError as error:
    assert "neither TensorFlow" in str(error)
else:
    raise SystemExit("something ran")
"""

MAIN = """
import os, runpy
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]) if sys.argv[0].startswith("tools") else "")
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + code, *arguments], check=False, cwd=root, capture_output=True, text=True
    )


def test_it_reads(reader, detector):
    done = run(READ, str(detector[1]), str(reader[1]))
    assert done.returncode == 0, done.stderr


def test_without_onnx_runtime_either():
    done = run(ONE_IS_NEEDED)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("tools/train_crnn.py", ["{}/run"]),
        ("tools/train_crnn.py", ["--smoke"]),
        ("tools/train_ctpn.py", ["{}/run"]),
        ("ctpn_crnn/__main__.py", ["detect", "{}/in.txt", "{}/out.csv", "--gpu"]),
        ("ctpn_crnn/__main__.py", ["export", "crnn", "{}/saved"]),
        ("ctpn_crnn/__main__.py", ["export", "crnn", "{}/a.onnx"]),
    ],
)
def test_what_needs_it_says_so(tmp_path, program, arguments):
    Image.new("RGB", (40, 20)).save(tmp_path / "a.png")
    (tmp_path / "in.txt").write_text(f"{tmp_path}/a.png\n")
    done = run(MAIN, program, *(argument.format(tmp_path) for argument in arguments))
    assert done.returncode == 2, done.stderr
    assert "needs TensorFlow with Keras" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "in.txt"]
