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
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ctpn_crnn.crnn.params import DEFAULTS
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import written_aside
from ctpn_crnn.weights import LANGUAGE_MODEL, shipped

FORMAT = "ctpn_crnn language model"
VERSION = 2
MAX_ORDER = 8

ALIKE = ("0123456789", ".,", *(small + small.upper() for small in "abcdefghijklmnopqrstuvwxyz"))
"""Groups of characters that the model cannot tell apart: the digits, point and comma, both cases of a letter. It must
not replace a digit of a number, or its decimal point, by a more usual one; and a word is the same in capitals."""

KNOWN = 0.9
"""Smallest share of a reader's characters that a model must know to be used with it."""

START = " "
"""Context at the beginning of a line: a space, since the first character begins a word."""

FOLDED = {c: group[0] for group in ALIKE for c in group}
"""Character of a group in `ALIKE` -> the first of its group, which stands for all of them in the model."""

_NONE = -1


class NgramLevel(NamedTuple):
    """The n-grams of one order, as the nodes of one level of a trie; those with a common beginning lie together.

    Attributes:
        characters: uint16 (N,): the last character of each n-gram, as its place in the alphabet; sorted within each
            parent.
        children: uint16 (N,): how many n-grams of the next order begin with this one.
        log_probabilities: float16 (N,), natural: of the last character after those before it.
        backoffs: float16 (N,), natural: the weight of the shorter context where this n-gram is the context of an n-gram
            that is not known.
    """

    characters: np.ndarray
    children: np.ndarray
    log_probabilities: np.ndarray
    backoffs: np.ndarray


