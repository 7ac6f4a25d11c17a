"""LineReader: crops of text lines in, readings out."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.crnn.charset import BLANK, Charset
from ctpn_crnn.crnn.chinese_script import UNKNOWN, Scripts
from ctpn_crnn.crnn.ctc import PRUNE, Decoded, Scorer, beam_search, best_path, line_confidence
from ctpn_crnn.crnn.language_model import LanguageModel, PrefixScorer, shipped_model
from ctpn_crnn.crnn.second_reading import OTHER_LOOKS, Look, line_image
from ctpn_crnn.crnn.spec import FRAME_WIDTH
from ctpn_crnn.documents.prefetch import prefetch
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.page import Char, mean_confidence
from ctpn_crnn.runtime import Network, load_network
from ctpn_crnn.weights import CALIBRATION

BEAM_WIDTH = 10
LM_WEIGHT, LENGTH_BONUS = 0.3, 1.3
SECOND_LOOK = 0.85
"""Chosen on rendered lines whose text the language model had not seen, on no benchmark."""

_BUCKET = 32
_BATCH_COST = 1.0
"""What a batch costs besides its lines, in lines: the LSTMs take as many steps for one line as for many."""


@dataclass
class Reading:
    """What a line says.

    Attributes:
        text: the characters read, "" for a line without any.
        confidence: estimate of the probability that the whole text is right, 0..1: the product of the characters'
            probabilities to the power that the weights are calibrated with (`ctc.line_confidence`); 0 for an empty
            line. Long lines have less of it than short ones.
        chars: each character with its probability and its place, as fractions of the crop's width.
    """

    text: str
    confidence: float
    chars: list[Char] = field(default_factory=list)


class LineReader:
    """Reads crops of text lines with a CRNN.

    Args:
        weights: a weights file; None = the shipped one.
        runtime: "auto", "keras" or "onnx".
        precision: "auto", "float32", "bfloat16" or "int8", see `runtime.load_network`.
        beam_width: 1 decodes greedily, without a language model; more searches that many prefixes. None: 10 with a
            language model, else 1.
        batch_pixels: a batch holds crops of similar width up to this sum of widths; bounds the memory.
        network: a loaded network instead of `weights`.
        language_model: a character language model, or its file (see tools/build_language_model.py), that the search
            takes into account. "auto": the shipped one, of Chinese and English, if it knows the charset of the weights
            and `beam_width` is not 1. None or "none": none. With a model, characters of the script, simplified or
            traditional, that the rest of the line is not in are held to be unlikely (`ctpn_crnn.crnn.chinese_script`).
        lm_weight: power of the model's probabilities (Hannun et al., 2014, alpha); 0 ignores them.
        length_bonus: natural log of what each character is worth in itself (ibid., beta), since the model's
            probabilities favour few characters. Not used without a language model.
        second_look: a line whose characters are less probable than this on average is read again, by the looks of
            `looks.OTHER_LOOKS`, until two readings agree; they vote, see `elected`. 0 = never, 1 = always.

    Raises:
        WeightsError: the weights or the language model are missing, damaged, of another kind, or have no charset.
        ConfigError: an argument makes no sense.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        runtime: str = "auto",
        precision: str = "auto",
        beam_width: int | None = None,
        batch_pixels: int = 8192,
        network: Network | None = None,
        language_model: LanguageModel | str | os.PathLike[str] | None = "auto",
        lm_weight: float = LM_WEIGHT,
        length_bonus: float = LENGTH_BONUS,
        second_look: float = SECOND_LOOK,
    ) -> None:
        if language_model == "none":
            language_model = None
        if not 0 <= second_look <= 1:
            raise ConfigError(f"second_look is {second_look}: give a probability, 0 to never look again.")
        _check_search(beam_width, language_model is not None and language_model != "auto", lm_weight, length_bonus)
        if isinstance(language_model, (str, os.PathLike)) and language_model != "auto":
            language_model = LanguageModel.load(language_model)
        self._network = network or load_network("crnn", weights, runtime, precision)
        if not self._network.charset:
            raise WeightsError("These weights hold no charset: they cannot be read with. Use a reader's weights file.")
        self.charset = Charset(self._network.charset)
        classes = self._network.config.get("num_classes", self.charset.num_classes)
        if classes != self.charset.num_classes:
            raise WeightsError(
                f"{weights or 'the reader'} tells {classes - 1} characters apart, but its charset has "
                f"{len(self.charset)}: the weights are those of another charset; give the file that training wrote"
            )
        if language_model == "auto":
            model = shipped_model() if beam_width != 1 else None
            language_model = model if model is not None and model.knows(self.charset.characters) else None
        self._scorer: PrefixScorer | None = None
        self._scripts: Scripts | None = None
        if language_model is not None:
            self._scripts = Scripts(self.charset.characters)
            self._scorer = PrefixScorer(language_model, self.charset.characters, lm_weight, length_bonus)
        self._beam_width = beam_width or (BEAM_WIDTH if self._scorer else 1)
        self._batch_pixels = batch_pixels
        self._second_look = second_look
        self._calibration = _calibration_of(self._network.config)

    def read(self, crops: Sequence[np.ndarray], *, one_page: bool = False) -> list[Reading]:
        """Reads the crops, in their order.

        Args:
            crops: uint8 arrays, grey (H, W) or BGR (H, W, 3), upright, each about as high as its line.
            one_page: the crops are lines of one page: those that do not tell whether they are in simplified or in
                traditional characters are in the others' script.

        Raises:
            ImageError: a crop is empty or has another shape.
        """
        lines = [line_image(crop) for crop in crops]
        scripts = [UNKNOWN] * len(lines)
        readings = self._read_lines(lines, scripts)
        if self._scripts is not None:
            scripts = self._scripts.of_lines([reading.chars for reading in readings], one_page=one_page)
            mixed = [i for i, script in enumerate(scripts) if self._scripts.has_strangers(readings[i].chars, script)]
            again = self._read_lines([lines[i] for i in mixed], [scripts[i] for i in mixed])
            for i, second in zip(mixed, again):
                readings[i] = second
        unsure = [
            i
            for i, reading in enumerate(readings)
            if reading.chars and mean_confidence(reading.chars) < self._second_look
        ]
        looks = {i: [readings[i]] for i in unsure}
        for look in OTHER_LOOKS:
            undecided = [i for i in unsure if not _agree(looks[i])]
            again = self._read_lines([look.image(crops[i]) for i in undecided], [scripts[i] for i in undecided])
            for i, reading in zip(undecided, again):
                looks[i].append(_placed(reading, look, crops[i]))
        for i in unsure:
            readings[i] = elected(looks[i])
        return readings

    def _read_lines(self, lines: list[np.ndarray], scripts: list[int]) -> list[Reading]:
        readings: list[Reading] = [Reading("", 0.0)] * len(lines)
        batches = batches_by_width([line.shape[1] for line in lines], self._batch_pixels)
        # The network computes the next batch while the present one is decoded.
        for outcome in prefetch(batches, lambda batch: self._predict([lines[i] for i in batch]), int(len(batches) > 1)):
            for index, scores in zip(outcome.item, outcome.get()):
                readings[index] = self._decode(scores, lines[index].shape[1], scripts[index])
        return readings

    def _predict(self, lines: list[np.ndarray]) -> np.ndarray:
        (logits,) = self._network.predict(pad_lines(lines, _padded_width(max(line.shape[1] for line in lines))))
        return logits

    def _decode(self, logits: np.ndarray, width: int, script: int) -> Reading:
        frames = -(-width // FRAME_WIDTH)
        logits = logits[:frames]
        if self._scripts is not None:
            logits = self._scripts.hold_to(script, logits)
        best = logits.argmax(-1)
        decoded = None
        if self._beam_width > 1 and (best != BLANK).any():
            decoded = _search(softmax_where_seen(logits), self._beam_width, self._scorer)
        if decoded is None:
            decoded = best_path(best, _winners(logits, best))
        text = self.charset.decode(decoded.classes)
        spans = [(first * FRAME_WIDTH / width, min(1.0, last * FRAME_WIDTH / width)) for first, last in decoded.spans]
        chars = _stripped([Char(c, p, *span) for c, p, span in zip(text, decoded.confidences, spread(spans))])
        confidence = line_confidence([char.confidence for char in chars], self._calibration)
        return Reading("".join(char.text for char in chars), confidence, chars)


def elected(readings: Sequence[Reading]) -> Reading:
    """The reading of a line that has most votes: each is for its text, spaces aside, and weighs as much as its
    characters are probable on average. Of those of one text it is the surest."""
    votes: dict[str, float] = {}
    for reading in readings:
        votes[_inked(reading.text)] = votes.get(_inked(reading.text), 0.0) + mean_confidence(reading.chars)
    winner = max(votes, key=votes.__getitem__)
    of_winner = [reading for reading in readings if _inked(reading.text) == winner]
    return max(of_winner, key=lambda reading: mean_confidence(reading.chars))


def _placed(reading: Reading, look: Look, crop: np.ndarray) -> Reading:
    """`reading` with its characters' places as fractions of the crop's width."""
    chars = [replace(c, start=look.place(c.start, crop), end=look.place(c.end, crop)) for c in reading.chars]
    return replace(reading, chars=chars)


def _agree(readings: Sequence[Reading]) -> bool:
    return len({_inked(reading.text) for reading in readings}) < len(readings)


def _inked(text: str) -> str:
    return text.replace(" ", "")


def pad_lines(images: Sequence[np.ndarray], width: int) -> np.ndarray:
    """Grey lines of height 32 as one batch (N, 32, width, 1) uint8; the last column's median fills the rest."""
    batch = np.empty((len(images), images[0].shape[0], width, 1), np.uint8)
    for row, image in zip(batch, images):
        columns = min(width, image.shape[1])
        row[:, :columns, 0] = image[:, :columns]
        row[:, columns:, 0] = int(np.median(image[:, -1]))
    return batch


def batches_by_width(widths: Sequence[int], budget: int) -> list[list[int]]:
    """Groups of indices of similar width, each group's padded widths summing up to at most `budget` (or one line), with
    less padding in a group than another group would cost."""
    batches: list[list[int]] = []
    total = 0  # of the widths of the last batch
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        width = _padded_width(widths[index])
        members = len(batches[-1]) if batches else 0
        padding = members * width - total
        if members and (members + 1) * width <= budget and padding <= _BATCH_COST * width:
            batches[-1].append(index)
            total += width
        else:
            batches.append([index])
            total = width
    return batches


def spread(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Widens the peaks of CTC to the characters' places: neighbours meet halfway between their peaks."""
    if not spans:
        return []
    centres = [(a + b) / 2 for a, b in spans]
    middles = [(a + b) / 2 for a, b in zip(centres, centres[1:])]
    gap = float(np.median(np.diff(centres))) / 2 if len(centres) > 1 else 0.5
    starts = [max(0.0, centres[0] - gap), *middles]
    ends = [*middles, min(1.0, centres[-1] + gap)]
    return list(zip(starts, ends))


def softmax_where_seen(logits: np.ndarray) -> np.ndarray:
    """Probabilities (T, C) of logits (T, C); frames in which no character comes near the blank are all blank.

    They are most frames of most lines, and the softmax of thousands of classes is most of the decoding.
    """
    seen = np.flatnonzero(logits[:, BLANK + 1 :].max(-1) - logits[:, BLANK] > math.log(PRUNE))
    probabilities = np.zeros(logits.shape, np.float32)
    probabilities[:, BLANK] = 1.0
    # In place, as new arrays of this size take longer than what is computed in them.
    frames = logits[seen]
    frames -= frames.max(-1, keepdims=True)
    np.exp(frames, out=frames)
    frames /= frames.sum(-1, keepdims=True)
    probabilities[seen] = frames
    return probabilities


def _winners(logits: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Probability (T,) of the most likely class of each frame, by the differences to it: no softmax of every class."""
    inked = best != BLANK
    highest = logits[inked].max(-1, keepdims=True)
    probabilities = np.ones(len(best), np.float32)
    probabilities[inked] = 1.0 / np.exp(logits[inked] - highest).sum(-1)
    return probabilities


def _padded_width(width: int) -> int:
    return -(-width // _BUCKET) * _BUCKET


def _stripped(chars: list[Char]) -> list[Char]:
    """Without the spaces at the ends of a line."""
    inked = [index for index, char in enumerate(chars) if char.text != " "]
    return chars[inked[0] : inked[-1] + 1] if inked else []


def _search(probabilities: np.ndarray, width: int, scorer: Scorer | None) -> Decoded | None:
    """The best label of a beam search, aligned to the frames by its characters' most likely frames in order."""
    classes = beam_search(probabilities, width, scorer=scorer)[0][0]
    if not classes:
        return None
    frames = align(np.log(np.maximum(probabilities[:, [0, *classes]], 1e-20)), classes)
    confidences = [float(probabilities[a:b, c].max()) for c, (a, b) in zip(classes, frames)]
    return Decoded(list(classes), confidences, frames)


def _check_search(beam_width: int | None, has_model: bool, lm_weight: float, length_bonus: float) -> None:
    if beam_width is not None and beam_width < 1:
        raise ConfigError(f"beam_width is {beam_width}: 1 decodes greedily, more searches.")
    if has_model and beam_width == 1:
        raise ConfigError("beam_width is 1, which decodes greedily: a language model needs a search, such as 10.")
    if not (math.isfinite(lm_weight) and lm_weight >= 0 and math.isfinite(length_bonus)):
        raise ConfigError(
            f"lm_weight is {lm_weight} and length_bonus {length_bonus}: give finite numbers, the weight not below 0."
        )


def _calibration_of(config: Mapping[str, Any]) -> float:
    """The power that the weights' configuration names; 1 where it names none."""
    value = config.get(CALIBRATION, 1.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 < value < math.inf:
        raise WeightsError(f"these weights have the calibration {value!r}: store a number above 0 with set_calibration")
    return float(value)


def align(log_probabilities: np.ndarray, classes: Sequence[int]) -> list[tuple[int, int]]:
    """Viterbi alignment of a label to frames.

    Args:
        log_probabilities: (T, 1 + L): of the blank and of each character of the label.
        classes: the label's class indices (L,), to tell doubled characters.

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
