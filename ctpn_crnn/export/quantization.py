"""An .onnx file in 8-bit integers: a quarter of the size, and faster."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.errors import WeightsError
from ctpn_crnn.export.comparison import character_error, greedy_texts, with_probabilities
from ctpn_crnn.export.definitions import DEFINITIONS
from ctpn_crnn.export.inputs import image_batches, made_batches
from ctpn_crnn.export.onnx_file import metadata
from ctpn_crnn.export.ranges import ranges_on
from ctpn_crnn.files import written_aside
from ctpn_crnn.runtime.int8 import int8_layers
from ctpn_crnn.runtime.onnx_network import OnnxNetwork, build_graph
from ctpn_crnn.weights import RANGES, WeightsFile, read_weights

REPEATS = 3
"""Runs of each network, of which the fastest is reported."""


@dataclass(frozen=True)
class Int8Report:
    """What 8-bit integers gain and cost, against the weights file itself in float32 (`runtime="onnx"`).

    Attributes:
        megabytes: Of the .onnx file.
        milliseconds: For all images, best of three runs: float32, int8.
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
        images: Of the kind to be read, a few dozen. The ranges of the layers are measured on them, and so are gain
            and loss. Without any, the ranges are those of the weights file, and gain and loss are measured on made
            images.

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
        raise WeightsError(f"{file.path} holds no ranges of its layers' values: give images of the kind to be read")
    graph = build_graph(DEFINITIONS[file.kind], file, int8_layers(file))
    with written_aside(path) as aside:
        aside.write_bytes(graph.to_bytes(embedded=True, metadata=metadata(file, "heads")))
    return _report(file, Path(path), batches or made_batches(file.kind))


def _report(file: WeightsFile, path: Path, batches: Sequence[np.ndarray]) -> Int8Report:
    definition = DEFINITIONS[file.kind]
    networks = [OnnxNetwork(definition, file.path, "float32"), OnnxNetwork(definition, path)]
    best = [float("inf")] * len(networks)
    outputs: list[list[np.ndarray]] = [[] for _ in networks]
    for _ in range(REPEATS):
        for number, network in enumerate(networks):  # in turn: other work of the machine slows both of them
            start = time.perf_counter()
            found = [network.predict(batch) for batch in batches]
            best[number] = min(best[number], 1000 * (time.perf_counter() - start))
            outputs[number] = [with_probabilities(output)[0] for output in found]
    same = [a.argmax(-1) == b.argmax(-1) for a, b in zip(*outputs)]
    error = None
    if file.charset is not None:
        texts = [[text for lines in network for text in greedy_texts(file, lines)] for network in outputs]
        error = character_error(*texts)
    return Int8Report(
        megabytes=path.stat().st_size / 1e6,
        milliseconds=(best[0], best[1]),
        agreement=float(np.mean(np.concatenate([part.ravel() for part in same]))),
        character_error=error,
    )
