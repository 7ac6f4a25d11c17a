"""Columns and cells of tables."""

from handmade_pages import TABLE, blocks_of, line, rows, tabbed, table

from ctpn_crnn.page import Page
from ctpn_crnn.structure import Cell, lay_out


def test_columns_may_be_aligned_at_the_right():
    cells = [line(row[0], 100, 300 + 40 * number) for number, row in enumerate(TABLE)]
    for number, row in enumerate(TABLE):
        for text, right in zip(row[1:], (500, 700)):
            left = right - (line(text, 0, 0).quad[1, 0])
            cells.append(line(text, left, 300 + 40 * number))
    assert blocks_of(*cells) == [("table", tabbed(TABLE))]


def test_missing_cells_are_empty():
    cells = [["项目", "一季度", "二季度"], ["甲", "", "20.00"], ["乙", "10.00", ""], ["丙"], ["丁", "1.00", "2.00"]]
    assert blocks_of(*table(cells)) == [("table", tabbed(cells))]
    block = lay_out(Page(1000, 1400, table(cells)))[0]
    assert [[cell.text for cell in row] for row in block.rows][1] == ["甲", "", "20.00"]
    assert block.rows[1][1] == Cell()


def test_a_heading_over_two_columns_spans_them():
    lines = [line("本年与上年金额", 420, 260, 680), *table(TABLE)]
    assert blocks_of(*lines) == [("table", "\t本年与上年金额\n" + tabbed(TABLE))]
    assert [cell.span for cell in lay_out(Page(1000, 1400, lines))[0].rows[0]] == [1, 2, 1]


def test_the_first_line_of_a_heading_in_the_middle_is_part_of_it():
    lines = [line("本年", 400, 278), *table(TABLE)]
    assert blocks_of(*lines) == [("table", tabbed(TABLE).replace("2022年", "本年2022年"))]


def test_a_label_of_two_lines_around_its_amounts_is_one_cell():
    lines = table([["项目", "金额", "比例"], ["甲", "1.00", "5%"], ["乙", "2.00", "6%"]])
    lines += [line("很长的一个名称第一行", 100, 420), line("第二行", 100, 445)]
    lines += [line("3.00", 400, 432), line("7%", 600, 432)]
    assert blocks_of(*lines)[0][1].splitlines()[-1] == "很长的一个名称第一行第二行\t3.00\t7%"


def test_cells_may_have_several_lines():
    lines = table([["项目", "说明", "比例"]])
    lines += rows(["很长的说明", "写了三行", "才写完"], left=400, top=340, pitch=24)
    lines += [line("甲", 100, 364), line("5%", 600, 364), *table([["乙", "短", "6%"]], top=430)]
    assert blocks_of(*lines) == [("table", "项目\t说明\t比例\n甲\t很长的说明写了三行才写完\t5%\n乙\t短\t6%")]
