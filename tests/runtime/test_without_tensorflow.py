"""Reading with ONNX Runtime where TensorFlow and Keras cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras", "jax", "torch", "onnx", "tf2onnx", "scipy"):
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
