"""Exported SavedModels."""

from __future__ import annotations

import json

import keras
import pytest

from ctpn_crnn.errors import OutputError

pytest.importorskip("tf2onnx")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports with TensorFlow")

from ctpn_crnn.export import check_parity, export_saved_model  # noqa: E402

CHARSET = "abc甲"


def test_saved_model(reader, folder):
    path = export_saved_model(reader, folder / "saved")
    assert check_parity(reader, path).passed
    assert json.loads((path / "ctpn_crnn.json").read_text(encoding="utf-8"))["charset"] == CHARSET
    with pytest.raises(OutputError, match="no empty folder"):
        export_saved_model(reader, path)
