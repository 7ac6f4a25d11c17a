"""Exported .onnx files in 8-bit integers."""

from __future__ import annotations

import shutil

import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.weights import set_ranges

pytest.importorskip("tf2onnx")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports with TensorFlow")

from ctpn_crnn.export import export_int8, fit_ranges  # noqa: E402
from ctpn_crnn.runtime.onnx_network import OnnxNetwork  # noqa: E402

CHARSET = "abc甲"


def test_int8(reader, folder, lines):
    report = export_int8(reader, folder / "int8.onnx", lines)
    assert report.megabytes < 0.6 * reader.stat().st_size / 1e6
    assert 0 <= report.agreement <= 1 and "int8" in str(report)
    batch = np.random.default_rng(0).integers(0, 256, (1, 32, 64, 1), np.uint8)
    exported = OnnxNetwork(CRNN_DEFINITION, folder / "int8.onnx")
    assert exported.charset == CHARSET
    expected, found = (network.predict(batch)[0] for network in (OnnxNetwork(CRNN_DEFINITION, reader), exported))
    assert 0 < np.abs(found - expected).max() < 0.3 * np.abs(expected).max()


def test_int8_without_images_takes_the_ranges_of_the_file(reader, folder, lines):
    with pytest.raises(WeightsError, match="give images"):
        export_int8(reader, folder / "no.onnx")
    ranged = folder / "ranged.h5"
    shutil.copy(reader, ranged)
    set_ranges(ranged, fit_ranges(ranged, lines))
    export_int8(ranged, folder / "ranged.onnx")
    batch = np.random.default_rng(0).integers(0, 256, (1, 32, 64, 1), np.uint8)
    networks = OnnxNetwork(CRNN_DEFINITION, ranged, "int8"), OnnxNetwork(CRNN_DEFINITION, folder / "ranged.onnx")
    np.testing.assert_allclose(*(network.predict(batch)[0] for network in networks), atol=1e-6)
