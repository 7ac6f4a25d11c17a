"""Divide a page into blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ctpn_crnn.layout.reading_order import rows, text_blocks
from ctpn_crnn.page import Page
from ctpn_crnn.structure.blocks import Block
from ctpn_crnn.structure.headings import heading_levels
from ctpn_crnn.structure.margins import header_and_footer
from ctpn_crnn.structure.paragraphs import continues_in_next_column, split_paragraphs
from ctpn_crnn.structure.params import StructureParams
from ctpn_crnn.structure.table_cells import table_cells
from ctpn_crnn.structure.tables import find_tables, merge_interlocked
from ctpn_crnn.structure.upright_lines import Row, TextRow, UprightLines


def lay_out(page: Page, params: StructureParams = StructureParams()) -> list[Block]:
    """Divide a page into paragraphs, headings, tables, headers, footers and displayed formulas.

    Works on the places and texts of the lines; their order in the page does not matter. Every line is in exactly one
    block. A formula within a sentence is a line of its paragraph.

    Args:
        page: A recognised page.
        params: Tuned numbers of the layout.

    Returns:
        Blocks in reading order, the header first and the footer last; none for a page without lines.
    """
    return _Layout(UprightLines(page, params)).blocks() if page.lines else []


class _Layout:
    """Makes the blocks of a page.

    Args:
        lines: The page.
    """

    def __init__(self, lines: UprightLines) -> None:
        self.lines, self.params = lines, lines.params

    def blocks(self) -> list[Block]:
        """Return the blocks in reading order, the header first and the footer last."""
        straight, astray = np.flatnonzero(~self.lines.is_astray), np.flatnonzero(self.lines.is_astray)
        header, footer = header_and_footer(self.lines, straight)
        rest = np.setdiff1d(straight, header + footer)
        blocks = [self._block("header", header)] if header else []
        blocks += self._body(
            [rest[part] for part in text_blocks(self.lines.boxes[rest], self.params.layout.reading_order)]
        )
        blocks += [self._block("paragraph", [int(index)]) for index in astray]
        return blocks + ([self._block("footer", footer)] if footer else [])

    def _body(self, parts: list[np.ndarray]) -> list[Block]:
        """Blocks of what stands between header and footer.

        Args:
            parts: Indices of the lines of each text block, in reading order.
        """
        blocks: list[Block] = []
        open_paragraph: list[TextRow] = []  # the last block, if it is a paragraph that may go on in the next column
        for part in parts:
            for kind, part_rows in self._runs(self._rows(part)):
                if kind == "table":
                    blocks.append(self._table(part_rows))
                elif kind == "formula":
                    blocks.append(self._block("formula", _members(part_rows)))
                if kind != "text":
                    open_paragraph = []
                    continue
                text_rows = [self.lines.text_row(row) for row in part_rows]
                paragraphs = split_paragraphs(text_rows, self.lines.body, self.params.paragraphs)
                levels = heading_levels(paragraphs, self.lines.body, self.params.headings)
                for paragraph, level in zip(paragraphs, levels):
                    block = self._block("heading" if level else "paragraph", _members(paragraph), level)
                    is_first = paragraph is paragraphs[0]
                    if is_first and not level and open_paragraph and self._continues(open_paragraph, paragraph):
                        blocks[-1].lines += block.lines
                    else:
                        blocks.append(block)
                    open_paragraph = [] if level else paragraph
        return blocks

    def _runs(self, part_rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
        """Divide the rows of a text block into runs: ("text", rows), ("table", rows) and ("formula", [row])."""
        text: list[Row] = []
        for row in part_rows:
            if self._is_display_formula(row):
                yield from self._text_and_tables(text)
                yield "formula", [row]
                text = []
            else:
                text.append(row)
        yield from self._text_and_tables(text)

    def _text_and_tables(self, part_rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
        merged = merge_interlocked(self.lines, part_rows)
        start = 0
        for table in find_tables(self.lines, merged):
            if table.start > start:
                yield "text", self._text_rows(merged[start : table.start])
            yield "table", merged[table.start : table.stop]
            start = table.stop
        if start < len(merged):
            yield "text", self._text_rows(merged[start:])

    def _text_rows(self, merged: list[Row]) -> list[Row]:
        """Undo `merge_interlocked` for rows that are no table, except for a list marker and its text."""
        text_rows: list[Row] = []
        for row in merged:
            by_left = sorted(row, key=lambda index: self.lines.boxes[index, 0])
            is_item = len(row) == 2 and self.lines.has_list_marker(by_left)
            text_rows += [by_left] if is_item else self._rows(np.array(row))
        return text_rows

    def _is_display_formula(self, row: Row) -> bool:
        """Whether formulas take half of the width of a row or more; others are part of a sentence."""
        widths = self.lines.boxes[row, 2] - self.lines.boxes[row, 0]
        is_formula = np.array([self.lines.lines[index].kind == "formula" for index in row])
        return bool(is_formula.any() and 2 * widths[is_formula].sum() >= widths.sum())

    def _table(self, part_rows: list[Row]) -> Block:
        table = table_cells(self.lines, part_rows)
        if len(table[0]) < 2:  # the gaps shared by some rows were closed by others
            return self._block("paragraph", _members(part_rows))
        return Block("table", [line for row in table for cell in row for line in cell.lines], rows=table)

    def _block(self, kind: str, members: Sequence[int], level: int = 0) -> Block:
        return Block(kind, [self.lines.lines[index] for index in members], level=level)

    def _rows(self, members: np.ndarray) -> list[Row]:
        return rows(self.lines.boxes, members, self.params.layout.reading_order)

    def _continues(self, first: list[TextRow], second: list[TextRow]) -> bool:
        return continues_in_next_column(first, second, self.params.paragraphs)


def _members(rows: Sequence[Row] | Sequence[TextRow]) -> list[int]:
    """Indices of the lines of rows, in their order."""
    return [index for row in rows for index in (row.members if isinstance(row, TextRow) else row)]
