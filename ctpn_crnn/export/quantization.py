"""An .onnx file in 8-bit integers: a quarter of the size, and faster."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.evaluation.edit_distance import edit_distance
from ctpn_crnn.export.inputs import compared, image_batches
from ctpn_crnn.export.parity import greedy_texts
from ctpn_crnn.files import written_aside
from ctpn_crnn.runtime.onnx_network import OnnxNetwork
from ctpn_crnn.weights import WeightsFile, read_weights

QUANTIZED = ("Conv", "Relu", "MaxPool")
"""Operators computed in integers. LSTMs and projection stay in float32: in integers they gain no time and cost most of
the accuracy."""

REPEATS = 3


@dataclass(frozen=True)
class Int8Report:
    """What quantisation gains and costs, against the float32 .onnx file and the runtime's own float32 graph.

    Attributes:
        megabytes: Of the file: float32, int8.
        milliseconds: Of the images, best of three runs: float32 .onnx, the weights file itself, int8.
        agreement: Share of anchors or frames whose most likely class stays, 0..1.
        character_error: Edits between the texts of float32 and int8 by the characters of float32; None for a detector.
    """

    megabytes: tuple[float, float]
    milliseconds: tuple[float, float, float]
    agreement: float
    character_error: float | None

    def __str__(self) -> str:
        before, graph, after = self.milliseconds
        texts = "" if self.character_error is None else f", {self.character_error:.2%} of the characters change"
        return (
            f"int8: {self.megabytes[1]:.1f} MB instead of {self.megabytes[0]:.1f}; {after:.0f} ms instead of "
            f"{before:.0f} (float32 .onnx) or {graph:.0f} (.h5 with runtime='onnx'); the most likely class stays for "
            f"{self.agreement:.2%}{texts}"
        )


def export_int8(
    weights: str | os.PathLike[str], model: str | os.PathLike[str], path: str | os.PathLike[str], images: Iterable[Any]
) -> Int8Report:
    """Quantise an exported network statically, with the ranges of activations that it shows on some images.

    Weights are signed integers of 7 bits, a scale for each channel: the processors' instructions for 8 x 8 bits (AVX2)
    add pairs of products in 16 bits, which 8-bit weights would overflow. Measured against it here: unsigned weights,
    which need slower instructions, and dynamic quantisation, which gains no time.

    Args:
        weights: The weights file.
        model: The .onnx file made from it by `export_onnx` with its heads.
        path: Of the .onnx file to write.
        images: For calibration: pages for a detector, lines for a reader; a few dozen of the kind to be read.

    Returns:
        What was gained and lost on these images.

    Raises:
        ConfigError: There are no images, or the `onnx` package is not installed.
        ImageError: An image cannot be read.
        OutputError: The file cannot be written.
    """
    file = read_weights(weights)
    batches = image_batches(file.kind, images)
    if not batches:
        raise ConfigError("int8 needs images to see the ranges of the activations: give some of the kind to be read.")
    with written_aside(path) as aside:
        _quantize(Path(model), aside, batches)
    return _report(file, Path(model), Path(path), batches)


def _quantize(model: Path, path: Path, batches: Sequence[np.ndarray]) -> None:
    try:
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        raise ConfigError(f"quantisation needs the onnx package ({error}): pip install onnx.") from error

    class Calibration(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self._batches = iter(batches)

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self._batches, None)
            return None if batch is None else {"image": batch}

    logging.getLogger().addFilter(_is_no_advice)
    try:
        with tempfile.TemporaryDirectory() as folder:
            prepared = Path(folder) / "prepared.onnx"
            quant_pre_process(model, prepared, skip_symbolic_shape=True)
            quantization.quantize_static(
                prepared,
                path,
                Calibration(),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                op_types_to_quantize=list(QUANTIZED),
            )
    finally:
        logging.getLogger().removeFilter(_is_no_advice)


def _is_no_advice(record: logging.LogRecord) -> bool:
    """Drop the root logger's advice to preprocess a model that was preprocessed."""
    return "pre-process" not in record.getMessage()


def _report(file: WeightsFile, model: Path, path: Path, batches: Sequence[np.ndarray]) -> Int8Report:
    networks = [OnnxNetwork(file.kind, model), OnnxNetwork(file.kind, file.path), OnnxNetwork(file.kind, path)]
    best = [float("inf")] * len(networks)
    outputs: list[list[list[np.ndarray]]] = [[] for _ in networks]
    for _ in range(REPEATS):
        for number, network in enumerate(networks):  # interleaved: what else the machine does hits all of them
            start = time.perf_counter()
            found = [network.predict(batch) for batch in batches]
            best[number] = min(best[number], 1000 * (time.perf_counter() - start))
            outputs[number] = [compared(file.kind, output) for output in found]
    same = [a[0].argmax(-1) == b[0].argmax(-1) for a, b in zip(outputs[0], outputs[2])]
    return Int8Report(
        megabytes=(model.stat().st_size / 1e6, path.stat().st_size / 1e6),
        milliseconds=(best[0], best[1], best[2]),
        agreement=float(np.mean(np.concatenate([part.ravel() for part in same]))),
        character_error=_character_error(file, [out[0] for out in outputs[0]], [out[0] for out in outputs[2]]),
    )


def _character_error(file: WeightsFile, expected: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float | None:
    if file.charset is None:
        return None
    pairs = [
        pair for a, b in zip(expected, found) for pair in zip(greedy_texts(file, a), greedy_texts(file, b), strict=True)
    ]
    return sum(edit_distance(a, b) for a, b in pairs) / max(1, sum(len(a) for a, _ in pairs))
