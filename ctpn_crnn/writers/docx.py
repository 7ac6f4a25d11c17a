"""Word: headings, paragraphs, tables, page breaks, headers and footers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.structure import Block, join_lines, lay_out
from ctpn_crnn.writers.document import FileWriter
from ctpn_crnn.writers.packages import DOCX
from ctpn_crnn.writers.safe_text import one_line

_A4 = (210.0, 297.0)
"""Width and height of a sheet in millimetres."""

FormulaPictures = Callable[[Page, TextLine], "Sequence[str | os.PathLike[str]]"]
"""Gives the files of the pictures of a line's formulas, in their order."""


class DocxWriter(FileWriter):
    """A document as a Word file.

    Each page begins on a new sheet, A4 upright or across as the page is. Its header and footer are those of the sheet.
    The document is in memory until it is closed; a page takes some kilobytes.

    Args:
        path: The file to write.
        formula_pictures: Gives the pictures of the formulas of a line, which come after its paragraph; None for no
            pictures.

    Raises:
        ConfigError: python-docx is not installed.
        OutputError: `path` cannot be written.
    """

    suffix: ClassVar[str] = ".docx"
    packages = (DOCX,)

    def __init__(self, path: str | os.PathLike[str], formula_pictures: FormulaPictures | None = None) -> None:
        docx = DOCX.load()
        super().__init__(path)
        self._formula_pictures = formula_pictures
        self._document = docx.Document()
        self._margins: tuple[str, str] = ("", "")  # texts of the last header and footer

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        blocks = lay_out(page)
        self._begin_page(page, blocks)
        for block in blocks:
            if block.kind == "table":
                self._add_table(block, page)
            elif block.kind == "heading":
                self._fill(self._document.add_heading(level=block.level), block.lines, page)
            elif block.kind not in ("header", "footer"):
                self._fill(self._document.add_paragraph(), block.lines, page)

    def _begin_page(self, page: Page, blocks: list[Block]) -> None:
        """Begin a sheet, which is a section of its own, with its header and footer."""
        from docx.enum.section import WD_ORIENT
        from docx.shared import Mm

        document = self._document
        section = document.add_section() if self.pages else document.sections[0]
        is_across = (page.width > page.height) != (page.orientation % 180 == 90)
        section.orientation = WD_ORIENT.LANDSCAPE if is_across else WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = (Mm(side) for side in (_A4[::-1] if is_across else _A4))
        texts = tuple(one_line(" ".join(block.text for block in blocks if block.kind == kind)) for kind in _MARGINS)
        for text, before, margin in zip(texts, self._margins, (section.header, section.footer)):
            if text != before:
                margin.is_linked_to_previous = False
                margin.paragraphs[0].text = text
        self._margins = (texts[0], texts[1])

    def _add_table(self, block: Block, page: Page) -> None:
        table = self._document.add_table(len(block.rows), len(block.rows[0]), style="Table Grid")
        for made, row in zip(table.rows, block.rows):
            cells = made.cells  # asked for once: Word's rows are searched each time
            for column, cell in enumerate(row):
                if cell.span > 1:
                    cells[column].merge(cells[column + cell.span - 1])
                if cell.lines:
                    self._fill(cells[column].paragraphs[0], cell.lines, page)
        self._document.add_paragraph()  # otherwise Word joins two tables in a row

    def _fill(self, paragraph: Any, lines: list[TextLine], page: Page) -> None:
        """Write lines as running text, then the pictures of their formulas."""
        paragraph.add_run(one_line(join_lines(line.text for line in lines)))
        for line in lines if self._formula_pictures else ():
            for picture, formula in zip(self._formula_pictures(page, line), line.formulas):
                paragraph.add_run().add_picture(os.fspath(picture), height=_height_on_paper(formula, page))

    def _finish(self) -> None:
        self._document.save(os.fspath(self.aside))
        super()._finish()


_MARGINS = ("header", "footer")


def _height_on_paper(formula: np.ndarray, page: Page) -> Any:
    """The height of a formula's picture, the page being as wide as the sheet."""
    from docx.shared import Mm

    return Mm(float(np.ptp(formula[:, 1])) * max(_A4) / max(page.width, page.height))
