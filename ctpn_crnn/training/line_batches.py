"""Batches of text lines for training the reader: rendered in worker processes, grouped by width."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ctpn_crnn.crnn.charset import BLANK, Charset
from ctpn_crnn.crnn.ctc import minimum_frames, pack_labels
from ctpn_crnn.crnn.line_image import pad_lines
from ctpn_crnn.synthesis.fonts import HELD_OUT_FAMILIES, FontLibrary
from ctpn_crnn.synthesis.lines import LineSample, LineStyle, LineSynthesizer
from ctpn_crnn.synthesis.text import Corpus
from ctpn_crnn.training.real_lines import MixedLines, RealLines

FRAME_WIDTH = 4
IGNORED = -1
"""Label of a padded entry of the frame labels: it has no loss."""


@dataclass(frozen=True)
class LineSource:
    """Everything a worker process needs to render lines; small, so that it can be sent to it.

    Args:
        charset: the characters of the reader.
        fonts: folders of fonts; empty = the system's.
        corpus: folder of text files; None = built-in sentences.
        backgrounds: folder of photographs; None = none.
        style: how far the rendering goes.
        held_out: share of the font families kept for validation.
        validation: render with the held-out families instead of the others.
        lines: a line list of one's own, or its folder; None = rendered lines only.
        share: of lines from that list, 0..1; the others are rendered.
        traditional: share of the running Chinese text that is converted to traditional characters (needs OpenCC).
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

    def open(self) -> LineSynthesizer | MixedLines:
        """Loads fonts, corpus, backgrounds and the line list."""
        if self.lines is None:
            return self._synthesizer()
        return MixedLines(RealLines.open(self.lines, self.charset), self._synthesizer(), self.share)

    def _synthesizer(self) -> LineSynthesizer:
        fonts = FontLibrary.discover(self.fonts or None, self.charset.characters)
        if self.held_out > 0:
            fonts = fonts.split(self.held_out)[1 if self.validation else 0]
        corpus = Corpus(self.corpus, self.charset, traditional=self.traditional)
        return LineSynthesizer(fonts, corpus, load_backgrounds(self.backgrounds), self.style)


@dataclass(frozen=True)
class BatchPlan:
    """How samples become batches.

    Args:
        widths: bucket widths in pixels, multiples of 4; one is drawn for each batch.
        pixels: sum of the widths of a batch: a batch of width W holds `pixels // W` lines.
        seed: sample k of batch b depends on (seed, b, k) only, however many processes render.
    """

    widths: tuple[int, ...] = (96, 160, 160, 256, 400)
    pixels: int = 4160
    seed: int = 1

    def width_of(self, batch: int) -> int:
        """The bucket of a batch."""
        return self.widths[int(np.random.default_rng((self.seed, batch)).integers(len(self.widths)))]


def load_backgrounds(folder: str | None, limit: int = 120) -> list[np.ndarray]:
    """Up to `limit` grey photographs of a folder."""
    import cv2

    paths = sorted(Path(folder).glob("*.jpg"))[:limit] if folder else []
    return [image for image in (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths) if image is not None]


