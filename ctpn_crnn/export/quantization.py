"""An .onnx file in 8-bit integers: a quarter of the size, and faster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from ctpn_crnn.errors import WeightsError
from ctpn_crnn.export.inputs import compared, image_batches, made_batches
from ctpn_crnn.export.onnx_file import metadata
from ctpn_crnn.export.parity import greedy_texts
from ctpn_crnn.export.ranges import ranges_on
from ctpn_crnn.files import written_aside
from ctpn_crnn.runtime.int8 import build_int8_graph
from ctpn_crnn.runtime.onnx_network import OnnxNetwork
from ctpn_crnn.weights import RANGES, WeightsFile, read_weights

REPEATS = 3


@dataclass(frozen=True)
class Int8Report:
    """What 8-bit integers gain and cost, against the weights file itself in float32 (`runtime="onnx"`).

    Attributes:
        megabytes: Of the .onnx file.
        milliseconds: Of the images, best of three runs: float32, int8.
        agreement: Share of anchors or frames whose most likely class stays, 0..1.
        character_error: Edits between the texts of float32 and int8 by the characters of float32; None for a detector.
    """

    megabytes: float
    milliseconds: tuple[float, float]
    agreement: float
    character_error: float | None

    def __str__(self) -> str:
        before, after = self.milliseconds
        texts = "" if self.character_error is None else f", {self.character_error:.2%} of the characters change"
        return (
            f"int8, {self.megabytes:.1f} MB: {after:.0f} ms instead of {before:.0f}; the most likely class stays for "
            f"{self.agreement:.2%}{texts}"
        )


def export_int8(
    weights: str | os.PathLike[str], path: str | os.PathLike[str], images: Iterable[Any] = ()
) -> Int8Report:
    """Write the network as an ONNX model whose convolutions are 8-bit integers, see `ctpn_crnn.runtime.int8`.

    The graph is the one that `Recognizer(runtime="onnx", precision="int8")` builds from a weights file. Its operator
    set is ONNX Runtime's: a reader's projection is one of its own operators (MatMulIntegerToFloat).

    Args:
        weights: A weights file.
        path: Of the .onnx file to write.
        images: Of the kind to be read, a few dozen: what the values of the layers reach is measured on them, and so is
            what is gained and lost. Without any, what the file says of itself is taken; made ones are measured on.

    Returns:
        What is gained and lost.

    Raises:
        WeightsError: The file is missing or damaged, or has no ranges and there are no images.
        ImageError: An image cannot be read.
        OutputError: The file cannot be written.
    """
    file = read_weights(weights)
    batches = image_batches(file.kind, images)
    if batches:
        file = replace(file, config={**file.config, RANGES: ranges_on(file, batches)})
    elif RANGES not in file.config:
        raise WeightsError(
            f"{file.path} does not say what the values of its layers reach: give images of the kind to be read"
        )
    with written_aside(path) as aside:
        aside.write_bytes(build_int8_graph(file).to_bytes(embedded=True, metadata=metadata(file, "heads")))
    return _report(file, Path(path), batches or made_batches(file.kind))


def _report(file: WeightsFile, path: Path, batches: Sequence[np.ndarray]) -> Int8Report:
    networks = [OnnxNetwork(file.kind, file.path, "float32"), OnnxNetwork(file.kind, path)]
    best = [float("inf")] * len(networks)
    outputs: list[list[np.ndarray]] = [[] for _ in networks]
    for _ in range(REPEATS):
        for number, network in enumerate(networks):  # interleaved: what else the machine does hits both of them
            start = time.perf_counter()
            found = [network.predict(batch) for batch in batches]
            best[number] = min(best[number], 1000 * (time.perf_counter() - start))
            outputs[number] = [compared(file.kind, output)[0] for output in found]
    same = [a.argmax(-1) == b.argmax(-1) for a, b in zip(*outputs)]
    return Int8Report(
        megabytes=path.stat().st_size / 1e6,
        milliseconds=(best[0], best[1]),
        agreement=float(np.mean(np.concatenate([part.ravel() for part in same]))),
        character_error=_character_error(file, *outputs),
    )


def _character_error(file: WeightsFile, expected: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> float | None:
    if file.charset is None:
        return None
    pairs = [
        pair for a, b in zip(expected, found) for pair in zip(greedy_texts(file, a), greedy_texts(file, b), strict=True)
    ]
    return sum(Levenshtein.distance(a, b) for a, b in pairs) / max(1, sum(len(a) for a, _ in pairs))
