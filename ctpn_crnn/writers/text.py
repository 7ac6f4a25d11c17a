"""Plain text: the lines of each page in reading order, rows of tables with tabs, UTF-8."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.layout import lay_out
from ctpn_crnn.page import Page
from ctpn_crnn.writers.characters import printable
from ctpn_crnn.writers.utf8 import Utf8Writer


def as_lines(page: Page) -> str:
    """The text of a page, each line of the page a line of its own; a row of a table is one, with tabs between cells."""
    tables = [block for block in lay_out(page) if block.kind == "table"]
    place = {id(line): number for number, table in enumerate(tables) for line in table.lines}
    parts = {}  # in the order of the page, a table once, where its first line stands
    for line in page.lines:
        number = place.get(id(line))
        parts[id(line) if number is None else number] = line.text if number is None else tables[number].text
    return "\n".join(text for text in parts.values() if text)


def as_paragraphs(page: Page) -> str:
    """The text of a page, each paragraph one line, a blank line between them; a table's cells are set apart by tabs."""
    return "\n\n".join(text for block in lay_out(page) if (text := block.text))


FLOWS: Mapping[str, Callable[[Page], str]] = {"lines": as_lines, "paragraphs": as_paragraphs}
"""How the text of a page may be laid out."""


class TextWriter(Utf8Writer):
    """A document as plain text; a form feed stands between pages, and a page without text is empty.

    Args:
        path: See `DocumentWriter`.
        flow: "lines" keeps the lines of the page and the rows of its tables, "paragraphs" joins the lines.

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


def write_text(page: Page, path: str | os.PathLike[str]) -> None:
    """Write one page with a `TextWriter`; errors are its."""
    with TextWriter(path) as writer:
        writer.add(page)
