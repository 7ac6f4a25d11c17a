"""Networks out, for other programs: ONNX (float32 and int8) and SavedModel, each checked against Keras.

`Recognizer` needs none of this: ONNX Runtime runs the shipped weights files as they are, see `ctpn_crnn.runtime`.
"""

from __future__ import annotations

from ctpn_crnn.export.onnx_file import export_onnx
from ctpn_crnn.export.parity import Parity, check_parity
from ctpn_crnn.export.quantization import export_int8
from ctpn_crnn.export.ranges import fit_ranges
from ctpn_crnn.export.saved_model import export_saved_model

__all__ = ["Parity", "check_parity", "export_int8", "export_onnx", "export_saved_model", "fit_ranges"]
