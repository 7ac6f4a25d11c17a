"""Prefix beam search over CTC outputs of many lines at once, with a language model where one is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ctpn_crnn.crnn.ctc import Decoded
from ctpn_crnn.crnn.frame_probabilities import PRUNE, FrameProbabilities

_HASH = np.uint64(0x9E3779B97F4A7C15)
"""Multiplier of the hash by which prefixes are told apart: 64 bits, odd."""

_TINY = 1e-300
"""Stands for a probability of 0 in logarithms."""


class Scorer(Protocol):
    """Factors on the probabilities of prefixes, such as `language_model.PrefixScorer`.

    Attributes:
        start: int (S,), the state of the empty prefix.
        largest: No factor is greater.
    """

    start: np.ndarray
    largest: float

    def __call__(self, states: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the factors (M,), above 0, for classes (M,) after prefixes of states (M, S), and the new states."""


class _Prefixes(NamedTuple):
    """Prefixes of all lines, those of a line beside each other, the best first; each field has the first axis N.

    Attributes:
        line: Index of the line.
        key: uint64, a hash of line and label.
        last: Class of the last character; 0 for the empty prefix.
        history: Row of the last character in `_History`.
        states: (N, S), of the scorer.
        blank: Probability of the alignments that end in a blank, in units of the line's best prefix.
        label: Of those that end in the last character.
    """

    line: np.ndarray
    key: np.ndarray
    last: np.ndarray
    history: np.ndarray
    states: np.ndarray
    blank: np.ndarray
    label: np.ndarray


class _Frames(NamedTuple):
    """Those frames of all lines in which a character is possible, those of a line beside each other.

    Attributes:
        first: (lines + 1,), the first frame of each line.
        blank: (N,), probability of the blank.
        gap: (N,), whether nothing but the blank is possible in the frame before.
        begin: (N + 1,), the first character of each frame.
        classes: (M,), of the characters.
        values: (M,), their probabilities.
        gap_score: (lines,), log probability of the blanks in all frames that are left out.
    """

    first: np.ndarray
    blank: np.ndarray
    gap: np.ndarray
    begin: np.ndarray
    classes: np.ndarray
    values: np.ndarray
    gap_score: np.ndarray


