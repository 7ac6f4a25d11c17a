"""Markdown: paragraphs, headings, tables, and pictures of formulas beside their text if they are asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.structure import Block, join_lines, lay_out
from ctpn_crnn.writers.document import TextFileWriter
from ctpn_crnn.writers.safe_text import one_line

_MARKS = re.compile(r"([\\`*_\[\]<>|~$]|&(?=#?\w+;))")
"""Markup of Markdown, or of a common extension of it, anywhere in a line."""

_OPENING = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[#+-]))")
"""The number of a numbered list, or the place before the sign of a heading, a list or a rule."""

FormulaLinks = Callable[[Page, TextLine], Sequence[str]]
"""Gives the paths of the pictures of a line's formulas, relative to the Markdown file."""


class MarkdownWriter(TextFileWriter):
    """A document as Markdown, with a rule (---) between pages.

    Args:
        path: The file to write.
        formula_links: Gives the pictures of the formulas of a line, which come after its paragraph; None for no
            pictures.

    Raises:
        OutputError: `path` cannot be written.
    """

    suffix: ClassVar[str] = ".md"

    def __init__(self, path: str | os.PathLike[str], formula_links: FormulaLinks | None = None) -> None:
        super().__init__(path)
        self._formula_links = formula_links

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        if self.pages:
            self.file.write("\n---\n\n")
        parts = [text for block in lay_out(page) if (text := self._block(block, page))]
        self.file.write("\n\n".join(parts) + "\n" if parts else "")

    def _block(self, block: Block, page: Page) -> str:
        if block.kind == "table":
            return self._table(block, page)
        text = self._flow(block.lines, page)
        return f"{'#' * block.level} {text}" if text and block.kind == "heading" else text

    def _table(self, block: Block, page: Page) -> str:
        """A table; its first row is the head that Markdown asks for."""
        head, *body = ["| " + " | ".join(self._flow(cell.lines, page) for cell in row) + " |" for row in block.rows]
        return "\n".join([head, "|" + " --- |" * len(block.rows[0]), *body])

    def _flow(self, lines: list[TextLine], page: Page) -> str:
        """Lines as running text, then the pictures of their formulas."""
        links = [link for line in lines for link in self._formula_links(page, line)] if self._formula_links else []
        pictures = [f"![formula](<{_percent_encoded(link)}>)" for link in links]
        text = escape_markdown(join_lines(line.text for line in lines))
        return " ".join(part for part in (text, *pictures) if part)


def escape_markdown(text: str) -> str:
    """Return Markdown of one line that shows a text as it is."""
    return _OPENING.sub(r"\1\\", _MARKS.sub(r"\\\1", one_line(text)))


def _percent_encoded(link: str) -> str:
    """A link without the characters that would end it in angle brackets."""
    return re.sub(r"[<>\\\n\r]", lambda match: f"%{ord(match[0]):02X}", link)
