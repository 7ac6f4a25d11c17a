"""Tab-separated values with the columns and levels of Tesseract's TSV, for tools that read those."""

from __future__ import annotations

import os
from typing import ClassVar

import numpy as np

from ctpn_crnn.page import Page
from ctpn_crnn.writers.document import TextFileWriter
from ctpn_crnn.writers.text_areas import Area, Box, text_areas

COLUMNS = "level page_num block_num par_num line_num word_num left top width height conf text".split()

_PAGE, _BLOCK, _PARAGRAPH, _LINE, _WORD = range(1, 6)


class TsvWriter(TextFileWriter):
    """A document as a table with one row for each page, block, paragraph, line and word (levels 1 to 5).

    `conf` is 0..100 for words and -1 for other rows; `text` is empty for other rows. Blocks count from 1 on their page,
    paragraphs in their block, and so on; 0 means that the row is not within one. Values are not quoted, since no text
    holds a tab or a line end.
    """

    suffix: ClassVar[str] = ".tsv"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        with self._discarding_on_error():
            self.file.write("\t".join(COLUMNS) + "\n")

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        number = self.pages + 1
        self._row(_PAGE, (number,), (0, 0, page.width, page.height))
        for block_number, area in enumerate(text_areas(page), start=1):
            self._area((number, block_number), area)

    def _area(self, place: tuple[int, ...], area: Area) -> None:
        self._row(_BLOCK, place, area.box)
        for par_number, paragraph in enumerate(area.paragraphs, start=1):
            self._row(_PARAGRAPH, (*place, par_number), paragraph.box)
            for line_number, line in enumerate(paragraph.lines, start=1):
                self._row(_LINE, (*place, par_number, line_number), line.box)
                for word_number, word in enumerate(line.words, start=1):
                    numbers = (*place, par_number, line_number, word_number)
                    self._row(_WORD, numbers, word.box, f"{100 * word.confidence:.2f}", word.text)

    def _row(self, level: int, place: tuple[int, ...], box: Box, confidence: str = "-1", text: str = "") -> None:
        left, top, right, bottom = box
        numbers = (level, *place, *(0 for _ in range(_WORD - len(place))), left, top, right - left, bottom - top)
        self.file.write("\t".join([*map(str, numbers), confidence, text]) + "\n")
