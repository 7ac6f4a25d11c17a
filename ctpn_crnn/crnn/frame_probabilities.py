"""The probabilities of a line's frames, less the thousands of characters that are out of the question."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ctpn_crnn.crnn.charset import BLANK
from ctpn_crnn.crnn.ctc import Decoded, best_path

PRUNE = 1e-3
"""A character less probable than this in a frame is left out there."""


@dataclass(frozen=True)
class FrameProbabilities:
    """Softmax outputs of one line, without the characters below `PRUNE`.

    Attributes:
        blank: (T,), of the blank in each frame.
        frames: int (M,): the frame of each character that is left, ascending.
        classes: int (M,), its class.
        values: float (M,), its probability.
    """

    blank: np.ndarray
    frames: np.ndarray
    classes: np.ndarray
    values: np.ndarray

    @classmethod
    def from_logits(cls, logits: np.ndarray) -> FrameProbabilities:
        """Take the softmax of logits (T, C); a frame in which no character comes near the blank is all blank.

        Most frames are such, and the softmax of thousands of classes takes longer than all that follows.
        """
        visible = np.flatnonzero(logits[:, BLANK + 1 :].max(-1) - logits[:, BLANK] > math.log(PRUNE))
        blank = np.ones(len(logits))
        # In place, as new arrays of this size take longer than what is computed in them.
        frames = logits[visible]
        frames -= frames.max(-1, keepdims=True)
        np.exp(frames, out=frames)
        frames /= frames.sum(-1, keepdims=True)
        blank[visible] = frames[:, BLANK]
        return cls._of_visible(blank, visible, frames, PRUNE)

    @classmethod
    def from_probabilities(cls, probabilities: np.ndarray, prune: float = PRUNE) -> FrameProbabilities:
        """Leave out the characters below `prune` from softmax outputs (T, C)."""
        return cls._of_visible(probabilities[:, BLANK], np.arange(len(probabilities)), probabilities, prune)

    @classmethod
    def _of_visible(
        cls, blank: np.ndarray, visible: np.ndarray, probabilities: np.ndarray, prune: float
    ) -> FrameProbabilities:
        # On the flattened array: ten times as fast as on the two-dimensional one.
        rows, classes = np.divmod(np.flatnonzero(probabilities >= prune), probabilities.shape[-1])
        characters = classes != BLANK
        rows, classes = rows[characters], classes[characters]
        return cls(blank, visible[rows], classes, probabilities[rows, classes].astype(np.float64))

    def scaled(self, factors: np.ndarray) -> FrameProbabilities:
        """Multiply the probability of each character by the factor (C,) of its class; frames add up to 1 as before."""
        values = self.values * factors[self.classes]
        sums = 1.0 + np.bincount(self.frames, values - self.values, len(self.blank))
        return replace(self, blank=self.blank / sums, values=values / sums[self.frames])

    def of_classes(self, classes: np.ndarray) -> np.ndarray:
        """Return the probabilities (T, 1 + L) of the blank and of L classes; 0 where they were left out."""
        found = np.zeros((len(self.blank), 1 + len(classes)))
        found[:, 0] = self.blank
        entries, columns = np.nonzero(self.classes[:, None] == classes)
        found[self.frames[entries], 1 + columns] = self.values[entries]
        return found

    def best_path(self) -> Decoded:
        """Decode by the most probable class of each frame."""
        best, top = np.full(len(self.blank), BLANK), self.blank.copy()
        np.maximum.at(top, self.frames, self.values)
        winners = self.values >= top[self.frames]
        best[self.frames[winners]] = self.classes[winners]
        return best_path(best, top)
