"""Scores of reading single lines: exact match, 1-NED, CER."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rapidfuzz.distance import Levenshtein

from ctpn_crnn.evaluation.calibration import expected_calibration_error
from ctpn_crnn.evaluation.normalisation import Normalise, fold_case


class RecognitionScore:
    """Compares readings with true texts, line by line, and sums up.

    Args:
        normalise: Applied to both texts before they are compared.

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
            truth: The true text.
            reading: The text that was read.
            confidence: Of the reading, 0..1. A line with None takes no part in the calibration error.

        Returns:
            The edit distance (Levenshtein) of the two texts after normalisation.
        """
        truth, reading = self._normalise(truth), self._normalise(reading)
        distance = Levenshtein.distance(truth, reading)
        self._lines += 1
        self._exact += distance == 0
        self._edits += distance
        self._characters += len(truth)
        self._similarity += 1 - distance / max(len(truth), len(reading), 1)
        if distance:
            self._confusions.update(_edits(truth, reading))
        if confidence is not None:
            self._confidences.append(confidence)
            self._correct.append(distance == 0)
        return distance

    def summary(self) -> dict[str, Any]:
        """Return the scores of all lines together. A score that would divide by zero is None.

        Returns:
            lines: Number of lines.
            characters: Number of true characters after normalisation.
            exact: Share of lines without an error.
            one_minus_ned: Mean over lines of ``1 - edits / length of the longer text``.
            cer: All edits over all true characters.
            calibration_error: Expected calibration error of the confidences against exact match.
        """
        return {
            "lines": self._lines,
            "characters": self._characters,
            "exact": self._exact / self._lines if self._lines else None,
            "one_minus_ned": self._similarity / self._lines if self._lines else None,
            "cer": self._edits / self._characters if self._characters else None,
            "calibration_error": expected_calibration_error(self._confidences, self._correct),
        }

    def confusions(self, limit: int = 20) -> list[tuple[str, str, int]]:
        """Return the commonest edits as ``(true, read, times)``; an empty string stands for no character."""
        ranked = sorted(self._confusions.items(), key=lambda item: (-item[1], item[0]))
        return [(true, read, times) for (true, read), times in ranked[:limit]]


def _edits(truth: str, reading: str) -> Iterator[tuple[str, str]]:
    """Yield one shortest list of edits as (true character, read character); "" where there is no character."""
    for edit in Levenshtein.editops(truth, reading):
        yield (
            "" if edit.tag == "insert" else truth[edit.src_pos],
            "" if edit.tag == "delete" else reading[edit.dest_pos],
        )
