"""Excel: a sheet for each table, and one with the rest of the text."""

from __future__ import annotations

import os
from typing import Any, ClassVar

import numpy as np

from ctpn_crnn.page import Page
from ctpn_crnn.structure import Block, lay_out
from ctpn_crnn.writers.cell_values import cell_value
from ctpn_crnn.writers.document import FileWriter
from ctpn_crnn.writers.packages import OPENPYXL
from ctpn_crnn.writers.safe_text import one_line

_WIDEST = 60
"""Width of the widest column, in characters; longer texts are wrapped."""


class XlsxWriter(FileWriter):
    """A document as an Excel workbook.

    Each table is a sheet, "Page 2 table 1", with its merged cells. Numbers are numbers, shown as they were read. The
    last sheet, "Text", has the other blocks of the pages, one a row: page, kind, text. The workbook is in memory until
    it is closed.

    Args:
        path: The file to write.

    Raises:
        ConfigError: openpyxl is not installed.
        OutputError: `path` cannot be written.
    """

    suffix: ClassVar[str] = ".xlsx"
    packages = (OPENPYXL,)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        openpyxl = OPENPYXL.load()
        super().__init__(path)
        self._book = openpyxl.Workbook()
        self._text = self._book.active
        self._text.title = "Text"
        self._text.append(["Page", "Kind", "Text"])
        self._text.freeze_panes = "A2"

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        tables = 0
        for block in lay_out(page):
            if block.kind == "table":
                tables += 1
                self._add_table(f"Page {self.pages + 1} table {tables}", block)
            elif text := one_line(block.text):
                self._text.append([self.pages + 1, block.kind])
                _fill(self._text.cell(self._text.max_row, 3), text, is_value=False)

    def _add_table(self, title: str, block: Block) -> None:
        sheet = self._book.create_sheet(title, len(self._book.sheetnames) - 1)
        widths = [0] * len(block.rows[0])
        for row_number, row in enumerate(block.rows, start=1):
            for column, cell in enumerate(row, start=1):
                text = one_line(cell.text)
                if not text:
                    continue
                _fill(sheet.cell(row_number, column), text)
                if cell.span > 1:
                    sheet.merge_cells(
                        start_row=row_number,
                        end_row=row_number,
                        start_column=column,
                        end_column=column + cell.span - 1,
                    )
                else:
                    widths[column - 1] = max(widths[column - 1], _width(text))
        _set_widths(sheet, widths)

    def _finish(self) -> None:
        _set_widths(self._text, [6, 12, _WIDEST])
        self._book.active = 0
        self._book.save(self.aside)
        super()._finish()


def _fill(cell: Any, text: str, *, is_value: bool = True) -> None:
    """Put a text into a cell: as a number if it is one, and never as a formula."""
    from openpyxl.styles import Alignment

    value = cell_value(text) if is_value else None
    if value is not None:
        cell.value, cell.number_format = value.number, value.format
        return
    cell.value = text
    cell.data_type = "s"  # a text that begins with "=" would be a formula
    if _width(text) > _WIDEST:
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _width(text: str) -> int:
    """Width of a text in characters of a spreadsheet, of which a Chinese one takes two."""
    return sum(2 if char > "\u2e7f" else 1 for char in text)


def _set_widths(sheet: Any, widths: list[int]) -> None:
    from openpyxl.utils import get_column_letter

    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = min(_WIDEST, width) + 2
