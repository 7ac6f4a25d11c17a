"""Whether an exported network computes what Keras computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.ctpn.decode import decode_heads
from ctpn_crnn.ctpn.definition import spec_of
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.export.comparison import greedy_texts, with_probabilities
from ctpn_crnn.export.definitions import DEFINITIONS
from ctpn_crnn.export.inputs import image_batches, made_batches
from ctpn_crnn.runtime import require_keras
from ctpn_crnn.weights import WeightsFile, read_weights

LIMIT = 1e-3
"""Largest difference of a probability, or of a coordinate in anchor heights, that rounding may explain."""

MAX_LOST = 0.005
"""Share of strips that may differ: a score near the threshold may pass in one network alone."""

Run = Callable[[np.ndarray], Sequence[np.ndarray]]


class ParityError(CtpnCrnnError, RuntimeError):
    """An exported network does not compute what Keras computes."""


@dataclass(frozen=True)
class Parity:
    """How far two networks agree.

    Attributes:
        batches: Batches compared.
        max_difference: Largest difference of a probability or coordinate.
        differing: Lines whose greedy text differs, or strips without a counterpart.
        total: Lines, or strips, compared.
    """

    batches: int
    max_difference: float
    differing: int
    total: int
    limit: float = LIMIT
    max_lost: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether they are the same but for rounding."""
        return self.max_difference < self.limit and self.differing <= self.max_lost * self.total

    def __str__(self) -> str:
        verdict = "same" if self.passed else "NOT THE SAME"
        counted = f"; {self.differing} of {self.total} lines or strips differ" if self.total else ""
        return (
            f"{verdict}: largest difference {self.max_difference:.1e} (limit {self.limit:.0e}) over {self.batches} "
            f"batches{counted}"
        )


def check_parity(
    weights: str | os.PathLike[str], exported: str | os.PathLike[str], images: Iterable[Any] = ()
) -> Parity:
    """Compare an exported network with Keras: on noise, on drawn text (a detector), and on the images given.

    Args:
        weights: The weights file that was exported.
        exported: The .onnx file, or the folder of a SavedModel.
        images: Real ones: pages for a detector, lines for a reader.

    Raises:
        ParityError: They do not agree, or a detector's strips cannot be compared, as there are none in any image.
        ConfigError: Keras is not installed.
        WeightsError: A file is missing or damaged.
        ImageError: An image cannot be read.
    """
    require_keras("comparing with Keras")
    from ctpn_crnn.runtime.keras_network import KerasNetwork

    file = read_weights(weights)
    run, decoded = _open(Path(exported), file)
    batches = made_batches(file.kind) + image_batches(file.kind, images)
    keras = KerasNetwork(DEFINITIONS[file.kind], file.path, "float32")
    compare = compare_proposals if decoded else compare_heads
    parity = compare(file, keras.predict, run, batches)
    if not parity.passed:
        raise ParityError(f"{exported} does not compute what Keras computes with {weights}: {parity}; do not use it")
    return parity


def compare_heads(file: WeightsFile, reference: Run, run: Run, batches: Sequence[np.ndarray]) -> Parity:
    """Compare the heads of a detector, or the logits of a reader and the text that they decode to."""
    difference, differing, total = 0.0, 0, 0
    for batch in batches:
        expected, found = (with_probabilities(outputs) for outputs in (reference(batch), run(batch)))
        difference = max(difference, *(float(np.abs(a - b).max()) for a, b in zip(expected, found, strict=True)))
        if file.charset is not None:
            texts = zip(greedy_texts(file, expected[0]), greedy_texts(file, found[0]))
            differing += sum(a != b for a, b in texts)
            total += len(batch)
    return Parity(len(batches), difference, differing, total)


def compare_proposals(file: WeightsFile, reference: Run, run: Run, batches: Sequence[np.ndarray]) -> Parity:
    """Compare strips decoded in the graph with the heads of Keras decoded in NumPy."""
    heights = spec_of(file).heights
    difference, differing, total = 0.0, 0, 0
    for batch in batches:
        strips, sides = run(batch)
        for row, side, wanted in zip(strips, sides, decode_heads(*reference(batch), heights=heights), strict=True):
            real = row[:, 4] > 0
            found = np.column_stack([row[real], side[real]])
            expected = np.column_stack([wanted.boxes, wanted.scores, wanted.kinds, wanted.sides])
            gaps = _gaps(found, expected)
            near = gaps < 1.0
            difference = max(difference, float(gaps[near].max(initial=0.0)) * LIMIT)
            differing += int((~near).sum()) + abs(len(found) - len(expected))
            total += max(len(found), len(expected))
    if total == 0:
        raise ParityError(
            f"{file.path} finds no text in what it was compared on, so that no strip could be compared; give images "
            "with text that it finds"
        )
    return Parity(len(batches), difference, differing, total, max_lost=MAX_LOST)


def _gaps(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the distance (P,) of strips to the nearest expected one, by the tolerance: .1 px, `LIMIT` for all else."""
    if not len(found) or not len(expected):
        return np.full(len(found), np.inf)
    tolerance = np.array([0.1, 0.1, 0.1, 0.1, LIMIT, LIMIT, LIMIT])
    return np.array([(np.abs(expected - strip) / tolerance).max(axis=1).min() for strip in found])


def _open(path: Path, file: WeightsFile) -> tuple[Run, bool]:
    """Return a function from a batch to outputs, and whether these are decoded proposals."""
    if path.is_dir():
        import tensorflow as tf

        from ctpn_crnn.export.keras_model import OUTPUT_NAMES

        loaded = tf.saved_model.load(str(path))  # kept alive by the function below: its variables go with it
        names = OUTPUT_NAMES[file.kind]

        def run(batch: np.ndarray) -> list[np.ndarray]:
            outputs = loaded.signatures["serving_default"](image=tf.constant(batch))
            return [outputs[name].numpy() for name in names]

        return run, False
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions have no common base but this one
        reason = str(error).splitlines()[0][:200]
        raise ParityError(f"ONNX Runtime cannot run {path}: {reason}; do not use it") from error
    names = [output.name for output in session.get_outputs()]
    return lambda batch: session.run(None, {"image": batch}), "strips" in names
