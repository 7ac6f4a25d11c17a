"""Counting the character n-grams of a text, and the language model that follows from the counts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ctpn_crnn.crnn.language_model import FOLDED, MAX_ORDER, LanguageModel, NgramLevel
from ctpn_crnn.errors import ConfigError, DatasetError

_BLOCK = 1 << 20
_COUNTED_AT_ONCE = 1 << 22
_LINE_ENDS, _SPACES = re.compile(r"\s*\n\s*"), re.compile(r"[^\S\n]+")

_FOLDING = str.maketrans(FOLDED)

_Counts = tuple[np.ndarray, np.ndarray]


class NgramCounter:
    """Collects text and counts its n-grams of the orders 1 to `order`.

    N-grams do not reach over the end of a line. Any white space within a line counts as one space. The memory is that
    of the text, two bytes a character, and of its distinct n-grams.

    Args:
        order: Length of the longest n-grams, 1 to 8.

    Raises:
        ConfigError: `order` is something else.

    Example:
        >>> counter = NgramCounter(order=2)
        >>> counter.add("abab")
        >>> round(np.exp(counter.model().log_probability("b", "a")), 2)  # (2 + 1 * p(b)) / (2 + 1) / 2 cases
        0.41
    """

    def __init__(self, order: int = 5) -> None:
        if not 1 <= order <= MAX_ORDER:
            raise ConfigError(f"order is {order}: give a number from 1 to {MAX_ORDER}")
        self._order = order
        self._numbers = np.zeros(0x110000, np.uint16)  # of each code point: 0 for none yet, and for the end of a line
        self._alphabet: list[int] = []
        self._parts: list[np.ndarray] = []

    def add(self, text: str) -> None:
        """Count whole lines.

        Raises:
            DatasetError: The text has more than 65535 different characters.
        """
        text = _SPACES.sub(" ", _LINE_ENDS.sub("\n", text.strip())).translate(_FOLDING)
        codes = np.frombuffer(f"{text}\n".encode("utf-32-le", "surrogatepass"), np.uint32)
        new = [code for code in np.unique(codes).tolist() if code != 0x0A and not self._numbers[code]]
        if len(self._alphabet) + len(new) > np.iinfo(np.uint16).max:
            raise DatasetError("the text has more than 65535 different characters: is it text?")
        self._numbers[new] = np.arange(len(self._alphabet) + 1, len(self._alphabet) + len(new) + 1)
        self._alphabet += new
        self._parts.append(self._numbers[codes])

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
        if not self._alphabet:
            raise DatasetError("there is no text in the corpus: a language model needs at least one character")
        text = np.concatenate(self._parts)
        types = len(self._alphabet)
        counts = np.bincount(text, minlength=types + 1)[1:]
        total = float(counts.sum())
        share = types / (types + 1) / (total + types)
        grams = _Grams(
            parents=np.zeros(types, np.int64),
            characters=np.arange(types),
            suffixes=np.zeros(types, np.int64),
            probabilities=counts / (total + types) + share,
        )
        nodes = text.astype(np.int32) - 1  # of the n-gram that begins at each place; -1 for none that is known
        levels = []
        for order in range(2, self._order + 1):
            longer, backoffs, nodes = _longer(text, nodes, grams, order, types, min_count)
            levels.append(_level(grams, np.bincount(longer.parents, minlength=len(backoffs)), backoffs))
            grams = longer
        levels.append(_level(grams, np.zeros(len(grams.characters)), np.ones(len(grams.characters))))
        return LanguageModel("".join(map(chr, self._alphabet)), levels, float(np.log(share)))


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


class _Grams(NamedTuple):
    """The n-grams of one order, sorted by parent and character.

    Attributes:
        parents: the n-gram without its last character, as an index into those of the order below.
        characters: its last character, from 0.
        suffixes: the n-gram without its first character, likewise an index.
        probabilities: of the last character after the others.
    """

    parents: np.ndarray
    characters: np.ndarray
    suffixes: np.ndarray
    probabilities: np.ndarray


def _longer(
    text: np.ndarray, nodes: np.ndarray, shorter: _Grams, order: int, types: int, min_count: int
) -> tuple[_Grams, np.ndarray, np.ndarray]:
    """The n-grams of `order` that occur often enough, back-off weights of the shorter ones, and where the former begin.

    Args:
        text: character numbers, from 1; 0 ends a line.
        nodes: index of the shorter n-gram that begins at each place, or -1.
        shorter: the n-grams of the order below.
        order: of the new ones.
        types: size of the alphabet.
        min_count: least number of occurrences.
    """
    ends = text[order - 1 :]
    nodes = nodes[: len(ends)]
    keys, counts = _counted(nodes, ends, types)
    kept = counts >= min_count
    backoffs, probabilities = np.ones(len(shorter.parents)), np.empty(0)
    parents, characters = keys[kept] // types, keys[kept] % types
    suffixes = characters
    if order > 2 and len(parents):
        # The suffix of abc is bc: the child by c of b, which is the suffix of ab.
        known = shorter.parents * types + shorter.characters
        suffixes = np.searchsorted(known, shorter.suffixes[parents] * types + characters)
    if len(keys):
        starts = np.flatnonzero(np.r_[True, np.diff(keys // types) > 0])
        sizes = np.diff(np.r_[starts, len(keys)])
        totals = np.add.reduceat(counts, starts, dtype=np.float64)
        left_out = np.add.reduceat(np.where(kept, 0, counts), starts, dtype=np.float64)
        backoffs[keys[starts] // types] = weights = (sizes + left_out) / (totals + sizes)
        group = np.repeat(np.arange(len(starts)), sizes)[kept]
        probabilities = counts[kept] / (totals + sizes)[group] + weights[group] * shorter.probabilities[suffixes]
    return _Grams(parents, characters, suffixes, probabilities), backoffs, _found(nodes, ends, types, keys[kept])


def _counted(nodes: np.ndarray, ends: np.ndarray, types: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct n-grams, as sorted int64 keys parent * types + character, and how often each occurs."""
    found: list[_Counts] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for start in range(0, len(ends), _COUNTED_AT_ONCE):
        part = slice(start, start + _COUNTED_AT_ONCE)
        inside = (nodes[part] >= 0) & (ends[part] > 0)
        keys = nodes[part][inside].astype(np.int64) * types + (ends[part][inside].astype(np.int64) - 1)
        found.append(np.unique(keys, return_counts=True))
        # Like sizes are merged, so that each count is touched a few times only.
        while len(found) > 2 and len(found[-2][0]) <= 2 * len(found[-1][0]):
            found.append(_merge(found.pop(), found.pop()))
    while len(found) > 1:
        found.append(_merge(found.pop(), found.pop()))
    return found[0]


def _found(nodes: np.ndarray, ends: np.ndarray, types: int, keys: np.ndarray) -> np.ndarray:
    """Index of the n-gram among `keys` that begins at each place, or -1; int32."""
    out = np.full(len(ends), -1, np.int32)
    for start in range(0, len(ends) if len(keys) else 0, _COUNTED_AT_ONCE):
        part = slice(start, start + _COUNTED_AT_ONCE)
        wanted = nodes[part].astype(np.int64) * types + (ends[part].astype(np.int64) - 1)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        out[part] = np.where((keys[place] == wanted) & (nodes[part] >= 0) & (ends[part] > 0), place, -1)
    return out


def _merge(one: _Counts, other: _Counts) -> _Counts:
    """The sums of two sorted tables of counts."""
    keys = np.concatenate([one[0], other[0]])
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], np.concatenate([one[1], other[1]])[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.empty(0, np.int64)
    return keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts


def _level(grams: _Grams, children: np.ndarray, backoffs: np.ndarray) -> NgramLevel:
    return NgramLevel(
        grams.characters.astype(np.uint16),
        children.astype(np.uint16),
        np.log(grams.probabilities).astype(np.float16),
        np.log(backoffs).astype(np.float16),
    )
