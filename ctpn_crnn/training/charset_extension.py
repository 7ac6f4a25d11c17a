"""Start a reader for another charset from a trained one: the projection is matched by character."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctpn_crnn.crnn.charset import BLANK, Charset
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.weights import WeightsFile

if TYPE_CHECKING:
    import keras

PROJECTION = ("projection/kernel", "projection/bias")
"""Arrays of the layer whose columns are the characters."""


def grown_projection(
    kernel: np.ndarray, bias: np.ndarray, old: Charset, new: Charset, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Build the projection for `new`, in which the characters of `old` keep their weights.

    Args:
        kernel: (features, old.num_classes).
        bias: (old.num_classes,).
        old: Charset of kernel and bias.
        new: Charset of the result; its order may be another one, and it may lack characters of `old`.
        rng: Draws the weights of new characters; None for a seed of 0.

    Returns:
        Kernel (features, new.num_classes) and bias (new.num_classes,). A new character starts with small random weights
        and the lowest bias among the known characters, so that it stays silent until it is trained.
    """
    rng = rng or np.random.default_rng(0)
    known = bias[BLANK + 1 :]
    grown = rng.normal(0, 0.1 * max(float(kernel.std()), 1e-6), (kernel.shape[0], new.num_classes)).astype(np.float32)
    grown_bias = np.full(new.num_classes, known.min() if len(known) else 0.0, np.float32)
    grown[:, BLANK], grown_bias[BLANK] = kernel[:, BLANK], bias[BLANK]
    index = {character: number for number, character in enumerate(old.characters, start=1)}
    for number, character in enumerate(new.characters, start=1):
        if character in index:
            grown[:, number], grown_bias[number] = kernel[:, index[character]], bias[index[character]]
    return grown, grown_bias


def take_over(model: keras.Model, charset: Charset, weights: WeightsFile) -> None:
    """Put the weights of a reader into a model for another charset.

    Args:
        model: A reader for `charset`, of the same architecture.
        charset: Charset of the model.
        weights: Weights of the trained reader.

    Raises:
        WeightsError: The weights are not those of a reader, or its layers have other shapes.
    """
    if weights.kind != "crnn" or not weights.charset:
        raise WeightsError(f"{weights.path} holds a {weights.kind!r} network: give the weights of a reader (crnn).")
    if any(name not in weights.arrays for name in PROJECTION):
        raise WeightsError(f"{weights.path} has no projection: it was written by another version; train anew.")
    kernel, bias = grown_projection(*(weights.arrays[name] for name in PROJECTION), Charset(weights.charset), charset)
    arrays = {**weights.arrays, PROJECTION[0]: kernel, PROJECTION[1]: bias}
    grown = WeightsFile(weights.kind, weights.config, "".join(charset.characters), weights.info, arrays, weights.path)
    grown.apply_to(model)
