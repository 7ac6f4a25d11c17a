"""CSV: the rows of tables, and every other block of a page as a row of one cell."""

from __future__ import annotations

import csv
import os
from typing import ClassVar

import numpy as np

from ctpn_crnn.page import Page
from ctpn_crnn.structure import lay_out
from ctpn_crnn.writers.document import TextFileWriter
from ctpn_crnn.writers.safe_text import one_line


class CsvWriter(TextFileWriter):
    """A document as comma-separated values (RFC 4180), in reading order.

    A table gives its rows, with an empty field for each column that a merged cell takes besides its first one. Any
    other block of text is a row of one field. An empty row stands before and after a table and between pages.

    Args:
        path: The file to write.
        bom: Begin with a byte order mark, without which Excel does not take the file for UTF-8.

    Raises:
        OutputError: `path` cannot be written.
    """

    suffix: ClassVar[str] = ".csv"

    def __init__(self, path: str | os.PathLike[str], bom: bool = False) -> None:
        super().__init__(path)
        self._rows = csv.writer(self.file, lineterminator="\r\n")
        self._has_rows = False
        if bom:
            self.file.write("\ufeff")

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        was_table = True  # also a new page begins after an empty row
        for block in lay_out(page):
            is_table = block.kind == "table"
            texts = [[cell.text for cell in row] for row in block.rows] if is_table else [[block.text]]
            rows = [[one_line(text) for text in row] for row in texts]
            if not any(any(row) for row in rows):
                continue
            if self._has_rows and (is_table or was_table):
                self._rows.writerow([])
            self._rows.writerows(rows)
            self._has_rows, was_table = True, is_table
