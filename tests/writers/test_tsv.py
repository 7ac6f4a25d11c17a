"""The table, read by the csv module."""

import csv

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer

HEAD = "level	page_num	block_num	par_num	line_num	word_num	left	top	width	height	conf	text"


def rows_of(folder, *pages):
    with open_writer("tsv", folder / "a.tsv") as writer:
        for page in pages:
            writer.add(page)
    text = (folder / "a.tsv").read_bytes().decode("utf-8")
    assert text.splitlines()[0] == HEAD
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_rows_have_the_levels_of_tesseract(tmp_path, blocks):
    line = TextLine("合同 a", 0.5, box_to_quad(10, 20, 50, 40))
    formula = TextLine("z", 0.5, box_to_quad(5, 50, 25, 60), "formula")
    blocks(("paragraph", [line]), ("formula", [formula]))
    rows = [list(row.values()) for row in rows_of(tmp_path, Page(100, 200))]
    assert rows == [
        ["1", "1", "0", "0", "0", "0", "0", "0", "100", "200", "-1", ""],
        ["2", "1", "1", "0", "0", "0", "10", "20", "40", "20", "-1", ""],
        ["3", "1", "1", "1", "0", "0", "10", "20", "40", "20", "-1", ""],
        ["4", "1", "1", "1", "1", "0", "10", "20", "40", "20", "-1", ""],
        ["5", "1", "1", "1", "1", "1", "10", "20", "27", "20", "50.00", "合同"],
        ["5", "1", "1", "1", "1", "2", "43", "20", "7", "20", "50.00", "a"],
        ["2", "1", "2", "0", "0", "0", "5", "50", "20", "10", "-1", ""],
        ["3", "1", "2", "1", "0", "0", "5", "50", "20", "10", "-1", ""],
        ["4", "1", "2", "1", "1", "0", "5", "50", "20", "10", "-1", ""],
        ["5", "1", "2", "1", "1", "1", "5", "50", "20", "10", "50.00", "z"],
    ]


def test_pages_are_numbered_from_1(tmp_path, page):
    rows = rows_of(tmp_path, page, Page(1, 1), page)
    assert [row["page_num"] for row in rows if row["level"] == "1"] == ["1", "2", "3"]
    words = [row["text"] for row in rows if row["level"] == "5" and row["page_num"] == "3"]
    assert "Tensor" in words and "a<b>&\"'；" in words
    assert all(row["text"] == "" and row["conf"] == "-1" for row in rows if row["level"] != "5")
    places = [tuple(row.values())[1:6] for row in rows]
    assert len(set(places)) == len(places)


def test_tabs_in_the_text_become_spaces(tmp_path):
    rows = rows_of(tmp_path, Page(100, 20, [TextLine("a\tb\r\nc\u2028d\u0085e", 1, box_to_quad(0, 0, 100, 20))]))
    assert [row["text"] for row in rows if row["level"] == "5"] == ["a", "b", "c", "de"]
