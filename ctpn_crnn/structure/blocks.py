"""Blocks: the parts that `lay_out` divides a page into."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctpn_crnn.page import TextLine
from ctpn_crnn.structure.joining import join_lines

KINDS = ("paragraph", "heading", "table", "header", "footer", "formula")
"""What a block may be. A list item is a paragraph."""


@dataclass(slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        lines: Its lines in reading order; none for an empty cell.
        span: Number of columns that it takes. The columns after its first one hold empty cells.
    """

    lines: list[TextLine] = field(default_factory=list)
    span: int = 1

    @property
    def text(self) -> str:
        """Its lines joined to running text."""
        return join_lines(line.text for line in self.lines)


@dataclass(slots=True)
class Block:
    """Lines of a page that belong together.

    Attributes:
        kind: One of `KINDS`.
        lines: All its lines, in reading order.
        rows: Rows of a table from the top, each with one cell for every column; empty for other kinds.
        level: Level of a heading, from 1 for the largest to 3 for one in the size of the text; 0 for other kinds.
    """

    kind: str
    lines: list[TextLine]
    rows: list[list[Cell]] = field(default_factory=list)
    level: int = 0

    @property
    def text(self) -> str:
        """Its lines joined to running text; a table has one line for each row, and tabs between the cells."""
        if self.kind != "table":
            return join_lines(line.text for line in self.lines)
        return "\n".join("\t".join(cell.text.replace("\t", " ") for cell in row).rstrip("\t") for row in self.rows)
