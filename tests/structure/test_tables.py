"""Which rows of a page are a table."""

import pytest
from handmade_pages import FULL, TABLE, blocks_of, line, rows, tabbed, table


@pytest.mark.parametrize("slant", [0.0, 0.03, -0.05])
def test_rows_whose_gaps_stand_above_each_other_are_a_table(slant):
    for seed in range(3):
        assert blocks_of(*table(TABLE), slant=slant, seed=seed) == [("table", tabbed(TABLE))]


@pytest.mark.parametrize("right", [430, 480])  # beside the second column, and over it
def test_a_title_in_the_middle_is_no_row(right):
    cells = TABLE if right == 430 else [[*row, "注"] for row in TABLE]
    title = line("资产负债表", right - 100, 260)
    assert blocks_of(title, *table(cells, (100, 400, 600, 700))) == [
        ("paragraph", "资产负债表"),
        ("table", tabbed(cells)),
    ]


def test_a_table_between_paragraphs_is_a_block_of_its_own():
    lines = [*rows([FULL, "如下表："]), *table(TABLE), *rows([FULL, FULL], top=520)]
    assert blocks_of(*lines) == [
        ("paragraph", FULL + "如下表："),
        ("table", tabbed(TABLE)),
        ("paragraph", FULL * 2),
    ]


def test_a_heading_divides_two_tables():
    other = [["名称", "数量", "单价", "合计"], ["笔", "2", "3.00", "6.00"], ["纸", "1", "9.00", "9.00"]]
    lines = [*table(TABLE), line("2、明细", 100, 480), *table(other, (100, 280, 500, 800), top=540)]
    assert blocks_of(*lines) == [("table", tabbed(TABLE)), ("heading", "2、明细"), ("table", tabbed(other))]


def test_a_label_and_its_amount_are_a_table():
    assert blocks_of(line("合计", 100, 300), line("88.00", 500, 300)) == [("table", "合计\t88.00")]


def test_the_unit_above_a_table_is_no_row():
    lines = [line("单位：元", 600, 260), *table(TABLE)]
    assert blocks_of(*lines) == [("paragraph", "单位：元"), ("table", tabbed(TABLE))]
