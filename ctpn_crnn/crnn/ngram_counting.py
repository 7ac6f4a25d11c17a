"""Counting the character n-grams of a text, and the language model that follows from the counts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ctpn_crnn.crnn.language_model import ALIKE, CHARACTER_BITS, MAX_ORDER, LanguageModel, NgramTable
from ctpn_crnn.errors import ConfigError, DatasetError

_BLOCK = 1 << 20
_COUNTED_AT_ONCE = 1 << 22
_LINE_ENDS, _SPACES = re.compile(r"\s*\n\s*"), re.compile(r"[^\S\n]+")

_Counts = tuple[np.ndarray, np.ndarray]


class NgramCounter:
    """Counts n-grams of the orders 1 to `order`.

    N-grams do not reach over the end of a line. Any white space within a line counts as one space. The memory is that
    of the distinct n-grams (12 bytes each, several times that while they are merged), not of the text.

    Args:
        order: Length of the longest n-grams, 1 to 3.

    Raises:
        ConfigError: `order` is something else.

    Example:
        >>> counter = NgramCounter(order=2)
        >>> counter.add("abab")
        >>> round(np.exp(counter.model().log_probability("b", "a")), 2)  # (2 + 1 * p(b)) / (2 + 1)
        0.81
    """

    def __init__(self, order: int = 3) -> None:
        if not 1 <= order <= MAX_ORDER:
            raise ConfigError(f"order is {order}: give a number from 1 to {MAX_ORDER}")
        self._counts: list[_Counts] = [(np.empty(0, np.int64), np.empty(0, np.uint32)) for _ in range(order)]
        self._waiting: list[np.ndarray] = []
        self._waiting_codes = 0

    def add(self, text: str) -> None:
        """Count whole lines."""
        text = _SPACES.sub(" ", _LINE_ENDS.sub("\n", text.strip()))
        codes = np.frombuffer(f"{text}\n".encode("utf-32-le"), np.uint32).astype(np.int64)
        codes[codes == 0x0A] = 0
        for group in ALIKE:
            codes[np.isin(codes, [ord(c) for c in group])] = ord(group[0])
        self._waiting.append(codes)
        self._waiting_codes += len(codes)
        if self._waiting_codes >= _COUNTED_AT_ONCE:
            self._count()

    def model(self, min_count: int = 1) -> LanguageModel:
        """The interpolated model of what was counted (Witten and Bell, 1991, method C).

        p(w | h) = (c(hw) + b(h) p(w | h without its first character)) / (c(h) + T(h)), where T(h) is the number of
        distinct characters after h, and b(h) is T(h) and the counts after h that were left out: probabilities add up to
        1 whatever `min_count` is. The last shorter context is the even share of one among all known characters and an
        unknown one.

        Args:
            min_count: N-grams of two characters and more that occur less often are left out.

        Raises:
            DatasetError: Nothing was counted.
        """
        self._count()
        keys, counts = self._counts[0]
        if not len(keys):
            raise DatasetError("there is no text in the corpus: a language model needs at least one character")
        types, total = len(keys), counts.sum(dtype=np.float64)
        share = types / (types + 1) / (total + types)
        probabilities = counts / (total + types) + share
        tables = []
        for order, (longer, longer_counts) in enumerate(self._counts[1:], start=2):
            longer_probabilities, backoffs, kept = _interpolate(
                keys, probabilities, longer, longer_counts, order, min_count
            )
            tables.append(_table(keys, probabilities, backoffs))
            keys, probabilities = longer[kept], longer_probabilities
        tables.append(_table(keys, probabilities, np.ones(len(keys))))
        return LanguageModel(tables, float(np.log(share)))

    def _count(self) -> None:
        if not self._waiting:
            return
        codes = np.concatenate(self._waiting)
        self._waiting, self._waiting_codes = [], 0
        keys, inside = codes, codes != 0
        for number in range(len(self._counts)):
            if number:
                keys, inside = keys[:-1] << CHARACTER_BITS | codes[number:], inside[:-1] & (codes[number:] != 0)
            self._counts[number] = _merge(self._counts[number], np.unique(keys[inside], return_counts=True))


def count_files(
    files: Sequence[Path], counter: NgramCounter, advance: Callable[[int], object] = lambda _: None
) -> None:
    """Count the text of UTF-8 files, a block at a time.

    Args:
        files: To be read.
        counter: Counts.
        advance: Told the bytes of each block that was read.

    Raises:
        DatasetError: A file cannot be read or is not UTF-8.
    """
    for path in files:
        for lines in _whole_lines(path, advance):
            counter.add(lines)


def corpus_files(path: Path) -> list[Path]:
    """A file itself, or the .txt files of a folder and its subfolders by name.

    Raises:
        DatasetError: There are none.
    """
    if path.is_file():
        return [path]
    files = sorted(path.rglob("*.txt")) if path.is_dir() else []
    if not files:
        reason = "there are no .txt files in it" if path.is_dir() else "there is no such file or folder"
        raise DatasetError(f"{path}: {reason}; give a UTF-8 text file, or a folder of .txt files")
    return files


def _whole_lines(path: Path, advance: Callable[[int], object]) -> Iterator[str]:
    """The text in pieces that end where lines end (or in a line of more than a block, where the block does)."""
    decoder, rest = codecs.getincrementaldecoder("utf-8-sig")(), ""
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                lines, newline, rest = (rest + decoder.decode(block)).rpartition("\n")
                yield lines if newline or len(rest) < _BLOCK else rest
                rest = rest if newline or len(rest) < _BLOCK else ""
                advance(len(block))
            yield rest + decoder.decode(b"", final=True)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: not UTF-8 ({error.reason}); convert the file to UTF-8") from error


def _merge(one: _Counts, other: _Counts) -> _Counts:
    """The sums of two sorted tables of counts."""
    keys = np.concatenate([one[0], other[0]])
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], np.concatenate([one[1], other[1].astype(np.uint32)])[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.empty(0, np.int64)
    return keys[starts], np.add.reduceat(counts, starts, dtype=np.uint32) if len(starts) else counts


def _interpolate(
    shorter: np.ndarray,
    shorter_probabilities: np.ndarray,
    keys: np.ndarray,
    counts: np.ndarray,
    order: int,
    min_count: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities (K,) of the n-grams kept, back-off weights of the shorter ones, and which of the (N,) are kept."""
    kept = counts >= min_count
    backoffs = np.ones(len(shorter))
    if not len(keys):
        return np.empty(0), backoffs, kept
    histories = keys >> CHARACTER_BITS
    starts = np.flatnonzero(np.r_[True, histories[1:] != histories[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    totals = np.add.reduceat(counts, starts, dtype=np.float64)
    left_out = np.add.reduceat(np.where(kept, 0, counts), starts, dtype=np.float64)
    weights = (sizes + left_out) / (totals + sizes)
    places = np.searchsorted(shorter, histories[starts])
    known = shorter[np.minimum(places, len(shorter) - 1)] == histories[starts]
    backoffs[places[known]] = weights[known]
    group = np.repeat(np.arange(len(starts)), sizes)[kept]
    endings = keys[kept] & ((1 << CHARACTER_BITS * (order - 1)) - 1)
    below = shorter_probabilities[np.searchsorted(shorter, endings)]
    return counts[kept] / (totals + sizes)[group] + weights[group] * below, backoffs, kept


def _table(keys: np.ndarray, probabilities: np.ndarray, backoffs: np.ndarray) -> NgramTable:
    return NgramTable(keys, np.log(probabilities).astype(np.float16), np.log(backoffs).astype(np.float16))