def render_batch(
    synthesizer: LineSynthesizer | MixedLines, plan: BatchPlan, batch: int
) -> tuple[list[LineSample], int]:
    """The samples of a batch and how many were dropped because CTC could not fit them."""
    width = plan.width_of(batch)
    samples: list[LineSample] = []
    dropped = number = 0
    while len(samples) < max(1, plan.pixels // width):
        rng = np.random.default_rng((plan.seed, batch, number))
        sample = synthesizer(rng, width)
        number += 1
        frames = -(-sample.image.shape[1] // FRAME_WIDTH)
        if minimum_frames([ord(c) for c in sample.text]) > frames:
            dropped += 1
            continue
        samples.append(sample)
    return samples, dropped


def frame_labels(spans: np.ndarray, classes: list[int], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames with a known label: the middle of each character carries its class, gaps and ends the blank.

    Args:
        spans: (characters, 2) left and right edges in pixels.
        classes: class index of each character.
        frames: frames of the line.

    Returns:
        positions and labels, both int32 (count,). A character's class stands on the one or two frames about its centre;
        the blank on the frame of its right edge and, in a wide character, near both edges. Frames in between carry no
        label: which of the two they show is not certain.
    """
    known: dict[int, int] = {}
    for (left, right), label in zip(spans / FRAME_WIDTH, classes):
        centre, half = (left + right) / 2, min(0.225 * (right - left), 0.5)
        for position in (centre - half, centre + half):
            known[min(max(int(position), 0), frames - 1)] = label
    for left, right in spans / FRAME_WIDTH:
        width = right - left
        # Only a character wider than two frames has edges that are certainly not its middle.
        edges = [right] if width > 2.2 else []
        edges += [left + 0.14 * width, right - 0.14 * width] if width > 4.5 else []
        for position in edges:
            known.setdefault(min(max(int(position), 0), frames - 1), BLANK)
    positions = sorted(known)
    return np.array(positions, np.int32), np.array([known[p] for p in positions], np.int32)


_worker: tuple[LineSynthesizer | MixedLines, BatchPlan] | None = None


def _start_worker(source: LineSource, plan: BatchPlan) -> None:
    global _worker  # A process pool has no other place for what its workers keep.
    _worker = (source.open(), plan)


def _work(batch: int) -> tuple[list[LineSample], int]:
    if _worker is None:
        raise RuntimeError("the worker process was not started by _start_worker")
    return render_batch(*_worker, batch)


class LineBatches(keras.utils.PyDataset):
    """Batches for `fit`: rendered ahead by worker processes, the same ones in the same order for a seed.

    Args:
        source: what to render.
        plan: how samples become batches.
        encode: turns samples and bucket width into what the training model takes (x, y or x, y, weights).
        first: number of the first batch; a resumed run goes on where it stopped.
        count: batches in an epoch.
        processes: worker processes; 0 renders in this one.

    Attributes:
        dropped: lines dropped so far because CTC could not fit them.
        waited: seconds spent so far waiting for the worker processes.
    """

    def __init__(
        self,
        source: LineSource,
        plan: BatchPlan,
        encode: Callable[[list[LineSample], int], tuple],
        first: int = 0,
        count: int = 100,
        processes: int = 1,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=2)
        self.plan, self.encode, self.first, self.count = plan, encode, first, count
        self.dropped = 0
        self.waited = 0.0
        self._ahead = 6 * max(1, processes)
        self._pending: dict[int, Future] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._local: LineSynthesizer | MixedLines | None = None
        if processes:
            # Spawned, not forked: TensorFlow's threads do not survive a fork.
            self._pool = ProcessPoolExecutor(processes, get_context("spawn"), _start_worker, (source, plan))
        else:
            self._local = source.open()

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple:
        samples, dropped = self._render(self.first + index)
        self.dropped += dropped
        return self.encode(samples, self.plan.width_of(self.first + index))

    def advance(self) -> None:
        """The next epoch goes on with the batches after this one's."""
        self.first += self.count

    def as_input(self) -> Any:
        """What to hand to `fit` for one epoch.

        Under TensorFlow a `tf.data.Dataset` that declares every size that varies: Keras guesses the shapes of a
        PyDataset from its first two batches and refuses a later one of another width.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf

        def spec(array: np.ndarray) -> tf.TensorSpec:
            shape = (None, array.shape[1], None, array.shape[3]) if array.ndim == 4 else (None,) * array.ndim
            return tf.TensorSpec(shape, array.dtype)

        signature = keras.tree.map_structure(spec, self[0])
        dataset = tf.data.Dataset.from_generator(
            lambda: (self[i] for i in range(self.count)), output_signature=signature
        )
        return dataset.apply(tf.data.experimental.assert_cardinality(self.count)).prefetch(2)

    def close(self) -> None:
        """Stops the worker processes."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _render(self, batch: int) -> tuple[list[LineSample], int]:
        if self._pool is None:
            return render_batch(self._local, self.plan, batch)
        for number in range(batch, batch + self._ahead):
            if number not in self._pending:
                self._pending[number] = self._pool.submit(_work, number)
        for old in [number for number in self._pending if number < batch]:
            self._pending.pop(old).cancel()
        start = time.perf_counter()
        samples = self._pending[batch].result()
        self.waited += time.perf_counter() - start
        return samples


class FrameEncoder:
    """Samples -> (images, labels) for training on frame labels.

    Args:
        charset: the reader's charset.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset

    def __call__(self, samples: list[LineSample], width: int) -> tuple[np.ndarray, np.ndarray]:
        """Images (N, 32, width, 1) and the class of each frame (N, width / 4), `IGNORED` where it is not certain."""
        labels = np.full((len(samples), width // FRAME_WIDTH), IGNORED, np.int32)
        for row, sample in zip(labels, samples):
            positions, classes = frame_labels(sample.spans, self.charset.encode(sample.text), len(row))
            row[positions] = classes
            # The padding at the right is blank: two frames of it are labelled.
            first = -(-sample.image.shape[1] // FRAME_WIDTH) + 1
            row[[frame for frame in (first, (first + len(row)) // 2) if frame < len(row)]] = BLANK
        return pad_lines([sample.image for sample in samples], width), labels


class CTCEncoder:
    """Samples -> (images, packed labels) for `ctc_loss`.

    Args:
        charset: the reader's charset.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset

    def __call__(self, samples: list[LineSample], width: int) -> tuple[np.ndarray, np.ndarray]:
        labels = [self.charset.encode(sample.text) for sample in samples]
        frames = [width // FRAME_WIDTH] * len(samples)
        return pad_lines([sample.image for sample in samples], width), pack_labels(labels, frames)
