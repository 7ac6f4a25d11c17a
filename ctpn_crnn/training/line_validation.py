"""Lines that a reader is validated on during training, and its scores on them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from keras import ops

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.ctc import greedy_decode
from ctpn_crnn.crnn.line_image import batches_by_width, line_image, pad_lines, padded_width
from ctpn_crnn.crnn.spec import FRAME_WIDTH
from ctpn_crnn.datasets import read_detection_set, read_line_list
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.evaluation.crops import choose, line_crops, page_crops, readable_regions
from ctpn_crnn.evaluation.recognition import RecognitionScore
from ctpn_crnn.training.line_batches import LineSource

_SEED = 987654
"""Seed of the rendered lines: the same ones for every training."""

_WIDTH = 160
"""Width in pixels that rendered lines have at most."""

_BATCH_PIXELS = 8000
"""Largest sum of the widths of a batch."""


@dataclass(frozen=True)
class LineSet:
    """Lines to validate on.

    Attributes:
        name: Names the set in the log.
        images: Grey images of height 32.
        texts: Their true texts.
    """

    name: str
    images: list[np.ndarray]
    texts: list[str]

    @property
    def columns(self) -> tuple[str, str]:
        """Columns of the log: character error rate, and share of lines without an error."""
        return f"{self.name}_cer", f"{self.name}_exact"


def rendered_set(source: LineSource, count: int) -> LineSet:
    """Render lines in font families that training does not use."""
    synthesizer = replace(source, validation=True, lines=None).open()
    samples = [synthesizer(np.random.default_rng((_SEED, number)), _WIDTH) for number in range(count)]
    return LineSet("synthetic", [sample.image for sample in samples], [sample.text for sample in samples])


def real_set(folder: str, count: int) -> LineSet:
    """Take a random subset, always the same one, of a line list or of the regions of a detection set.

    A file that cannot be read is reported to stderr and left out.

    Raises:
        DatasetError: The set is malformed.
    """
    path = Path(folder)
    if (path / "lines.tsv").exists():
        crops = list(line_crops(choose(read_line_list(path / "lines.tsv"), count, 0), _report))
    else:
        crops = list(page_crops(choose(readable_regions(read_detection_set(path)), count, 0), _report))
    return LineSet(path.name, [line_image(crop.image) for crop in crops], [crop.text for crop in crops])


def _report(name: str, error: CtpnCrnnError) -> None:
    print(f"skipped {name}: {error}", file=sys.stderr)


def validation_scores(model: keras.Model, charset: Charset, sets: Sequence[LineSet]) -> dict[str, float]:
    """Score greedy readings as the benchmarks do (NFKC, lower case, no spaces).

    Args:
        model: Lines (N, 32, W, 1) -> logits (N, W / 4, classes).
        charset: Its characters.
        sets: Lines and their texts.

    Returns:
        The values of `LineSet.columns` of each set.
    """
    scores: dict[str, float] = {}
    for lines in sets:
        score = RecognitionScore()
        for truth, reading in zip(lines.texts, read_lines(model, charset, lines.images)):
            score.update(truth, reading)
        summary = score.summary()
        scores |= dict(zip(lines.columns, (round(summary["cer"], 4), round(summary["exact"], 4))))
    return scores


def read_lines(model: keras.Model, charset: Charset, images: Sequence[np.ndarray]) -> list[str]:
    """Read grey lines of height 32 greedily, in batches of similar width."""
    texts = [""] * len(images)
    for batch in batches_by_width([image.shape[1] for image in images], _BATCH_PIXELS):
        width = max(padded_width(images[i].shape[1]) for i in batch)
        logits = ops.convert_to_numpy(model(pad_lines([images[i] for i in batch], width), training=False))
        frames = [-(-images[i].shape[1] // FRAME_WIDTH) for i in batch]
        for i, decoded in zip(batch, greedy_decode(logits, frames)):
            texts[i] = charset.decode(decoded.classes)
    return texts
