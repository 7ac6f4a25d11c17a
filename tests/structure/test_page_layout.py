"""Whole pages: turned ones, formulas, and pages that hold next to nothing."""

import numpy as np
import pytest
from handmade_pages import FULL, blocks_of, calls_of, line, rows, table

from ctpn_crnn.geometry import Rotation
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.structure import StructureParams, lay_out
from ctpn_crnn.structure.params import MarginParams


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_has_the_same_blocks(degrees):
    """Header, heading, two columns, table, footer: all places depend on which way up the page is."""
    lines = [
        line("年度报告", 100, 40, height=12),
        line("第一章 总则", 100, 120, height=30),
        *rows([FULL[:16], FULL[16:], FULL[:7] + "。"], left=100, top=200),
        *rows([FULL[:16], FULL[16:], FULL[:7] + "。"], left=560, top=200),
        *(line(text, left, top) for top in (500, 530, 560) for text, left in (("收入", 100), ("1,234", 400))),
        line("12", 480, 1350, height=14),
    ]
    upright = Page(1000, 1400, lines)
    turn = Rotation(degrees, 1000, 1400)
    turned = Page(*turn.size, [TextLine(a.text, a.confidence, turn.to_turned(a.quad), a.kind) for a in lines])
    assert [(b.kind, b.text) for b in lay_out(turned)] == [(b.kind, b.text) for b in lay_out(upright)]
    assert {block.kind for block in lay_out(upright)} >= {"header", "heading", "paragraph", "table", "footer"}


def test_a_displayed_formula_and_its_number_are_a_block():
    formula = [line("x=1", 300, 270, 600, 40, "formula"), line("(1)", 700, 280)]
    lines = [*rows([FULL, FULL]), *formula, *rows([FULL], top=330)]
    assert blocks_of(*lines) == [("paragraph", FULL * 2), ("formula", "x=1 (1)"), ("paragraph", FULL)]


def test_a_formula_within_a_sentence_is_part_of_the_paragraph():
    lines = [line(FULL, 100, 200), line(FULL[:10], 100, 230), line("", 305, 228, 395, 24, "formula")]
    lines += [line(FULL[:17], 400, 230), line("完。", 100, 260)]
    assert blocks_of(*lines) == [("paragraph", FULL + FULL[:10] + FULL[:17] + "完。")]


def test_a_page_without_lines_has_no_blocks():
    assert lay_out(Page(100, 100)) == []


def test_one_line_and_lines_without_text_are_paragraphs():
    assert blocks_of(line("一", 0, 0)) == [("paragraph", "一")]
    assert blocks_of(line("", 0, 0, 50), line("", 0, 40, 50)) == [("paragraph", "")]


def test_a_line_along_the_margin_comes_after_the_text():
    upright = line("arXiv:1507.05717", 0, 0)
    turned = TextLine(upright.text, 0.9, upright.quad @ np.array([[0, -1], [1, 0]]) + (20, 700))
    assert blocks_of(*rows([FULL] * 5), turned) == [("paragraph", FULL * 5), ("paragraph", upright.text)]


@pytest.mark.parametrize("count", [2, 30])
def test_every_line_of_degenerate_quads_is_in_one_block(count):
    rng = np.random.default_rng(4)
    for spread in (0, 1, 500):
        blocks_of(*(TextLine("文字 ab", 0.5, rng.normal(300, spread, (4, 2))) for _ in range(count)))


def test_the_work_on_a_page_of_200_lines_is_bounded():
    cells = [[f"项目{number}", *(["12.00"] * 9)] for number in range(20)]
    lines = table(cells, range(0, 2000, 200), top=100) + [*rows([FULL] * 2, top=20)]
    page = Page(2000, 1400, lines)
    assert calls_of(lambda: lay_out(page)) < 100_000


def test_a_rule_is_switched_off_by_its_parameter():
    lines = [*rows([FULL] * 8), line("- 12 -", 480, 1340, height=16)]
    page = Page(1000, 1400, lines)
    assert [block.kind for block in lay_out(page)] == ["paragraph", "footer"]
    without = StructureParams(margins=MarginParams(edge=0.0))
    assert [block.kind for block in lay_out(page, without)] == ["paragraph", "paragraph"]
