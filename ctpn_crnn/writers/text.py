"""Plain text: the lines of each page in reading order, UTF-8."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.layout import lay_out
from ctpn_crnn.page import Page
from ctpn_crnn.writers.characters import printable
from ctpn_crnn.writers.utf8 import Utf8Writer


def as_lines(page: Page) -> str:
    """The text of a page, each line of the page a line of its own."""
    return page.text


def as_paragraphs(page: Page) -> str:
    """The text of a page, each paragraph one line, a blank line between them; a table's cells are set apart by tabs."""
    return "\n\n".join(text for block in lay_out(page) if (text := block.text))


_FLOWS: dict[str, Callable[[Page], str]] = {"lines": as_lines, "paragraphs": as_paragraphs}


class TextWriter(Utf8Writer):
    """A document as plain text; a form feed stands between pages, and a page without text is empty.

    Args:
        path: See `DocumentWriter`.
        flow: "lines" keeps the lines of the page, "paragraphs" joins them.

    Raises:
        ConfigError: There is no such flow.
        OutputError: `path` cannot be written.
    """

    suffix: ClassVar[str] = ".txt"

    def __init__(self, path: str | os.PathLike[str], flow: str = "lines") -> None:
        if flow not in _FLOWS:
            raise ConfigError(f"there is no flow {flow!r} of text; choose from {', '.join(_FLOWS)}")
        super().__init__(path)
        self._flow = _FLOWS[flow]

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        if self.pages:
            self.file.write("\f")
        text = printable(self._flow(page))
        self.file.write(text + "\n" if text else "")


def write_text(page: Page, path: str | os.PathLike[str]) -> None:
    """Write one page with a `TextWriter`; errors are its."""
    with TextWriter(path) as writer:
        writer.add(page)
