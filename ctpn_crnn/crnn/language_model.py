"""A character n-gram language model, and how a beam search takes it into account (shallow fusion).

The model is optional and none is shipped: `tools/build_language_model.py` makes one from plain text.
"""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import written_aside

FORMAT = "ctpn_crnn language model"
VERSION = 1
MAX_ORDER = 3
"""Three characters of 21 bits fit into an int64."""

CHARACTER_BITS = 21
ALIKE = ("0123456789", ".,")
"""Characters that count as one, so that the model prefers none of them: it must change no digit of a number, nor its
decimal point, for a more usual one."""

_FOLDED = {ord(c): ord(group[0]) for group in ALIKE for c in group}
_SHARES = {c: math.log(len(group)) for group in ALIKE for c in group}
_CACHE_SIZE = 1 << 18


class NgramTable(NamedTuple):
    """The n-grams of one order that a model knows.

    Attributes:
        keys: int64 (N,), sorted: the code points, `CHARACTER_BITS` each, the last character in the lowest bits; those
            that are `ALIKE` as their first, see `fold`.
        log_probabilities: float16 (N,), natural: of the last character after those before it.
        backoffs: float16 (N,), natural: the weight of the shorter context where this n-gram is the context of an n-gram
            that is not known.
    """

    keys: np.ndarray
    log_probabilities: np.ndarray
    backoffs: np.ndarray

    def find(self, key: int) -> int:
        """Where a key stands, or -1."""
        place = int(self.keys.searchsorted(np.int64(key)))
        return place if place < len(self.keys) and self.keys[place] == key else -1


class LanguageModel:
    """Probabilities of characters after one another, interpolated over the orders (Witten and Bell, 1991, method C).

    The ten ASCII digits count as one character, whose probability they share evenly: text says where a number stands,
    never which. So do the ASCII point and comma (`ALIKE`). A character that the training text lacks has the share of
    one unseen character.

    Args:
        tables: Of the orders 1, 2, ... as `NgramCounter.model` makes them.
        unknown: Natural log probability of a character that is not in the first table.

    Raises:
        ConfigError: There are no tables, or more than `MAX_ORDER`.
    """

    def __init__(self, tables: Sequence[NgramTable], unknown: float) -> None:
        if not 1 <= len(tables) <= MAX_ORDER:
            raise ConfigError(f"a language model has 1 to {MAX_ORDER} tables of n-grams, not {len(tables)}")
        self._tables, self._unknown = tuple(tables), float(unknown)

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self._tables)

    @property
    def sizes(self) -> list[int]:
        """How many n-grams of each order are known."""
        return [len(table.keys) for table in self._tables]

    def log_probability(self, character: str, context: str = "") -> float:
        """Natural log probability of a character after others, of which the last `order` - 1 count."""
        history = context[len(context) - min(self.order - 1, len(context)) :]
        return self._look_up([fold(ord(c)) for c in history + character]) - _SHARES.get(character, 0.0)

    def score(self, text: str) -> float:
        """Natural log probability of a text, its beginning known to nobody; 0 for an empty one."""
        return sum(self.log_probability(c, text[max(0, i - self.order + 1) : i]) for i, c in enumerate(text))

    def _look_up(self, codes: list[int]) -> float:
        """The last of `codes` after the others: from the longest n-gram that is known, with the weights on the way."""
        weight = 0.0
        while codes:
            table = self._tables[len(codes) - 1]
            place = table.find(ngram_key(codes))
            if place >= 0:
                return weight + float(table.log_probabilities[place])
            if len(codes) > 1:
                shorter = self._tables[len(codes) - 2]
                context = shorter.find(ngram_key(codes[:-1]))
                weight += float(shorter.backoffs[context]) if context >= 0 else 0.0
            codes = codes[1:]
        return weight + self._unknown

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an .npz file: for each order `keysN` (int64), `log_probabilitiesN` and `backoffsN` (float16).

        Raises:
            OutputError: The file cannot be written.
        """
        arrays = {
            f"{name}{order}": array
            for order, table in enumerate(self._tables, start=1)
            for name, array in table._asdict().items()
        }
        facts = {"format": FORMAT, "version": VERSION, "order": self.order, "unknown": self._unknown}
        with written_aside(path) as aside, open(aside, "wb") as file:
            np.savez_compressed(file, **{name: np.array(value) for name, value in facts.items()}, **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LanguageModel:
        """Read what `save` wrote.

        Raises:
            WeightsError: The file is missing, damaged, or no language model of this library.
        """
        if not Path(path).is_file():
            raise WeightsError(
                f"the language model {path} does not exist; check the path, or make one with "
                "tools/build_language_model.py"
            )
        try:
            with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
                if str(file["format"]) != FORMAT or int(file["version"]) > VERSION:
                    raise WeightsError(f"{path} is no language model of this release; build it again")
                tables = [
                    NgramTable(*(file[f"{name}{order}"] for name in NgramTable._fields))
                    for order in range(1, int(file["order"]) + 1)
                ]
                model = cls(tables, float(file["unknown"]))
        except (
            OSError,
            KeyError,
            ValueError,
            EOFError,
            TypeError,
            AttributeError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            if isinstance(error, WeightsError):
                raise
            raise WeightsError(
                f"{path} is damaged, or no language model: {error}; build it again with tools/build_language_model.py"
            ) from error
        if any(len({len(array) for array in table}) != 1 or table.keys.dtype != np.int64 for table in tables):
            raise WeightsError(f"{path} is damaged: its tables do not fit together; build it again")
        return model


class PrefixScorer:
    """What appending a character to a prefix is worth to a beam search: exp(weight log p + bonus).

    As in Hannun et al. (2014), algorithm 1: the model's probability to the power of `weight`, and for each character a
    factor that makes up for its being below 1. Spaces are left to the network alone: how wide a gap of a table is, no
    text knows. They are part of the context all the same, so that words begin as words do.

    Args:
        model: The language model.
        characters: Those of the reader; class index 1 is the first.
        weight: Power of the model's probability; 0 leaves the bonus alone.
        bonus: Natural log of the factor.
    """

    def __init__(self, model: LanguageModel, characters: Sequence[str], weight: float, bonus: float) -> None:
        self._model, self._characters = model, ["", *characters]
        self._weight, self._bonus = weight, bonus
        self._known: dict[tuple[int, ...], float] = {}

    def __call__(self, prefix: tuple[int, ...], new: int) -> float:
        """The factor of class `new` after the classes `prefix`."""
        key = (*prefix[max(0, len(prefix) - self._model.order + 1) :], new)
        factor = self._known.get(key)
        if factor is None:
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            factor = self._known[key] = self._factor(key)
        return factor

    def _factor(self, classes: tuple[int, ...]) -> float:
        *context, character = (self._characters[index] for index in classes)
        if character == " ":
            return 1.0
        return math.exp(self._weight * self._model.log_probability(character, "".join(context)) + self._bonus)


def ngram_key(codes: Sequence[int]) -> int:
    """The key of an n-gram from its folded code points."""
    key = 0
    for code in codes:
        key = key << CHARACTER_BITS | code
    return key


def fold(code: int) -> int:
    """The code point that stands for one in the tables: the first of those that are `ALIKE`."""
    return _FOLDED.get(code, code)
