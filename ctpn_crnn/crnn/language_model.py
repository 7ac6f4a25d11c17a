"""A character n-gram language model, and how a beam search takes it into account (shallow fusion).

The model that ships beside the reader's weights was made of public text by `tools/build_language_model.py`, which makes
another one of any plain text.
"""

from __future__ import annotations

import math
import os
import unicodedata
import zipfile
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import written_aside
from ctpn_crnn.weights import LANGUAGE_MODEL, shipped

FORMAT = "ctpn_crnn language model"
VERSION = 2
MAX_ORDER = 8

ALIKE = ("0123456789", ".,", *(small + small.upper() for small in "abcdefghijklmnopqrstuvwxyz"))
"""Characters that count as one, so that the model prefers none of them: it must change no digit of a number, nor its
decimal point, for a more usual one, and a word is the same in capitals."""

KNOWN = 0.9
"""Share of a reader's characters that a model must know to be of use to it."""

START = " "
"""What stands before a line: its first character begins a word."""

FOLDED = {c: group[0] for group in ALIKE for c in group}
"""The character that stands for one in the model, of those that are `ALIKE`: the first of them."""

_SHARES = {c: math.log(len(group)) for group in ALIKE for c in group}
_ACCENT = math.log(20)
"""What an accented letter costs beside the plain one, for which it counts otherwise: text that has few of them does not
say which accent it bears."""

_CACHE_SIZE = 1 << 17
_NONE = -1

State: TypeAlias = tuple[int, ...]
"""Where a context stands in the model: the node of its last character, of its last two, ...; -1 for what is not known.
The empty tuple is the empty context."""


class NgramLevel(NamedTuple):
    """The n-grams of one order, as the nodes of one level of a trie; those with a common beginning lie together.

    Attributes:
        characters: uint16 (N,): the last character of each n-gram, as its place in the alphabet; sorted within each
            parent.
        children: uint16 (N,): how many n-grams of the next order begin with each.
        log_probabilities: float16 (N,), natural: of the last character after those before it.
        backoffs: float16 (N,), natural: the weight of the shorter context where this n-gram is the context of an n-gram
            that is not known.
    """

    characters: np.ndarray
    children: np.ndarray
    log_probabilities: np.ndarray
    backoffs: np.ndarray


