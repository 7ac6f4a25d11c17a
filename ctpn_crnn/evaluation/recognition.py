"""Scores of reading single lines: exact match, 1-NED, CER."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ctpn_crnn.evaluation.calibration import expected_calibration_error
from ctpn_crnn.evaluation.edit_distance import edit_distance, edits
from ctpn_crnn.evaluation.normalisation import Normalise, fold_case


class RecognitionScore:
    """Gathers lines and says how well they were read.

    Args:
        normalise: What texts are turned into before they are compared.

    Example:
        >>> score = RecognitionScore()
        >>> score.update("Hello", "hell")
        1
        >>> score.summary()["cer"]
        0.2
    """

    def __init__(self, normalise: Normalise = fold_case) -> None:
        self._normalise = normalise
        self._lines = self._exact = self._edits = self._characters = 0
        self._similarity = 0.0
        self._confidences: list[float] = []
        self._correct: list[bool] = []
        self._confusions: Counter[tuple[str, str]] = Counter()

    def update(self, truth: str, reading: str, confidence: float | None = None) -> int:
        """Add a line.

        Args:
            truth: What it says.
            reading: What was read.
            confidence: Of the reading, 0..1; None leaves the line out of the calibration error.

        Returns:
            The edit distance of the two after normalisation.
        """
        truth, reading = self._normalise(truth), self._normalise(reading)
        distance = edit_distance(truth, reading)
        self._lines += 1
        self._exact += distance == 0
        self._edits += distance
        self._characters += len(truth)
        self._similarity += 1 - distance / max(len(truth), len(reading), 1)
        if distance:
            self._confusions.update(edits(truth, reading))
        if confidence is not None:
            self._confidences.append(confidence)
            self._correct.append(distance == 0)
        return distance

    def summary(self) -> dict[str, Any]:
        """Return the scores; those that need at least one line, or one true character, are None without.

        Returns:
            lines: How many; characters: of the truth; exact: share of lines without an edit; one_minus_ned: mean of
            ``1 - edits / length of the longer text``; cer: all edits over all true characters; calibration_error:
            expected calibration error of the confidences against exact match.
        """
        return {
            "lines": self._lines,
            "characters": self._characters,
            "exact": self._exact / self._lines if self._lines else None,
            "one_minus_ned": self._similarity / self._lines if self._lines else None,
            "cer": self._edits / self._characters if self._characters else None,
            "calibration_error": expected_calibration_error(self._confidences, self._correct),
        }

    def confusions(self, most: int = 20) -> list[tuple[str, str, int]]:
        """Return the commonest edits as ``(true, read, times)``; an empty string stands for no character."""
        ranked = sorted(self._confusions.items(), key=lambda item: (-item[1], item[0]))
        return [(true, read, times) for (true, read), times in ranked[:most]]
