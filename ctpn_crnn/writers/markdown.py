"""Markdown: paragraphs, headings, tables, and formulas as pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
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

_PLACEHOLDER = r"\[formula\]"

_OBJECT = "\ufffc"
"""Unicode's object replacement character; it takes the place of a formula while lines are joined."""

FormulaLink = Callable[[Page, TextLine], "str | None"]
"""Gives the path of a formula's picture, relative to the Markdown file; None where there is no picture."""


class MarkdownWriter(TextFileWriter):
    """A document as Markdown, with a rule (---) between pages.

    Args:
        path: The file to write.
        formula_link: Gives the picture of each formula; without it a formula becomes a placeholder.

    Raises:
        OutputError: `path` cannot be written.
    """

    suffix: ClassVar[str] = ".md"

    def __init__(self, path: str | os.PathLike[str], formula_link: FormulaLink | None = None) -> None:
        super().__init__(path)
        self._formula_link = formula_link

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
        """Lines as running text, with formulas in their places."""
        formulas = [self._formula(page, line) for line in lines if line.kind == "formula"]
        texts = (_OBJECT if line.kind == "formula" else line.text.replace(_OBJECT, "") for line in lines)
        pieces = [escape_markdown(piece) for piece in join_lines(texts).split(_OBJECT)]
        mixed = [part for pair in zip(pieces, [*formulas, ""]) for part in pair]
        return " ".join(part for part in mixed if part)

    def _formula(self, page: Page, line: TextLine) -> str:
        link = self._formula_link(page, line) if self._formula_link else None
        return _PLACEHOLDER if link is None else f"![formula](<{_percent_encoded(link)}>)"


def escape_markdown(text: str) -> str:
    """Return Markdown of one line that shows a text as it is."""
    return _OPENING.sub(r"\1\\", _MARKS.sub(r"\\\1", one_line(text)))


def _percent_encoded(link: str) -> str:
    """A link without the characters that would end it in angle brackets."""
    return re.sub(r"[<>\\\n\r]", lambda match: f"%{ord(match[0]):02X}", link)