class LanguageModel:
    """Character n-grams, interpolated over their orders (Witten and Bell, 1991, method C).

    The characters of a group in `ALIKE` count as one: text tells where a number stands, never which. The probability of
    a character is that of its group; an accented letter has a part of the plain letter's. A character that the training
    text lacks has the probability of an unseen one.

    Args:
        alphabet: The known characters, each once; a group of `ALIKE` is represented by its first character.
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
        self._file: Path | None = None  # that it was loaded from
        self._places = {c: place for place, c in enumerate(alphabet)}
        # An n-gram's place is found by the node of the one character shorter, and its last character. The last key is
        # greater than any that is looked up.
        parents = [np.repeat(np.arange(len(level.children)), level.children) for level in levels]
        self._keys = [
            np.append(parent * len(alphabet) + level.characters, np.iinfo(np.int64).max)
            for parent, level in zip(parents, levels[1:])
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle a model that was loaded as the path of its file, which is read again where it is unpickled."""
        made = LanguageModel, (self._alphabet, self._levels, self._unknown)
        return made if self._file is None else (LanguageModel.load, (self._file,))

    def __deepcopy__(self, memo: dict[int, Any]) -> LanguageModel:
        return self  # it is never changed

    @property
    def order(self) -> int:
        """Length of the longest n-grams, in characters."""
        return len(self._levels)

    @property
    def sizes(self) -> list[int]:
        """Number of known n-grams of each order."""
        return [len(level.characters) for level in self._levels]

    def knows(self, characters: Sequence[str]) -> bool:
        """Return whether at least the share `KNOWN` of these characters is in the alphabet."""
        known = sum(FOLDED.get(c, c) in self._places for c in characters)
        return known >= KNOWN * len(characters) > 0

    def steps(self, states: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Look up characters after contexts.

        Args:
            states: int (N, order - 1): the node of each context's last character, of its last two characters and so on;
                -1 for n-grams that are not known.
            places: int (N,): the places of the characters in the alphabet, see `places`.

        Returns:
            Natural log probabilities (N,) of the characters, and the states (N, order - 1) of the contexts with them.
        """
        nodes = np.full((len(places), self.order), _NONE)
        nodes[:, 0] = places
        for level, keys in enumerate(self._keys):
            # An n-gram is known only if the one without its first character is.
            rows = np.flatnonzero((states[:, level] != _NONE) & (nodes[:, level] != _NONE))
            wanted = states[rows, level] * len(self._alphabet) + places[rows]
            found = np.searchsorted(keys, wanted)
            nodes[rows, level + 1] = np.where(keys[found] == wanted, found, _NONE)
        scores, rows = np.zeros(len(places)), np.arange(len(places))
        for level in range(self.order - 1, -1, -1):
            known = nodes[rows, level] != _NONE
            scores[rows[known]] += self._levels[level].log_probabilities[nodes[rows[known], level]]
            rows = rows[~known]
            if level:
                shorter = rows[states[rows, level - 1] != _NONE]
                scores[shorter] += self._levels[level - 1].backoffs[states[shorter, level - 1]]
        scores[rows] += self._unknown
        return scores, nodes[:, : self.order - 1]

    def places(self, characters: Sequence[str]) -> np.ndarray:
        """Return the place in the alphabet of each character, int (N,); -1 for one that is not known."""
        return np.array([self._place(character) for character in characters], np.int64)

    def accents(self, characters: Sequence[str]) -> np.ndarray:
        """Return by how much the log probability (N,) of each character is below its place's: 0 without accents."""
        accented = [c >= "\x80" and self._place(c) not in (_NONE, self._places.get(c)) for c in characters]
        return np.array(accented) * math.log(DEFAULTS.accent_odds)

    def _place(self, character: str) -> int:
        if character >= "\x80":
            plain = unicodedata.normalize("NFD", character)[0]
            if plain != character and FOLDED.get(plain) in self._places:
                return self._places[FOLDED[plain]]
        return self._places.get(FOLDED.get(character, character), _NONE)

    def log_probability(self, character: str, context: str = "") -> float:
        """Return the natural log probability of a character after a context, of which the last `order` - 1 count."""
        scores, _ = self.steps(self.state(context)[None], self.places(character))
        return float(scores[0] - self.accents(character)[0])

    def state(self, context: str) -> np.ndarray:
        """Return the state (order - 1,) of a context, see `steps`."""
        state = np.full((1, self.order - 1), _NONE)
        for place in self.places(context):
            _, state = self.steps(state, np.array([place]))
        return state[0]

    def score(self, text: str) -> float:
        """Return the natural log probability of a text after an empty context; 0 for an empty text."""
        return sum(self.log_probability(character, text[:i]) for i, character in enumerate(text))

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
                model = cls(str(file["alphabet"]), levels, float(file["unknown"]))
                model._file = Path(path).absolute()
                return model
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
    """Return the language model that ships with the package; it is loaded once.

    Raises:
        WeightsError: It is missing or damaged.
    """
    return LanguageModel.load(shipped(LANGUAGE_MODEL))


class PrefixScorer:
    """Factor on the probability of a prefix for each character appended in a beam search: exp(weight log p + bonus).

    As in Hannun et al. (2014), algorithm 1. Spaces have the factor 1: the network alone decides on them, since text
    does not tell how wide the gaps of a table are. They do count as context, as the beginning of a line does (`START`).

    Args:
        model: The language model.
        characters: Characters of the reader in the order of their classes; the first one is class 1.
        weight: Power of the model's probability; 0 ignores the model.
        bonus: Natural log of the factor that each character gains.
    """

    def __init__(self, model: LanguageModel, characters: Sequence[str], weight: float, bonus: float) -> None:
        self._model, self._weight = model, weight
        # Of each class; class 0, the blank, is never appended.
        self._places = np.r_[0, model.places(characters)]
        counts = np.array([False, *(c != " " for c in characters)])
        self._weights = weight * counts
        self._bonuses = bonus * counts - weight * np.r_[0, model.accents(characters)]
        self.start = model.state(START)
        self.largest = math.exp(max(bonus, 0.0))

    def __call__(self, states: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the factors (N,) for classes (N,) after prefixes of states (N, order - 1), and the new states."""
        scores, after = self._model.steps(states, self._places[classes])
        return np.exp(self._weights[classes] * scores + self._bonuses[classes]), after
