"""Writing rendered samples to disk as the sets that `datasets` reads, by several processes."""

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

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
_JPEG_QUALITY = 92
_SHEET_WIDTH = 1600
_SHEET_GROUND = 128


def find_pictures(folder: str | os.PathLike[str]) -> list[Path]:
    """The image files below a folder, sorted.

    Raises:
        SynthesisError: there is no such folder, or no image in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise SynthesisError(f"There is no folder of background pictures {root}: check the path.")
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in PICTURE_ENDINGS)
    if not paths:
        raise SynthesisError(f"No picture ({', '.join(PICTURE_ENDINGS)}) in the folder of backgrounds {root}.")
    return paths


def render_many(
    synthesizer: Callable[[np.random.Generator], LineSample | PageSample], count: int, seed: int, workers: int
) -> Iterator[LineSample | PageSample]:
    """Renders samples 0..count-1 in order; each depends on `seed` and its number, not on the number of workers.

    Args:
        synthesizer: a `LineSynthesizer` or a `PageSynthesizer`.
        count: number of samples.
        seed: of the whole set, at least 0.
        workers: processes; 1 renders in this one.

    Raises:
        SynthesisError: a sample cannot be rendered.
    """
    job = _Job(synthesizer, seed)
    if workers <= 1:
        yield from map(job, range(count))
        return
    # Where processes can be forked they share fonts and corpus with this one; elsewhere each gets a copy.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    context = multiprocessing.get_context(method)
    with context.Pool(min(workers, count), initializer=_start, initargs=(job,)) as pool:
        yield from pool.imap(_render, range(count), chunksize=max(1, min(16, count // (4 * workers))))


def write_lines(folder: str | os.PathLike[str], samples: Iterator[LineSample]) -> int:
    """Writes a line list: ``images/*.png`` and ``lines.tsv``; returns the number of samples.

    Raises:
        OutputError: the folder holds a set already, or cannot be written.
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
    """Writes an ICDAR 2015 set: ``images/*.jpg`` and ``gt/*.txt``; returns the number of samples.

    A formula's text is "formula".

    Raises:
        OutputError: the folder holds a set already, or cannot be written.
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
    """Gathers the first samples of a set on one picture to look at.

    Args:
        most: how many samples it shows.
        columns: beside each other.
    """

    most: int
    columns: int

    def __post_init__(self) -> None:
        self._tiles: list[np.ndarray] = []

    def watch(self, samples: Iterator[LineSample | PageSample]) -> Iterator[LineSample | PageSample]:
        """Passes samples on and keeps a view of the first ones."""
        for sample in samples:
            if len(self._tiles) < self.most:
                self._tiles.append(_tile(sample, _SHEET_WIDTH // self.columns - 4))
            yield sample

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the sheet as a PNG.

        Raises:
            OutputError: it cannot be written.
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
    """Counts how often each character is drawn, to see which ones a set hardly teaches.

    Args:
        characters: those to count, usually `Charset.characters`; 0 of the others.
    """

    def __init__(self, characters: Sequence[str]) -> None:
        self._counts = Counter(dict.fromkeys(characters, 0))

    def watch(self, samples: Iterator[LineSample]) -> Iterator[LineSample]:
        """Passes samples on and counts their characters."""
        for sample in samples:
            self._counts.update(character for character in sample.text if character in self._counts)
            yield sample

    def rarest_first(self) -> list[tuple[str, int]]:
        """Each character with how often it was drawn, those of one count in the order of the characters given."""
        return sorted(self._counts.items(), key=lambda item: item[1])

    def summary(self) -> str:
        """One sentence: how many were drawn at all, and how often the rarest tenth and the median one were."""
        counts = [count for _, count in self.rarest_first()]
        drawn = sum(count > 0 for count in counts)
        return (
            f"{drawn} of {len(counts)} characters drawn; of ten the rarest at most {counts[len(counts) // 10]} times, "
            f"the median one {counts[len(counts) // 2]} times"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a table, character, tab, count, the rarest first.

        Raises:
            OutputError: it cannot be written.
        """
        rows = "".join(f"{character}\t{count}\n" for character, count in self.rarest_first())
        write_bytes(path, rows.encode("utf-8"))


class _Job:
    """Renders the sample of a number."""

    def __init__(self, synthesizer: Callable[[np.random.Generator], LineSample | PageSample], seed: int) -> None:
        self.synthesizer = synthesizer
        self.seed = seed

    def __call__(self, number: int) -> LineSample | PageSample:
        return self.synthesizer(np.random.default_rng((self.seed, number)))


_worker_job: list[_Job] = []
"""The job of a worker process, set once at its start: sending it with each number would copy fonts and corpus."""


def _start(job: _Job) -> None:
    cv2.setNumThreads(1)  # One process a core; threads on top of that only get in each other's way.
    _worker_job[:] = [job]


def _render(number: int) -> LineSample | PageSample:
    return _worker_job[0](number)


@contextmanager
def _new_set(root: Path, mark: str) -> Iterator[None]:
    """Makes the folders of a set that must not be there yet; errors of the file system come out as ours."""
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
    """Columns of a sheet that is about as wide as high, at most 4."""
    return max(1, min(4, math.isqrt(max(1, count - 1)) + 1))
