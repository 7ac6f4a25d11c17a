"""Plain text: the lines of each page in reading order, and the rows of tables with tabs between the cells."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.page import Page
from ctpn_crnn.structure import lay_out
from ctpn_crnn.writers.document import TextFileWriter
from ctpn_crnn.writers.safe_text import printable


def as_lines(page: Page) -> str:
    """Return the text of a page line by line. A row of a table is one line, with tabs between the cells."""
    tables = [block for block in lay_out(page) if block.kind == "table"]
    table_of = {id(line): table for table in tables for line in table.lines}
    # In the order of the page; the text of a table once, at the place of its first line.
    parts = {id(part): part.text for line in page.lines for part in [table_of.get(id(line), line)]}
    return "\n".join(text for text in parts.values() if text)


def as_paragraphs(page: Page) -> str:
    """Return the text of a page with each paragraph as one line, and blank lines between them.

    A row of a table is one line, with tabs between the cells.
    """
    return "\n\n".join(text for block in lay_out(page) if (text := block.text))


FLOWS: Mapping[str, Callable[[Page], str]] = {"lines": as_lines, "paragraphs": as_paragraphs}
"""Ways to lay out the text of a page."""


class TextWriter(TextFileWriter):
    """A document as plain text, with a form feed between pages. A page without text is empty.

    Args:
        path: The file to write.
        flow: A key of `FLOWS`: "lines" keeps the lines of the page, "paragraphs" joins those of a paragraph.

    Raises:
        ConfigError: There is no such flow.
        OutputError: `path` cannot be written.
    """

    suffix: ClassVar[str] = ".txt"

    def __init__(self, path: str | os.PathLike[str], flow: str = "lines") -> None:
        if flow not in FLOWS:
            raise ConfigError(f"there is no flow {flow!r} of text; choose from {', '.join(FLOWS)}")
        super().__init__(path)
        self._flow = FLOWS[flow]

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        if self.pages:
            self.file.write("\f")
        text = printable(self._flow(page))
        self.file.write(text + "\n" if text else "")
