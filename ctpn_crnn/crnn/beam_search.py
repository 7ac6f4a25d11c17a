"""Prefix beam search over CTC outputs, with a language model where one is given (Hannun et al., 2014)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from ctpn_crnn.crnn.charset import BLANK
from ctpn_crnn.crnn.ctc import Decoded

PRUNE = 1e-3
"""The search ignores a character whose probability in a frame is below this."""

Scorer: TypeAlias = Callable[[tuple[int, ...], int], float]
"""(prefix of classes, class to append) -> the factor, above 0, on the probability of the longer prefix."""


def softmax_of_visible_frames(logits: np.ndarray) -> np.ndarray:
    """Return the softmax (T, C) of logits (T, C); frames in which no character comes near the blank are all blank.

    Most frames of most lines are such, and the softmax of thousands of classes is most of the time of decoding.
    """
    visible = np.flatnonzero(logits[:, BLANK + 1 :].max(-1) - logits[:, BLANK] > math.log(PRUNE))
    probabilities = np.zeros(logits.shape, np.float32)
    probabilities[:, BLANK] = 1.0
    # In place, as new arrays of this size take longer than what is computed in them.
    frames = logits[visible]
    frames -= frames.max(-1, keepdims=True)
    np.exp(frames, out=frames)
    frames /= frames.sum(-1, keepdims=True)
    probabilities[visible] = frames
    return probabilities


def best_path_probabilities(logits: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Return the probability (T,) of each frame's arg-max class `best` (T,), given logits (T, C); 1 for the blank."""
    visible = best != BLANK
    highest = logits[visible].max(-1, keepdims=True)
    probabilities = np.ones(len(best), np.float32)
    probabilities[visible] = 1.0 / np.exp(logits[visible] - highest).sum(-1)
    return probabilities


def beam_search(
    probabilities: np.ndarray, beam_width: int = 10, prune: float = PRUNE, scorer: Scorer | None = None
) -> list[tuple[list[int], float]]:
    """Search the best labels of one line (Hannun et al., 2014, algorithm 1).

    Args:
        probabilities: (T, C), softmax outputs.
        beam_width: Prefixes kept after each frame.
        prune: Characters below this probability in a frame are ignored there; the blank never is.
        scorer: Factor for each appended character, such as `language_model.PrefixScorer`; None for the network's
            probabilities alone.

    Returns:
        Up to `beam_width` labels with their log probabilities (summed over all alignments, times the factors of the
        scorer), best first. Doubled letters are kept where a blank separates them.
    """
    candidates: list[list[tuple[int, float]]] = [[] for _ in range(len(probabilities))]
    visible = np.flatnonzero(probabilities[:, BLANK] <= 1 - prune)  # Only there can a character reach `prune`.
    # On the flattened array: ten times as fast as on the two-dimensional one.
    rows, classes = np.divmod(np.flatnonzero(probabilities[visible] >= prune), probabilities.shape[-1])
    frames = visible[rows]
    for frame, c, chance in zip(frames.tolist(), classes.tolist(), probabilities[frames, classes].tolist()):
        if c != BLANK:
            candidates[frame].append((c, chance))
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}  # prefix -> (ends in blank, ends in its last)
    scale = 0.0
    for blank_chance, chances in zip(probabilities[:, BLANK].tolist(), candidates):
        if not chances:  # Most frames: nothing but the blank is possible, and all prefixes end in it.
            scale += math.log(max(blank_chance, 1e-300))
            beams = {prefix: (blank + label, 0.0) for prefix, (blank, label) in beams.items()}
            continue
        of_class = dict(chances)
        grown: dict[tuple[int, ...], list[float]] = {}
        for prefix, (blank, label) in beams.items():
            entry = grown.setdefault(prefix, [0.0, 0.0])
            entry[0] += (blank + label) * blank_chance
            if prefix:
                entry[1] += label * of_class.get(prefix[-1], 0.0)
            for c, chance in chances:
                # A repeat of the last character is a new one only after a blank.
                value = (blank if prefix and c == prefix[-1] else blank + label) * chance
                if not value:
                    continue
                if scorer is not None:
                    value *= scorer(prefix, c)
                grown.setdefault((*prefix, c), [0.0, 0.0])[1] += value
        best = sorted(grown.items(), key=lambda item: -sum(item[1]))[:beam_width]
        total = sum(best[0][1]) or 1e-300
        scale += math.log(total)
        beams = {prefix: (b / total, n / total) for prefix, (b, n) in best}
    ranked = sorted(beams.items(), key=lambda item: -sum(item[1]))
    return [(list(p), scale + math.log(max(sum(v), 1e-300))) for p, v in ranked]


def search_and_align(probabilities: np.ndarray, beam_width: int, scorer: Scorer | None) -> Decoded | None:
    """Find the best label of one line by beam search and align its characters to frames.

    Args:
        probabilities: (T, C), softmax outputs.
        beam_width: Prefixes kept after each frame.
        scorer: See `beam_search`.

    Returns:
        The label with the probability and the frames of each character; None for a line without characters.
    """
    classes = beam_search(probabilities, beam_width, scorer=scorer)[0][0]
    if not classes:
        return None
    frames = align(np.log(np.maximum(probabilities[:, [0, *classes]], 1e-20)), classes)
    confidences = [float(probabilities[a:b, c].max()) for c, (a, b) in zip(classes, frames)]
    return Decoded(list(classes), confidences, frames)


def align(log_probabilities: np.ndarray, classes: Sequence[int]) -> list[tuple[int, int]]:
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
