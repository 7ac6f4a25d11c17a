"""Excel files, read back by openpyxl."""

import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.structure import Cell
from ctpn_crnn.writers import open_writer

openpyxl = pytest.importorskip("openpyxl")


def line(text, kind="text"):
    return TextLine(text, 1, box_to_quad(0, 0, 9, 9), kind)


def written(path, *pages):
    with open_writer("xlsx", path) as writer:
        for page in pages:
            writer.add(page)
    return openpyxl.load_workbook(path)


@pytest.fixture
def book(tmp_path, blocks):
    rows = [
        [Cell([line("收入"), line("合计")], 2), Cell(), [line("=A1+1")]],
        [[line("甲公司")], [line("1,234.50")], [line("(12%)")]],
        [[line("007")], [line("-3")], []],
    ]
    blocks(("paragraph", [line("-3"), line("之\0前")]), ("table", rows), ("table", [[[line("a")], [line("b")]]]))
    page = Page(9, 9, [line("x")])
    return written(tmp_path / "a.xlsx", page, page)


def test_a_sheet_for_each_table(book):
    tables = ["Page 1 table 1", "Page 1 table 2", "Page 2 table 1", "Page 2 table 2"]
    assert book.sheetnames == [*tables, "Text"] and book.active.title == "Page 1 table 1"


def test_values(book):
    rows = [[cell.value for cell in row] for row in book["Page 1 table 1"].iter_rows()]
    assert rows == [["收入合计", None, "=A1+1"], ["甲公司", 1234.5, -0.12], ["007", -3, None]]
    sheet = book["Page 1 table 1"]
    assert (sheet["B2"].number_format, sheet["C2"].number_format) == ("#,##0.00", "0%;(0%)")
    assert (sheet["C1"].data_type, sheet["A3"].data_type, sheet["B3"].data_type) == ("s", "s", "n")


def test_merged_cells(book):
    assert [str(merged) for merged in book["Page 1 table 1"].merged_cells.ranges] == ["A1:B1"]
    assert not book["Page 1 table 2"].merged_cells.ranges


def test_the_rest_of_the_text(book):
    rows = [[cell.value for cell in row] for row in book["Text"].iter_rows()]
    assert rows == [["Page", "Kind", "Text"], [1, "paragraph", "-3之前"], [2, "paragraph", "-3之前"]]


def test_a_document_without_text(tmp_path):
    assert written(tmp_path / "a.xlsx", Page(9, 9)).sheetnames == ["Text"]
