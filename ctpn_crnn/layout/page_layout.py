"""A page -> its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ctpn_crnn.layout.blocks import Block
from ctpn_crnn.layout.cells import build_rows
from ctpn_crnn.layout.headings import heading_level, text_edges
from ctpn_crnn.layout.margins import header_and_footer
from ctpn_crnn.layout.paragraphs import continues, split_paragraphs
from ctpn_crnn.layout.reading_order import regions, rows
from ctpn_crnn.layout.sheet import Sheet, Strip
from ctpn_crnn.layout.tables import Row, find_tables, interlocked
from ctpn_crnn.page import Page

_MOSTLY = 0.6
"""A row of which formulas take this share is set apart; a formula with less is part of a sentence."""


def lay_out(page: Page) -> list[Block]:
    """Divide a page into paragraphs, headings, tables, headers, footers and displayed formulas.

    Works on the places and texts of the lines; their order in the page does not matter. Every line is in exactly one
    block. A formula within a sentence stays a line of its paragraph.

    Args:
        page: A recognised page.

    Returns:
        Blocks in reading order, the header first and the footer last; none for a page without lines.
    """
    if not page.lines:
        return []
    sheet = Sheet(page)
    upright = np.flatnonzero(~sheet.astray)
    header, footer = header_and_footer(sheet, upright)
    rest = np.setdiff1d(upright, header + footer)
    blocks = [_block(sheet, "header", header)] if header else []
    blocks += _body(sheet, [rest[region] for region in regions(sheet.boxes[rest])])
    blocks += [_block(sheet, "paragraph", [int(index)]) for index in np.flatnonzero(sheet.astray)]
    return blocks + ([_block(sheet, "footer", footer)] if footer else [])


def _body(sheet: Sheet, parts: list[np.ndarray]) -> list[Block]:
    """Blocks of the regions between header and footer."""
    blocks: list[Block] = []
    body = sheet.body, sheet.body_em
    last: list[Strip] = []  # the paragraph that ends the blocks so far; none after anything else
    for part in parts:
        extent = float(sheet.boxes[part, 0].min()), float(sheet.boxes[part, 2].max())
        for kind, part_rows in _runs(sheet, rows(sheet.boxes, part)):
            if kind != "text":
                blocks.append(_table(sheet, part_rows) if kind == "table" else _row_block(sheet, kind, part_rows))
                last = []
                continue
            paragraphs = split_paragraphs([sheet.strip(row) for row in part_rows], body)
            edges = text_edges(paragraphs)
            for place, paragraph in enumerate(paragraphs):
                level = heading_level(paragraphs, place, body, extent, edges)
                if place == 0 and not level and last and continues(last, paragraph):
                    blocks[-1].lines += _strip_lines(sheet, paragraph)
                else:
                    members = [index for strip in paragraph for index in strip.members]
                    blocks.append(_block(sheet, "heading" if level else "paragraph", members, level))
                last = [] if level else paragraph
    return blocks


def _runs(sheet: Sheet, part_rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """A region as runs of rows: ("text", rows), ("table", rows) and ("formula", [row])."""
    kinds = ["formula" if _is_display(sheet, row) else "text" for row in part_rows]
    start = 0
    while start < len(part_rows):
        end = start + 1
        if kinds[start] == "formula":
            yield "formula", part_rows[start:end]
        else:
            while end < len(part_rows) and kinds[end] == "text":
                end += 1
            yield from _text_and_tables(sheet, part_rows[start:end])
        start = end


def _text_and_tables(sheet: Sheet, part_rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    groups = interlocked(sheet, part_rows)
    start = 0
    for table in find_tables(sheet, groups):
        if table.first > start:
            yield "text", _text_rows(sheet, groups[start : table.first])
        yield "table", groups[table.first : table.last + 1]
        start = table.last + 1
    if start < len(groups):
        yield "text", _text_rows(sheet, groups[start:])


def _text_rows(sheet: Sheet, groups: list[Row]) -> list[Row]:
    """Groups that are no table as rows again, but a list marker with its text."""
    text_rows: list[Row] = []
    for group in groups:
        by_left = sorted(group, key=lambda index: sheet.boxes[index, 0])
        is_item = len(group) == 2 and sheet.has_hanging_marker(by_left)
        text_rows += [by_left] if is_item else rows(sheet.boxes, np.array(group))
    return text_rows


def _is_display(sheet: Sheet, row: Row) -> bool:
    """Whether a row is a formula, perhaps with its number."""
    widths = sheet.boxes[row, 2] - sheet.boxes[row, 0]
    is_formula = np.array([sheet.lines[index].kind == "formula" for index in row])
    return bool(widths[is_formula].sum() >= _MOSTLY * max(widths.sum(), 1e-6) and is_formula.any())


def _table(sheet: Sheet, part_rows: Sequence[Row]) -> Block:
    table = build_rows(sheet, part_rows)
    if len(table[0]) < 2:  # the gaps shared by some rows were closed by others
        return _row_block(sheet, "paragraph", part_rows)
    lines = [line for row in table for cell in row for line in cell.lines]
    return Block("table", lines, rows=table)


def _row_block(sheet: Sheet, kind: str, part_rows: Sequence[Row]) -> Block:
    return _block(sheet, kind, [index for row in part_rows for index in row])


def _block(sheet: Sheet, kind: str, members: list[int], level: int = 0) -> Block:
    return Block(kind, [sheet.lines[index] for index in members], level=level)


def _strip_lines(sheet: Sheet, paragraph: list[Strip]) -> list:
    return [sheet.lines[index] for strip in paragraph for index in strip.members]
