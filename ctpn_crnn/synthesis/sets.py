"""Rendering samples in several processes and writing them to disk as sets that `datasets` reads."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ctpn_crnn.errors import OutputError, SynthesisError
from ctpn_crnn.files import output_error, write_bytes
from ctpn_crnn.synthesis.lines import LineSample
from ctpn_crnn.synthesis.pages import PageSample

FORMULA_TEXT = "formula"
"""Text of a formula in the ground-truth files of a page set."""

Synthesizer = Callable[[np.random.Generator], LineSample | PageSample]
"""Renders a sample for a random generator."""

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
_JPEG_QUALITY = 92
_SHEET_WIDTH = 1600
_SHEET_GROUND = 128


def find_pictures(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the image files below a folder, sorted.

    Raises:
        SynthesisError: There is no such folder, or no image in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise SynthesisError(f"There is no folder of background pictures {root}: check the path.")
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in PICTURE_ENDINGS)
    if not paths:
        raise SynthesisError(f"No picture ({', '.join(PICTURE_ENDINGS)}) in the folder of backgrounds {root}.")
    return paths


def render_many(synthesizer: Synthesizer, count: int, seed: int, workers: int) -> Iterator[LineSample | PageSample]:
    """Render samples 0..count-1 in order; each depends on `seed` and its number, not on the number of workers.

    Args:
        synthesizer: A `LineSynthesizer` or a `PageSynthesizer`.
        count: Number of samples.
        seed: Of the whole set, at least 0.
        workers: Number of processes; with 1 the samples are rendered in this process.

    Raises:
        SynthesisError: A sample cannot be rendered.
    """
    if workers <= 1:
        yield from (_sample(synthesizer, seed, number) for number in range(count))
        return
    # Forked processes share fonts and corpus with this one; where there is no fork, each gets a copy.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    context = multiprocessing.get_context(method)
    with context.Pool(min(workers, count), initializer=_start, initargs=(synthesizer, seed)) as pool:
        yield from pool.imap(_render, range(count), chunksize=max(1, min(16, count // (4 * workers))))


def write_lines(folder: str | os.PathLike[str], samples: Iterator[LineSample]) -> int:
    """Write a line list, ``images/*.png`` and ``lines.tsv``; returns the number of samples.

    Raises:
        OutputError: The folder holds a set already, or cannot be written.
    """
    root = Path(folder)
    count = 0
    with _new_set(root, "lines.tsv"), (root / "lines.tsv").open("w", encoding="utf-8", newline="\n") as file:
        for count, sample in enumerate(samples, start=1):
            name = f"images/{count - 1:07d}.png"
            (root / name).write_bytes(cv2.imencode(".png", sample.image)[1].tobytes())
            file.write(f"{name}\t{sample.text}\n")
    return count


def write_pages(folder: str | os.PathLike[str], samples: Iterator[PageSample]) -> int:
    """Write a set in ICDAR 2015 form, ``images/*.jpg`` and ``gt/*.txt``; returns the number of samples.

    The text of a formula is `FORMULA_TEXT`.

    Raises:
        OutputError: The folder holds a set already, or cannot be written.
    """
    root = Path(folder)
    count = 0
    with _new_set(root, "gt"):
        (root / "gt").mkdir()
        for count, sample in enumerate(samples, start=1):
            name = f"{count - 1:06d}"
            encoded = cv2.imencode(".jpg", sample.image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1]
            (root / "images" / f"{name}.jpg").write_bytes(encoded.tobytes())
            (root / "gt" / f"{name}.txt").write_text(_truth(sample), encoding="utf-8", newline="\n")
    return count


@dataclass
class ContactSheet:
    """Shows the first samples of a set on one picture.

    Args:
        most: Number of samples that it shows.
        columns: Number of columns.
    """

    most: int
    columns: int

    def __post_init__(self) -> None:
        self._tiles: list[np.ndarray] = []

    def watch(self, samples: Iterator[LineSample | PageSample]) -> Iterator[LineSample | PageSample]:
        """Pass samples on and keep a small picture of the first ones."""
        for sample in samples:
            if len(self._tiles) < self.most:
                self._tiles.append(_tile(sample, _SHEET_WIDTH // self.columns - 4))
            yield sample

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sheet as a PNG file.

        Raises:
            OutputError: It cannot be written.
        """
        rows = [self._tiles[i : i + self.columns] for i in range(0, len(self._tiles), self.columns)]
        heights = [max(tile.shape[0] for tile in row) + 4 for row in rows]
        sheet = np.full((max(1, sum(heights)), _SHEET_WIDTH, 3), _SHEET_GROUND, np.uint8)
        top = 0
        for row, height in zip(rows, heights):
            for index, tile in enumerate(row):
                left = index * (_SHEET_WIDTH // self.columns)
                sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
            top += height
        write_bytes(path, cv2.imencode(".png", sheet)[1].tobytes())


class CharacterCount:
    """Counts how often each character is drawn, to see which characters a set hardly teaches.

    Args:
        characters: The characters to count, usually `Charset.characters`; others are ignored.
    """

    def __init__(self, characters: Sequence[str]) -> None:
        self._counts = Counter(dict.fromkeys(characters, 0))

    def watch(self, samples: Iterator[LineSample]) -> Iterator[LineSample]:
        """Pass samples on and count their characters."""
        for sample in samples:
            self._counts.update(character for character in sample.text if character in self._counts)
            yield sample

    def rarest_first(self) -> list[tuple[str, int]]:
        """Return (character, count), the rarest first; equal counts stay in the order of the characters given."""
        return sorted(self._counts.items(), key=lambda item: item[1])

    def summary(self) -> str:
        """Return a sentence on how many characters were drawn at all, and how often the rarest tenth and the median."""
        counts = [count for _, count in self.rarest_first()]
        drawn = sum(count > 0 for count in counts)
        return (
            f"{drawn} of {len(counts)} characters drawn; of ten the rarest at most {counts[len(counts) // 10]} times, "
            f"the median one {counts[len(counts) // 2]} times"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a table of character, tab and count, the rarest first.

        Raises:
            OutputError: It cannot be written.
        """
        rows = "".join(f"{character}\t{count}\n" for character, count in self.rarest_first())
        write_bytes(path, rows.encode("utf-8"))


def _sample(synthesizer: Synthesizer, seed: int, number: int) -> LineSample | PageSample:
    return synthesizer(np.random.default_rng((seed, number)))


_worker: list[tuple[Synthesizer, int]] = []
"""Synthesizer and seed of a worker process, set once at its start: sending them with each number would be slow."""


def _start(synthesizer: Synthesizer, seed: int) -> None:
    cv2.setNumThreads(1)  # There is a process for each core already.
    _worker[:] = [(synthesizer, seed)]


def _render(number: int) -> LineSample | PageSample:
    return _sample(*_worker[0], number)


@contextmanager
def _new_set(root: Path, mark: str) -> Iterator[None]:
    """Make the folders of a set, which must not exist yet; turn errors of the file system into `OutputError`."""
    try:
        if (root / mark).exists() or (root / "images").exists():
            raise OutputError(f"{root} holds a set already: name another folder, or delete it first.")
        (root / "images").mkdir(parents=True)
        yield
    except OutputError:
        raise
    except OSError as error:
        raise output_error(root, error) from error


def _truth(sample: PageSample) -> str:
    lines = []
    for region in sample.regions:
        numbers = ",".join(f"{value:.2f}" for value in np.asarray(region.quad).reshape(8))
        lines.append(f"{numbers},{FORMULA_TEXT if region.kind == 'formula' else region.text}\n")
    return "".join(lines)


def _tile(sample: LineSample | PageSample, width: int) -> np.ndarray:
    image = sample.image if sample.image.ndim == 3 else cv2.cvtColor(sample.image, cv2.COLOR_GRAY2BGR)
    if isinstance(sample, PageSample):
        image = image.copy()
        for region in sample.regions:
            color = (255, 0, 0) if region.kind == "formula" else (0, 0, 255)
            cv2.polylines(image, [np.round(region.quad * 8).astype(np.int32)], True, color, 1, cv2.LINE_AA, 3)
        scale = width / image.shape[1]
        return cv2.resize(image, (width, max(1, round(image.shape[0] * scale))), interpolation=cv2.INTER_AREA)
    return image[:, :width]


def default_columns(count: int) -> int:
    """Return the number of columns of a sheet that is about as wide as high, at most 4."""
    return max(1, min(4, math.isqrt(max(1, count - 1)) + 1))
