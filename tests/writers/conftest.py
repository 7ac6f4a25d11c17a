"""A page that has everything: Chinese and English, a slanted line, a formula, markup, control characters."""

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Char, Page, TextLine
from ctpn_crnn.structure import Block, Cell


def even_chars(text):
    """Characters of equal width, each a little surer than the one before."""
    count = len(text)
    return [Char(char, 0.5 + 0.4 * i / count, i / count, (i + 1) / count) for i, char in enumerate(text)]


def make_lines():
    first, marked = "第3条 使用 Tensor", "a<b>&\"'；\0\x0b\ud800\ufffe"
    return [
        TextLine(first, 0.9, box_to_quad(20, 20, 150, 50), chars=even_chars(first)),
        TextLine(marked, 0.8, box_to_quad(20, 60, 280, 90)),
        TextLine("slanted 1", 0.25, [(50, 120), (250, 140), (247, 170), (47, 150)]),
        TextLine("y=2", 0.7, box_to_quad(20, 200, 120, 230), "formula"),
        TextLine(" \0", 0.7, box_to_quad(20, 240, 120, 250)),
        TextLine("竖", 0.7, [(290, 250), (290, 300), (270, 300), (270, 250)]),
        TextLine("超出 page", 0.7, box_to_quad(-20, 380, 400, 500)),
    ]


@pytest.fixture
def page():
    return Page(300, 400, make_lines(), 'in "a";b.pdf#page=1')


@pytest.fixture
def odd_page(page):
    """And a line without a place."""
    page.lines.append(TextLine("o", float("nan"), np.full((4, 2), np.nan)))
    return page


@pytest.fixture
def image():
    return np.full((400, 300, 3), 255, np.uint8)


@pytest.fixture
def blocks(monkeypatch):
    """Makes the layout of every page what the test says: (kind, lines) or ("table", rows of cells of lines)."""

    def block(kind, content):
        if kind != "table":
            return Block(kind, content, level=2 * (kind == "heading"))
        rows = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in content]
        return Block(kind, [line for row in rows for cell in row for line in cell.lines], rows)

    def use(*given):
        made = [block(*each) for each in given]
        for module in ("text_areas", "markdown", "text", "docx", "xlsx", "csv_file"):
            monkeypatch.setattr(f"ctpn_crnn.writers.{module}.lay_out", lambda page: made)

    return use


@pytest.fixture
def table(blocks):
    """A page with a running head and a table of 2 x 2 cells, the last of them empty."""
    head = TextLine("Head", 1, box_to_quad(10, 5, 60, 15))
    cells = [TextLine(text, 1, box_to_quad(x, y, x + 40, y + 20)) for text, x, y in (("名", 10, 20), ("a|b", 60, 20))]
    cells.append(TextLine("数", 1, box_to_quad(10, 50, 50, 70)))
    blocks(("header", [head]), ("table", [[[cells[0]], [cells[1]]], [[cells[2]], []]]))
    return Page(110, 80, [head, *cells], "t.png")
