"""The samples of a data set that an evaluation scores: a part of it, or a random choice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ctpn_crnn.datasets import LabelledLine, PageTruth, is_held_out, read_detection_set, read_line_list
from ctpn_crnn.datasets.line_list import LINE_LIST_NAME
from ctpn_crnn.errors import DatasetError
from ctpn_crnn.evaluation.crops import choose, readable_regions

_Sample = TypeVar("_Sample")

PARTS: dict[str, Callable[[Path], bool]] = {
    "all": lambda path: True,
    "train": lambda path: not is_held_out(path),
    "held-out": is_held_out,
}
"""Name of a part of a detection set -> whether an image belongs to it."""


class EvaluationSet:
    """A data set to score on. Files that cannot be read are left out.

    Args:
        path: Folder of the set, or a line list.
        part: Of a detection set; a key of `PARTS`.
        limit: Number of samples to choose at random; None for all.
        seed: Of the choice.
        formula_text: Text that marks a formula in the ICDAR form.

    Attributes:
        unread: Why files were left out.
    """

    def __init__(
        self, path: Path, part: str = "all", limit: int | None = None, seed: int = 0, formula_text: str = "formula"
    ) -> None:
        self._path, self._part = path, part
        self._limit, self._seed = limit, seed
        self._formula_text = formula_text
        self.unread: list[DatasetError] = []

    def lines(self) -> list[LabelledLine] | list[tuple[PageTruth, int]]:
        """Read the lines of a line list; of a detection set the regions with text, as (page, index of the region).

        Raises:
            DatasetError: There is no line whose text is known.
        """
        if self._path.is_file() or (self._path / LINE_LIST_NAME).is_file():
            lines = read_line_list(self._path, on_error="skip", skipped=self.unread)
            return self._choose(lines, "lines whose text is known")
        return self._choose(readable_regions(self._all_pages()), "lines whose text is known")

    def pages(self) -> list[PageTruth]:
        """Read the pages of a detection set.

        Raises:
            DatasetError: There is no page.
        """
        return self._choose(self._all_pages(), "images with ground truth")

    def _all_pages(self) -> list[PageTruth]:
        pages = read_detection_set(self._path, formula_text=self._formula_text, on_error="skip", skipped=self.unread)
        return [page for page in pages if PARTS[self._part](page.path)]

    def _choose(self, samples: list[_Sample], what: str) -> list[_Sample]:
        if not samples:
            reason = f"; the first problem of {len(self.unread)}: {self.unread[0]}" if self.unread else ""
            raise DatasetError(f"{self._path}: there are no {what} in it (part {self._part!r}){reason}")
        return choose(samples, self._limit, self._seed)
