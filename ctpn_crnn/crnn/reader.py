"""LineReader: crops of text lines in, readings out."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ctpn_crnn.crnn.beam_search import search_and_align
from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.chinese_script import UNKNOWN, ScriptRule
from ctpn_crnn.crnn.ctc import Decoded, line_confidence
from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.crnn.frame_probabilities import FrameProbabilities
from ctpn_crnn.crnn.language_model import LanguageModel, PrefixScorer, shipped_model
from ctpn_crnn.crnn.line_image import batches_by_width, line_image, pad_lines, padded_width
from ctpn_crnn.crnn.params import DEFAULTS
from ctpn_crnn.crnn.second_reading import VARIANTS, majority_vote, two_agree
from ctpn_crnn.crnn.spec import FRAME_WIDTH, INPUT_HEIGHT, CRNNSpec
from ctpn_crnn.documents.prefetch import prefetch
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.page import Char, Reading, mean_confidence
from ctpn_crnn.runtime import Network, load_network
from ctpn_crnn.weights import CALIBRATION


class LineReader:
    """Reads crops of text lines with a CRNN.

    Args:
        weights: A weights file; None for the shipped one.
        runtime: "auto", "keras" or "onnx".
        precision: "auto", "float32", "bfloat16" or "int8", see `runtime.load_network`.
        beam_width: 1 decodes by the best path, without a language model; more searches that many prefixes. None: 10
            with a language model, else 1.
        batch_pixels: Largest sum of the widths of a batch, in pixels at a height of 32; bounds the memory.
        network: A loaded network instead of `weights`.
        language_model: A character language model, or its file (see tools/build_language_model.py), for the beam
            search. "auto": the shipped model of Chinese and English, if it knows the charset of the weights and
            `beam_width` is not 1. None or "none": no model. With a model, characters of the Chinese script that the
            rest of the line is not written in become less probable (`crnn.chinese_script`).
        lm_weight: Power of the model's probabilities (Hannun et al., 2014, alpha); 0 ignores them.
        length_bonus: Natural log of the factor that each character gains (Hannun et al., 2014, beta), since the model
            favours few characters. Not used without a language model.
        second_look: A line whose characters are less probable than this on average is read again in other forms
            (`second_reading.VARIANTS`) until two readings agree; the readings vote. 0 = never, 1 = always.

    Raises:
        WeightsError: The weights or the language model are missing, damaged, of another kind, or have no charset.
        ConfigError: An argument makes no sense.
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
        lm_weight: float = DEFAULTS.lm_weight,
        length_bonus: float = DEFAULTS.length_bonus,
        second_look: float = DEFAULTS.second_reading_below,
    ) -> None:
        if language_model == "none":
            language_model = None
        if not 0 <= second_look <= 1:
            raise ConfigError(f"second_look is {second_look}: give a probability, 0 to never look again.")
        _check_search(beam_width, language_model is not None and language_model != "auto", lm_weight, length_bonus)
        if isinstance(language_model, (str, os.PathLike)) and language_model != "auto":
            language_model = LanguageModel.load(language_model)
        self._network = network or load_network(CRNN_DEFINITION, weights, runtime, precision)
        self.charset = _charset_of(self._network, weights)
        if language_model == "auto":
            model = shipped_model() if beam_width != 1 else None
            language_model = model if model is not None and model.knows(self.charset.characters) else None
        self._scorer: PrefixScorer | None = None
        self._script_rule: ScriptRule | None = None
        if language_model is not None:
            self._script_rule = ScriptRule(self.charset.characters)
            self._scorer = PrefixScorer(language_model, self.charset.characters, lm_weight, length_bonus)
        self._beam_width = beam_width or (DEFAULTS.beam_width if self._scorer else 1)
        self._batch_pixels = batch_pixels
        self._second_look = second_look
        self._calibration = _calibration_of(self._network.config)

    def read(self, crops: Sequence[np.ndarray] | np.ndarray) -> list[Reading]:
        """Read crops.

        Args:
            crops: uint8 arrays, grey (H, W) or BGR (H, W, 3), upright, each about as high as its line. An array of
                such a shape is one crop; an array (N, H, W) is N of them.

        Returns:
            A reading for each crop, in the order of the crops.

        Raises:
            ImageError: A crop is empty or has another shape.
        """
        if isinstance(crops, np.ndarray) and (crops.ndim == 2 or crops.shape[2:] in ((1,), (3,))):
            crops = [crops]
        lines = self._look([line_image(crop) for crop in crops])
        readings = self._decode(lines)
        scripts = [UNKNOWN] * len(crops)
        if self._script_rule is not None:
            scripts = [self._script_rule.script_of(reading.chars) for reading in readings]
            mixed = [i for i, script in enumerate(scripts) if self._script_rule.is_mixed(readings[i].chars, script)]
            held = self._hold([lines[i] for i in mixed], [scripts[i] for i in mixed])
            for i, reading in zip(mixed, self._decode(held)):
                readings[i] = reading
        self._read_unsure_again(crops, scripts, readings)
        return readings

    def _read_unsure_again(self, crops: Sequence[np.ndarray], scripts: list[int], readings: list[Reading]) -> None:
        """Replace readings of improbable characters by the vote of several readings of the crop in other forms."""
        unsure = {
            i: [reading]
            for i, reading in enumerate(readings)
            if reading.chars and mean_confidence(reading.chars) < self._second_look
        }
        for variant in VARIANTS:
            undecided = [i for i, candidates in unsure.items() if not two_agree(candidates)]
            lines = self._look([variant.image(crops[i]) for i in undecided])
            for i, reading in zip(undecided, self._decode(self._hold(lines, [scripts[i] for i in undecided]))):
                unsure[i].append(variant.to_crop(reading, crops[i]))
        for i, candidates in unsure.items():
            readings[i] = majority_vote(candidates)

    def _look(self, images: list[np.ndarray]) -> list[_Line]:
        """Return what the network sees in line images."""
        lines: dict[int, _Line] = {}
        batches = batches_by_width([image.shape[1] for image in images], self._batch_pixels)
        # The network computes the next batch while the softmax of the present one is taken.
        for outcome in prefetch(
            batches, lambda batch: self._predict([images[i] for i in batch]), int(len(batches) > 1)
        ):
            for index, logits in zip(outcome.item, outcome.get()):
                width = images[index].shape[1]
                lines[index] = _Line(width, FrameProbabilities.from_logits(logits[: -(-width // FRAME_WIDTH)]))
        return [lines[i] for i in range(len(images))]

    def _predict(self, lines: list[np.ndarray]) -> np.ndarray:
        """Return the logits (N, T, C) of a batch of lines."""
        (logits,) = self._network.predict(pad_lines(lines, padded_width(max(line.shape[1] for line in lines))))
        return logits

    def _hold(self, lines: list[_Line], scripts: list[int]) -> list[_Line]:
        """Return lines with the characters that are not of their script made less probable."""
        if self._script_rule is None:
            return lines
        return [
            _Line(line.width, self._script_rule.hold_to(script, line.frames)) for line, script in zip(lines, scripts)
        ]

    def _decode(self, lines: list[_Line]) -> list[Reading]:
        """Turn what the network sees in lines into readings."""
        if self._beam_width > 1:
            labels = search_and_align([line.frames for line in lines], self._beam_width, self._scorer)
        else:
            labels = [line.frames.best_path() for line in lines]
        return [self._reading(label, line.width) for label, line in zip(labels, lines)]

    def _reading(self, decoded: Decoded, width: int) -> Reading:
        """Return the reading of a line of this width in pixels."""
        text = self.charset.decode(decoded.classes)
        peaks = [(first * FRAME_WIDTH / width, min(1.0, last * FRAME_WIDTH / width)) for first, last in decoded.spans]
        chars = _without_outer_spaces(
            [Char(c, p, *span) for c, p, span in zip(text, decoded.confidences, character_spans(peaks))]
        )
        confidence = line_confidence([char.confidence for char in chars], self._calibration)
        return Reading("".join(char.text for char in chars), confidence, chars)


class _Line(NamedTuple):
    """What the network sees in a line image.

    Attributes:
        width: Of the image, in pixels.
        frames: The probabilities of its frames.
    """

    width: int
    frames: FrameProbabilities


def character_spans(peaks: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Widen the narrow peaks of CTC to the places of characters: neighbours meet halfway between their peaks.

    Args:
        peaks: Start and end of each character's frames, as fractions of the line's width, from left to right.

    Returns:
        Start and end of each character, 0..1.
    """
    if not peaks:
        return []
    centres = [(a + b) / 2 for a, b in peaks]
    middles = [(a + b) / 2 for a, b in zip(centres, centres[1:])]
    gap = float(np.median(np.diff(centres))) / 2 if len(centres) > 1 else 0.5
    starts = [max(0.0, centres[0] - gap), *middles]
    ends = [*middles, min(1.0, centres[-1] + gap)]
    return list(zip(starts, ends))


def _without_outer_spaces(chars: list[Char]) -> list[Char]:
    visible = [index for index, char in enumerate(chars) if char.text != " "]
    return chars[visible[0] : visible[-1] + 1] if visible else []


def _charset_of(network: Network, weights: str | Path | None) -> Charset:
    """Return the charset of a network.

    Raises:
        WeightsError: It has none, or one that does not fit the number of its outputs; or its lines or frames are not of
            the size that this release works with.
    """
    if not network.charset:
        raise WeightsError("These weights hold no charset: they cannot be read with. Use a reader's weights file.")
    charset = Charset(network.charset)
    classes = network.config.get("num_classes", charset.num_classes)
    if classes != charset.num_classes:
        raise WeightsError(
            f"{weights or 'the reader'} tells {classes - 1} characters apart, but its charset has "
            f"{len(charset)}: the weights are those of another charset; give the file that training wrote"
        )
    spec = CRNNSpec.from_config({**network.config, "num_classes": classes})
    if (spec.input_height, spec.frame_width) != (INPUT_HEIGHT, FRAME_WIDTH):
        raise WeightsError(
            f"{weights or 'the reader'} reads lines of {spec.input_height} px in frames of {spec.frame_width} px, but "
            f"this release works with {INPUT_HEIGHT} and {FRAME_WIDTH}: give weights that were trained with it"
        )
    return charset


def _calibration_of(config: Mapping[str, Any]) -> float:
    """Return the calibration power that the weights' configuration holds; 1 where it holds none.

    Raises:
        WeightsError: It is not a number above 0.
    """
    value = config.get(CALIBRATION, 1.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 < value < math.inf:
        raise WeightsError(f"these weights have the calibration {value!r}: store a number above 0 with set_calibration")
    return float(value)


def _check_search(beam_width: int | None, has_model: bool, lm_weight: float, length_bonus: float) -> None:
    """Refuse options of the search that make no sense.

    Raises:
        ConfigError: One of them does not.
    """
    if beam_width is not None and beam_width < 1:
        raise ConfigError(f"beam_width is {beam_width}: 1 decodes by the best path, more searches.")
    if has_model and beam_width == 1:
        raise ConfigError("beam_width is 1, without a search: a language model needs one, such as 10.")
    if not (math.isfinite(lm_weight) and lm_weight >= 0 and math.isfinite(length_bonus)):
        raise ConfigError(
            f"lm_weight is {lm_weight} and length_bonus {length_bonus}: give finite numbers, the weight not below 0."
        )
