"""Pages made by hand for the tests of the layout and of the writers that use it."""

import sys
from collections.abc import Callable

import numpy as np

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.structure import KINDS, lay_out

SIZE = 20  # pixels of a Chinese character


def line(text, left, top, right=None, height=SIZE, kind="text"):
    """A line as wide as its text: 1 em for Chinese, half of it for the rest."""
    if right is None:
        right = left + height * sum(1.0 if ord(char) > 0x2E7F else 0.5 for char in text)
    return TextLine(text, 0.9, box_to_quad(left, top, right, top + height), kind)


def rows(texts, left=100, top=200, pitch=30, **options):
    return [line(text, left, top + pitch * number, **options) for number, text in enumerate(texts)]


def blocks_of(*lines, width=1000, height=1400, slant=0.0, seed=0):
    """Lay out a page with its lines in any order; check that each is in one block."""
    turn = np.array([[np.cos(slant), np.sin(slant)], [-np.sin(slant), np.cos(slant)]])
    shuffled = [lines[index] for index in np.random.default_rng(seed).permutation(len(lines))]
    page = Page(width, height, [TextLine(a.text, a.confidence, a.quad @ turn, a.kind) for a in shuffled])
    blocks = lay_out(page)
    found = [id(member) for block in blocks for member in block.lines]
    assert sorted(found) == sorted(id(member) for member in page.lines)
    for block in blocks:
        assert block.kind in KINDS
        in_cells = [id(member) for row in block.rows for cell in row for member in cell.lines]
        assert sorted(in_cells) == sorted(id(member) for member in block.lines if block.kind == "table")
        assert len({len(row) for row in block.rows}) <= 1
    return [(block.kind, block.text) for block in blocks]


FULL = "文本检测与识别是文档数字化的基础环节其准确程度直接决定了后续检索"  # 32 characters


TABLE = [
    ["项目", "2022年", "2021年"],
    ["现金", "1,024.00", "998.50"],
    ["短期投资", "88.00", "76.10"],
    ["合计", "1,112.00", "1,074.60"],
]


def table(cells, lefts=(100, 400, 600), top=300, pitch=40):
    return [
        line(text, left, top + pitch * number)
        for number, row in enumerate(cells)
        for text, left in zip(row, lefts)
        if text
    ]


def tabbed(cells):
    return "\n".join("\t".join(row).rstrip("\t") for row in cells)


def calls_of(function: Callable[[], object]) -> int:
    """How many functions, of Python and of C, are called while a function runs: its work, on any machine."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count
