"""Markdown: paragraphs, headings, tables, and formulas as pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from ctpn_crnn.layout import Block, join_lines, lay_out
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.characters import one_line
from ctpn_crnn.writers.utf8 import Utf8Writer

_MARKS = re.compile(r"([\\`*_\[\]<>|~$]|&(?=#?\w+;))")
"""What Markdown, or a common extension of it, would take for markup anywhere in a line."""

_OPENING = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[#+-]))")
"""What begins a numbered list (its digits), or comes before what begins a heading, a list or a rule."""

_PLACEHOLDER = r"\[formula\]"

_OBJECT = "\ufffc"
"""Stands for a formula while lines are joined: Unicode's object replacement character."""

FormulaLink = Callable[[Page, TextLine], "str | None"]
"""Where the picture of a formula lies, seen from the Markdown file; None where there is none."""


class MarkdownWriter(Utf8Writer):
    """A document as Markdown; a rule (---) stands between pages.

    Args:
        path: See `DocumentWriter`.
        formula_link: Names the picture of each formula; without it a formula is a placeholder.

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
        """A table whose first row is its head: Markdown has no others."""
        head, *body = ["| " + " | ".join(self._flow(cell.lines, page) for cell in row) + " |" for row in block.rows]
        return "\n".join([head, "|" + " --- |" * len(block.rows[0]), *body])

    def _flow(self, lines: list[TextLine], page: Page) -> str:
        """Lines as running text, with the formulas among them in their places."""
        formulas = [self._formula(page, line) for line in lines if line.kind == "formula"]
        texts = (_OBJECT if line.kind == "formula" else line.text.replace(_OBJECT, "") for line in lines)
        pieces = [escaped(piece) for piece in join_lines(texts).split(_OBJECT)]
        mixed = [part for pair in zip(pieces, [*formulas, ""]) for part in pair]
        return " ".join(part for part in mixed if part)

    def _formula(self, page: Page, line: TextLine) -> str:
        link = self._formula_link(page, line) if self._formula_link else None
        return _PLACEHOLDER if link is None else f"![formula](<{_percent_encoded(link)}>)"


def escaped(text: str) -> str:
    """Text as one line of Markdown that shows as it is."""
    return _OPENING.sub(r"\1\\", _MARKS.sub(r"\\\1", one_line(text)))


def _percent_encoded(link: str) -> str:
    """What would end a link in angle brackets, encoded."""
    return re.sub(r"[<>\\\n\r]", lambda match: f"%{ord(match[0]):02X}", link)
