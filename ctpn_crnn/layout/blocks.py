"""What `lay_out` gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctpn_crnn.layout.joining import join_lines
from ctpn_crnn.page import TextLine

KINDS = ("paragraph", "heading", "table", "header", "footer", "formula")
"""What a block may be."""


@dataclass(slots=True)
class Cell:
    """A cell of a table; most are one line, some several, and some are empty.

    Attributes:
        lines: From the top, and from the left.
        span: How many columns it stretches over. The columns after the first hold empty cells all the same.
    """

    lines: list[TextLine] = field(default_factory=list)
    span: int = 1

    @property
    def text(self) -> str:
        """Its lines joined."""
        return join_lines(line.text for line in self.lines)


@dataclass(slots=True)
class Block:
    """A part of a page that belongs together.

    Attributes:
        kind: One of `KINDS`. A list item is a paragraph.
        lines: All its lines, in reading order.
        rows: Of a table: its rows from the top, all with as many cells as the table has columns. Empty for the others.
        level: Of a heading: 1 for the largest, 3 for one in the size of the text. 0 for the others.
    """

    kind: str
    lines: list[TextLine]
    rows: list[list[Cell]] = field(default_factory=list)
    level: int = 0

    @property
    def text(self) -> str:
        """The lines joined to running text; of a table its rows, a line each, with tabs between the cells."""
        if self.kind != "table":
            return join_lines(line.text for line in self.lines)
        return "\n".join("\t".join(_without_tabs(cell.text) for cell in row).rstrip("\t") for row in self.rows)


def _without_tabs(text: str) -> str:
    return text.replace("\t", " ")
