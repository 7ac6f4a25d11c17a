"""Batches of text lines: lines of one width, rendered or taken from a line list, with labels for CTC or frame labels.

Nothing here imports Keras, so that worker processes stay small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.ctc import minimum_frames, pack_labels
from ctpn_crnn.crnn.line_image import pad_lines
from ctpn_crnn.crnn.spec import FRAME_WIDTH, INPUT_HEIGHT
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.synthesis.fonts import HELD_OUT_FAMILIES, FontLibrary
from ctpn_crnn.synthesis.lines import LineSample, LineStyle, LineSynthesizer
from ctpn_crnn.synthesis.text import Corpus
from ctpn_crnn.training.frame_labels import frame_labels
from ctpn_crnn.training.real_lines import MixedLines, RealLines

LineMaker: TypeAlias = Callable[[np.random.Generator, int], LineSample]
"""Gives a line that is at most so many pixels wide."""


@dataclass(frozen=True)
class LineSource:
    """Where training lines come from: what a worker process needs to make them, small enough to be sent to it.

    Attributes:
        charset: Characters of the reader.
        fonts: Folders of fonts; none for those of the system.
        corpus: Folder of text files; None for a few built-in sentences.
        backgrounds: Folder of photographs; None for plain grounds.
        style: How lines are drawn and degraded.
        held_out: Share of the font families that are kept for validation.
        validation: Draw with the held-out families instead of the others.
        lines: A line list or its folder; None for rendered lines only.
        share: Share of lines from that list, 0..1; the others are rendered.
        traditional: Share of the running Chinese text that is converted to traditional characters (needs OpenCC).
    """

    charset: Charset
    fonts: tuple[str, ...] = ()
    corpus: str | None = None
    backgrounds: str | None = None
    style: LineStyle = field(default_factory=LineStyle)
    held_out: float = HELD_OUT_FAMILIES
    validation: bool = False
    lines: str | None = None
    share: float = 0.5
    traditional: float = 0.3

    def open(self) -> LineMaker:
        """Load fonts, corpus, backgrounds and the line list."""
        if self.lines is None:
            return self._synthesizer()
        return MixedLines(
            RealLines.open(self.lines, self.charset, self.style.strength), self._synthesizer(), self.share
        )

    def _synthesizer(self) -> LineSynthesizer:
        fonts = FontLibrary.discover(self.fonts or None, self.charset.characters)
        if self.held_out > 0:
            fonts = fonts.split(self.held_out)[1 if self.validation else 0]
        corpus = Corpus(self.corpus, self.charset, traditional=self.traditional)
        return LineSynthesizer(fonts, corpus, load_backgrounds(self.backgrounds), self.style)


@dataclass(frozen=True)
class BatchPlan:
    """How lines become batches.

    Attributes:
        widths: Widths of batches in pixels, multiples of 4; one of them is drawn for each batch.
        pixels: Sum of the widths of a batch: a batch of width W holds `pixels // W` lines, at least one.
        seed: Line k of batch b depends on (seed, b, k) only.

    Raises:
        ConfigError: A width is no multiple of 4 or less than 8.
    """

    widths: tuple[int, ...] = (96, 160, 160, 256, 400)
    pixels: int = 4160
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.widths or any(width % FRAME_WIDTH or width < 2 * FRAME_WIDTH for width in self.widths):
            raise ConfigError(f"--widths {list(self.widths)}: each must be a multiple of 4 and at least 8.")

    def width_of(self, batch: int) -> int:
        """Return the width of a batch."""
        return self.widths[int(np.random.default_rng((self.seed, batch)).integers(len(self.widths)))]

    def size_of(self, width: int) -> int:
        """Return the number of lines of a batch of this width."""
        return max(1, self.pixels // width)


@dataclass(frozen=True)
class LineBatches:
    """Makes batches of lines, as a `batches.BatchMaker`.

    A batch is (images, labels): images uint8 (N, 32, W, 1); labels int32, those of `crnn.ctc.pack_labels`, or with
    `frame_labels` the class of each frame (N, W / 4).

    Attributes:
        source: Where the lines come from.
        plan: How they become batches.
        frame_labels: Whether to label frames instead of lines.
    """

    source: LineSource
    plan: BatchPlan
    frame_labels: bool = False

    signature = (((None, INPUT_HEIGHT, None, 1), "uint8"), ((None, None), "int32"))

    @property
    def smallest(self) -> int:
        """Number of lines of the smallest batch."""
        return self.plan.size_of(max(self.plan.widths))

    def size(self, number: int) -> int:
        """Return the number of lines of a batch."""
        return self.plan.size_of(self.plan.width_of(number))

    def open(self) -> Callable[[int], tuple[tuple[np.ndarray, np.ndarray], int]]:
        """Load what making lines needs."""
        return partial(self.make, self.source.open())

    def make(self, lines: LineMaker, number: int) -> tuple[tuple[np.ndarray, np.ndarray], int]:
        """Make a batch.

        Args:
            lines: Gives lines.
            number: Of the batch.

        Returns:
            The batch, and how many lines were left out since CTC could not fit their text into their frames.
        """
        width = self.plan.width_of(number)
        samples: list[LineSample] = []
        drawn = 0
        while len(samples) < self.plan.size_of(width):
            sample = lines(np.random.default_rng((self.plan.seed, number, drawn)), width)
            drawn += 1
            frames = -(-sample.image.shape[1] // FRAME_WIDTH)
            if minimum_frames([ord(character) for character in sample.text]) <= frames:
                samples.append(sample)
        images = pad_lines([sample.image for sample in samples], width)
        return (images, self._labels(samples, width)), drawn - len(samples)

    def _labels(self, samples: list[LineSample], width: int) -> np.ndarray:
        classes = [self.source.charset.encode(sample.text) for sample in samples]
        frames = width // FRAME_WIDTH
        if not self.frame_labels:
            return pack_labels(classes, [frames] * len(samples))
        return np.stack([frame_labels(s.spans, c, s.image.shape[1], frames) for s, c in zip(samples, classes)])


def load_backgrounds(folder: str | None, limit: int = 120) -> list[np.ndarray]:
    """Load up to `limit` photographs (.jpg) of a folder as grey images; those that cannot be read are left out."""
    paths = sorted(Path(folder).glob("*.jpg"))[:limit] if folder else []
    return [image for image in (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths) if image is not None]
