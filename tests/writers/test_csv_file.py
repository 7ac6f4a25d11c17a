"""CSV files, read back by Python's csv."""

import csv

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer


def written(path, *pages, **options):
    with open_writer("csv", path, **options) as writer:
        for page in pages:
            writer.add(page)
    return path.read_bytes()


def test_tables_and_text_in_reading_order(tmp_path, blocks):
    def line(text):
        return TextLine(text, 1, box_to_quad(0, 0, 9, 9))

    blocks(
        ("heading", [line('He said "1,5"')]),
        ("paragraph", [line("one"), line("two")]),
        ("table", [[[line("名")], [line("a,b")]], [[line("007")], []]]),
        ("paragraph", [line("after")]),
    )
    page = Page(9, 9, [line("x")])
    text = written(tmp_path / "a.csv", page, page).decode("utf-8")
    expected = [['He said "1,5"'], ["one two"], [], ["名", "a,b"], ["007", ""], [], ["after"]]
    assert list(csv.reader(text.splitlines())) == [*expected, [], *expected]
    assert text.count("\n") == text.count("\r\n") == 15


def test_byte_order_mark(tmp_path):
    page = Page(99, 99, [TextLine("甲", 1, box_to_quad(0, 0, 9, 9))])
    assert written(tmp_path / "a.csv", page, bom=True) == b"\xef\xbb\xbf" + "甲\r\n".encode()
    assert written(tmp_path / "b.csv", page) == "甲\r\n".encode()
    assert written(tmp_path / "c.csv", Page(99, 99)) == b""