class _History:
    """The characters that were appended to prefixes, as a tree that grows by rows."""

    def __init__(self) -> None:
        self._parents, self._classes = [0], [0]

    def append(self, parents: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Add a row for each character, after those in the rows `parents`; return the new rows."""
        self._parents += parents.tolist()
        self._classes += classes.tolist()
        return np.arange(len(self._parents) - len(parents), len(self._parents))

    def label(self, row: int) -> list[int]:
        """Return the label whose last character is in a row."""
        label = []
        while row:
            label.append(self._classes[row])
            row = self._parents[row]
        return label[::-1]


def beam_search(
    lines: Sequence[FrameProbabilities],
    beam_width: int = 10,
    prune: float = PRUNE,
    scorer: Scorer | None = None,
    results: int = 1,
) -> list[list[tuple[list[int], float]]]:
    """Search the best labels of lines (Hannun et al., 2014, algorithm 1).

    All lines go ahead together, a frame at a time, so that each step is a few operations on arrays.

    Args:
        lines: What may stand in the frames of each line.
        beam_width: Prefixes of a line kept after each frame.
        prune: Prefixes of less than this share of the probability of the line's best one are dropped.
        scorer: Gives a factor for each appended character; None for the network's probabilities alone.
        results: Labels returned for a line, at most `beam_width`.

    Returns:
        For each line its best labels with their log probabilities (summed over all alignments, times the factors of the
        scorer), best first. Doubled letters are kept where a blank separates them.
    """
    frames, history = _join(lines), _History()
    counts, scale = np.diff(frames.first), frames.gap_score
    beams = _empty_prefixes(len(lines), scorer)
    found: list[list[tuple[int, float]]] = [[] for _ in lines]
    for step in range(int(counts.max(initial=0)) + 1):
        running = counts[beams.line] > step
        ended = _chosen(beams, ~running)
        scores = scale[ended.line] + np.log(np.maximum(ended.blank + ended.label, _TINY))
        for line, row, score in zip(ended.line.tolist(), ended.history.tolist(), scores.tolist()):
            found[line].append((row, score))
        beams = _chosen(beams, running)
        if not len(beams.line):
            break
        grown = _grow(beams, frames, step, prune, scorer)
        kept = _best_of_each_line(grown, beam_width, prune)
        new = kept >= len(beams.line)
        beams = _chosen(grown, kept)
        beams.history[new] = history.append(beams.history[new], beams.last[new])
        starts, sizes = _runs(beams.line)
        best = np.maximum((beams.blank + beams.label)[starts], _TINY)
        scale[beams.line[starts]] += np.log(best)
        unit = np.repeat(best, sizes)
        beams = beams._replace(blank=beams.blank / unit, label=beams.label / unit)
    return [[(history.label(row), score) for row, score in line[:results]] for line in found]


def _join(lines: Sequence[FrameProbabilities]) -> _Frames:
    """Gather the frames of lines in which a character is possible."""
    blank, gap, begin, counts, gap_score = [], [], [np.zeros(1, int)], [], []
    for line in lines:
        per_frame = np.bincount(line.frames, minlength=len(line.blank))
        visible = np.flatnonzero(per_frame)
        counts.append(len(visible))
        blank.append(line.blank[visible])
        gap.append(np.diff(visible, prepend=0) > 1)
        begin.append(per_frame[visible])
        gap_score.append(np.log(np.maximum(line.blank[per_frame == 0], _TINY)).sum())
    return _Frames(
        np.r_[0, np.cumsum(counts)].astype(int),
        np.concatenate([np.zeros(0), *blank]),
        np.concatenate([np.zeros(0, bool), *gap]),
        np.cumsum(np.concatenate(begin)),
        np.concatenate([np.zeros(0, int), *(line.classes for line in lines)]),
        np.concatenate([np.zeros(0), *(line.values for line in lines)]),
        np.array(gap_score, float),
    )


def _empty_prefixes(lines: int, scorer: Scorer | None) -> _Prefixes:
    line, zeros = np.arange(lines), np.zeros(lines, int)
    states = np.tile(zeros[:0] if scorer is None else scorer.start, (lines, 1))
    return _Prefixes(line, _HASH * line.astype(np.uint64), zeros, zeros, states, np.ones(lines), np.zeros(lines))


def _chosen(prefixes: _Prefixes, which: np.ndarray) -> _Prefixes:
    return _Prefixes(*(field[which] for field in prefixes))


def _grow(beams: _Prefixes, frames: _Frames, step: int, prune: float, scorer: Scorer | None) -> _Prefixes:
    """Return the prefixes after one more frame of each line: first themselves, then those with one more character.

    A prefix that is both is there twice. The `history` of a prefix with one more character is that of the one before.
    """
    frame = frames.first[beams.line] + step
    total = beams.blank + beams.label
    blank, label = np.where(frames.gap[frame], (total, np.zeros(len(frame))), (beams.blank, beams.label))
    # Each prefix with each character of its line's frame.
    counts = frames.begin[frame + 1] - frames.begin[frame]
    parent = np.repeat(np.arange(len(frame)), counts)
    place = np.arange(len(parent)) + np.repeat(frames.begin[frame] - (np.cumsum(counts) - counts), counts)
    classes, chances = frames.classes[place], frames.values[place]
    repeats = classes == beams.last[parent]
    stay_blank, stay_label = total * frames.blank[frame], np.zeros(len(frame))
    stay_label[parent[repeats]] = label[parent[repeats]] * chances[repeats]
    # A repeat of the last character is a new one only after a blank.
    values = np.where(repeats, blank[parent], total[parent]) * chances
    # Only those are scored that a factor could lift above the least share of the line's best prefix.
    best = np.zeros(len(frames.first))
    np.maximum.at(best, beams.line, stay_blank + stay_label)
    reach = values if scorer is None else values * scorer.largest
    worth = (reach > prune * best[beams.line[parent]]) & (values > 0)
    parent, classes, values = parent[worth], classes[worth], values[worth]
    states = beams.states[parent]
    if scorer is not None:
        factors, states = scorer(states, classes)
        values = values * factors
    np.maximum.at(best, beams.line[parent], values)
    worth = values > prune * best[beams.line[parent]]
    parent, classes, values, states = parent[worth], classes[worth], values[worth], states[worth]
    grown = _Prefixes(
        beams.line[parent],
        beams.key[parent] * _HASH + classes.astype(np.uint64),
        classes,
        beams.history[parent],
        states,
        np.zeros(len(values)),
        values,
    )
    same = beams._replace(blank=stay_blank, label=stay_label)
    return _Prefixes(*(np.concatenate(fields) for fields in zip(same, grown)))


def _best_of_each_line(prefixes: _Prefixes, beam_width: int, prune: float) -> np.ndarray:
    """Add up prefixes that are equal, in the first of them, and choose the best.

    Returns:
        Indices of the prefixes that are kept: those of a line beside each other, best first.
    """
    _, first, group = np.unique(prefixes.key, return_index=True, return_inverse=True)
    for field in (prefixes.blank, prefixes.label):
        field[first] = np.bincount(group, field)
    total = (prefixes.blank + prefixes.label)[first]
    order = np.lexsort((-total, prefixes.line[first]))
    first, total = first[order], total[order]
    starts, sizes = _runs(prefixes.line[first])
    rank = np.arange(len(first)) - np.repeat(starts, sizes)
    share = total / np.repeat(np.maximum(total[starts], _TINY), sizes)
    return first[(rank == 0) | ((rank < beam_width) & (share > prune))]


def _runs(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first place and the length of each run of equal numbers, none below 0."""
    starts = np.flatnonzero(np.diff(lines, prepend=-1))
    return starts, np.diff(starts, append=len(lines))


def search_and_align(lines: Sequence[FrameProbabilities], beam_width: int, scorer: Scorer | None) -> list[Decoded]:
    """Find the best label of each line by beam search, or by the best path where that finds none, and align it."""
    labels = [label for ((label, _),) in beam_search(lines, beam_width, scorer=scorer)]
    return [align(line, label) if label else line.best_path() for line, label in zip(lines, labels)]


def align(line: FrameProbabilities, classes: Sequence[int]) -> Decoded:
    """Align a label of CTC, which is not empty, to frames (Viterbi)."""
    probabilities = line.of_classes(np.array(classes))
    frames = align_frames(np.log(np.maximum(probabilities, 1e-20)), classes)
    confidences = [float(probabilities[a:b, i].max()) for i, (a, b) in enumerate(frames, start=1)]
    return Decoded(list(classes), confidences, frames)


def align_frames(log_probabilities: np.ndarray, classes: Sequence[int]) -> list[tuple[int, int]]:
    """Align a label to frames (Viterbi).

    Args:
        log_probabilities: (T, 1 + L), of the blank and of each character of the label.
        classes: Class indices (L,) of the label, to tell doubled characters.

    Returns:
        First and last + 1 frame of each character.
    """
    total, length = len(log_probabilities), len(classes)
    states = np.zeros(2 * length + 1, np.int64)
    states[1::2] = np.arange(1, length + 1)
    emitted = log_probabilities[:, states]
    back = np.zeros((total, len(states)), np.int64)
    # Two states that cannot be reached stand before the first, so that "one back" and "two back" are plain slices.
    score = np.full(2 + len(states), -np.inf)
    score[2:4] = emitted[0, :2]
    skip = np.full(len(states), -np.inf)
    skip[3::2] = np.where(np.diff(classes) != 0, 0.0, -np.inf)
    choices = np.empty((3, len(states)))
    for t in range(1, total):
        choices[0], choices[1] = score[2:], score[1:-1]
        np.add(score[:-2], skip, out=choices[2])
        choices.argmax(0, out=back[t])
        np.add(choices.max(0), emitted[t], out=score[2:])
    state = len(states) - 1 if score[-1] >= score[-2] else len(states) - 2
    path = [state]
    for t in range(total - 1, 0, -1):
        state -= int(back[t, state])
        path.append(state)
    path.reverse()
    # The path never goes back, so the frames of a state lie between two places of the sorted path.
    characters = np.arange(1, 2 * length, 2)
    first, end = np.searchsorted(path, characters, "left"), np.searchsorted(path, characters, "right")
    return [(int(a), int(b)) if b > a else (0, 1) for a, b in zip(first, end)]