class LanguageModel:
    """Probabilities of characters after one another, interpolated over the orders (Witten and Bell, 1991, method C).

    The ten ASCII digits count as one character, whose probability they share evenly: text says where a number stands,
    never which. So do the ASCII point and comma, and both cases of a letter (`ALIKE`). A character that the training
    text lacks has the share of one unseen character. An accented letter has a part of the plain one's.

    Args:
        alphabet: The characters that are known, each once; those that are `ALIKE` as the first of them.
        levels: Of the orders 1, 2, ... as `NgramCounter.model` makes them. The first has a node for each character of
            the alphabet, in its order.
        unknown: Natural log probability of a character that is not in the alphabet.

    Raises:
        ConfigError: There are no levels, or more than `MAX_ORDER`, or they do not fit together.
    """

    def __init__(self, alphabet: str, levels: Sequence[NgramLevel], unknown: float) -> None:
        if not 1 <= len(levels) <= MAX_ORDER:
            raise ConfigError(f"a language model has 1 to {MAX_ORDER} levels of n-grams, not {len(levels)}")
        expected = len(alphabet)
        for level in levels:
            if any(len(field) != expected for field in level):
                raise ConfigError("the levels of the language model do not fit together")
            expected = int(level.children.sum(dtype=np.int64))
        if expected:
            raise ConfigError("the levels of the language model do not fit together")
        self._alphabet, self._levels, self._unknown = alphabet, tuple(levels), float(unknown)
        self._places = {c: place for place, c in enumerate(alphabet)}
        # Plain arrays: a lookup of a few of their items costs less than a call of NumPy's.
        self._characters = [array("H", level.characters.tobytes()) for level in levels]
        self._begins = [
            array("q", np.r_[0, np.cumsum(level.children, dtype=np.int64)].tobytes()) for level in levels[:-1]
        ]

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self._levels)

    @property
    def sizes(self) -> list[int]:
        """How many n-grams of each order are known."""
        return [len(level.characters) for level in self._levels]

    def knows(self, characters: Sequence[str]) -> bool:
        """Whether it was made of text in these characters: all but a few of them, `KNOWN`, are in the alphabet."""
        known = sum(FOLDED.get(c, c) in self._places for c in characters)
        return known >= KNOWN * len(characters) > 0

    def step(self, state: State, character: str) -> tuple[float, State]:
        """Natural log probability of a character after a context, and the state of the context that it makes."""
        place, score = self._place(character)
        nodes = [place, *(self._child(level, node, place) for level, node in enumerate(state))]
        for level in range(len(nodes) - 1, -1, -1):
            if nodes[level] != _NONE:
                score += float(self._levels[level].log_probabilities[nodes[level]])
                break
            if level and state[level - 1] != _NONE:
                score += float(self._levels[level - 1].backoffs[state[level - 1]])
        else:
            score += self._unknown
        return score, tuple(nodes[: self.order - 1])

    def _place(self, character: str) -> tuple[int, float]:
        """Where a character stands in the alphabet, and what it has of the probability there, natural log."""
        if character >= "\x80":
            plain = unicodedata.normalize("NFD", character)[0]
            if plain != character and FOLDED.get(plain) in self._places:
                return self._places[FOLDED[plain]], -_SHARES[plain] - _ACCENT
        return self._places.get(FOLDED.get(character, character), _NONE), -_SHARES.get(character, 0.0)

    def log_probability(self, character: str, context: str = "") -> float:
        """Natural log probability of a character after others, of which the last `order` - 1 count."""
        return self.step(self.state(context), character)[0]

    def state(self, context: str) -> State:
        """The state of a context, of which the last `order` - 1 characters count."""
        state: State = ()
        for character in context[max(0, len(context) - self.order + 1) :]:
            _, state = self.step(state, character)
        return state

    def score(self, text: str) -> float:
        """Natural log probability of a text, its beginning known to nobody; 0 for an empty one."""
        state, total = self.state(""), 0.0
        for character in text:
            score, state = self.step(state, character)
            total += score
        return total

    def _child(self, level: int, node: int, place: int) -> int:
        """The node of the next level that a character makes of a node of `level` (from 0), or -1."""
        if node == _NONE or place == _NONE:
            return _NONE
        begin, end = self._begins[level][node], self._begins[level][node + 1]
        characters = self._characters[level + 1]
        found = bisect_left(characters, place, begin, end)
        return found if found < end and characters[found] == place else _NONE

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an .npz file: `alphabet`, and for each order `charactersN`, `childrenN` (uint16), `log_probabilitiesN`
        and `backoffsN` (float16), see `NgramLevel`.

        Raises:
            OutputError: The file cannot be written.
        """
        arrays = {
            f"{name}{order}": field
            for order, level in enumerate(self._levels, start=1)
            for name, field in level._asdict().items()
        }
        facts = {
            "format": FORMAT,
            "version": VERSION,
            "order": self.order,
            "unknown": self._unknown,
            "alphabet": self._alphabet,
        }
        with written_aside(path) as aside, open(aside, "wb") as file:
            np.savez_compressed(file, **{name: np.array(value) for name, value in facts.items()}, **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LanguageModel:
        """Read what `save` wrote.

        Raises:
            WeightsError: The file is missing, damaged, or no language model of this release.
        """
        if not Path(path).is_file():
            raise WeightsError(
                f"the language model {path} does not exist; check the path, or make one with "
                "tools/build_language_model.py"
            )
        try:
            with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
                if str(file["format"]) != FORMAT or int(file["version"]) != VERSION:
                    raise WeightsError(f"{path} is no language model of this release; build it again")
                levels = [
                    NgramLevel(*(file[f"{name}{order}"] for name in NgramLevel._fields))
                    for order in range(1, int(file["order"]) + 1)
                ]
                return cls(str(file["alphabet"]), levels, float(file["unknown"]))
        except (
            OSError,
            KeyError,
            ValueError,
            EOFError,
            TypeError,
            AttributeError,
            ConfigError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            if isinstance(error, WeightsError):
                raise
            raise WeightsError(
                f"{path} is damaged, or no language model: {error}; build it again with tools/build_language_model.py"
            ) from error


@lru_cache(maxsize=1)
def shipped_model() -> LanguageModel:
    """The language model that ships with the package; it is loaded once.

    Raises:
        WeightsError: It is missing or damaged.
    """
    return LanguageModel.load(shipped(LANGUAGE_MODEL))


class PrefixScorer:
    """What appending a character to a prefix is worth to a beam search: exp(weight log p + bonus).

    As in Hannun et al. (2014), algorithm 1: the model's probability to the power of `weight`, and for each character a
    factor that makes up for its being below 1. Spaces are left to the network alone: how wide a gap of a table is, no
    text knows. They are part of the context all the same, so that words begin as words do; so does a line (`START`).

    Args:
        model: The language model.
        characters: Those of the reader; class index 1 is the first.
        weight: Power of the model's probability; 0 leaves the bonus alone.
        bonus: Natural log of the factor.
    """

    def __init__(self, model: LanguageModel, characters: Sequence[str], weight: float, bonus: float) -> None:
        self._model, self._characters = model, ["", *characters]
        self._weight, self._bonus = weight, bonus
        self._start = model.state(START)
        self._steps: dict[tuple[int, ...], tuple[float, State]] = {}

    def __call__(self, prefix: tuple[int, ...], new: int) -> float:
        """The factor of class `new` after the classes `prefix`."""
        return self._step((*prefix, new))[0]

    def _step(self, classes: tuple[int, ...]) -> tuple[float, State]:
        """The factor of the last of the classes after the others, and the state that they make."""
        # What is further back than the model sees does not count, and neither does the start of the line there.
        key = classes[max(0, len(classes) - self._model.order) :]
        known = self._steps.get(key)
        if known is None:
            if len(self._steps) >= _CACHE_SIZE:
                self._steps.clear()
            state = self._step(key[:-1])[1] if len(key) > 1 else self._start
            character = self._characters[key[-1]]
            score, state = self._model.step(state, character)
            factor = 1.0 if character == " " else math.exp(self._weight * score + self._bonus)
            known = self._steps[key] = factor, state
        return known
