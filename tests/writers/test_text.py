"""Plain text."""

import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer

QUAD = box_to_quad(0, 0, 10, 5)


def line(text, kind="text"):
    return TextLine(text, 1, QUAD, kind)


def written(folder, *pages, **options):
    with open_writer("txt", folder / "out", **options) as writer:
        for page in pages:
            writer.add(page)
    return (folder / "out").read_bytes().decode("utf-8")


def test_each_line_of_the_page_is_a_line(tmp_path, page):
    lines = ["第3条 使用 Tensor", "a<b>&\"'；", "slanted 1", "y=2", " ", "竖", "超出 page"]
    assert written(tmp_path, page) == "\n".join(lines) + "\n"


def test_rows_of_a_table_stay_together(tmp_path, table):
    assert written(tmp_path, table) == "Head\n名\ta|b\n数\n"


def test_a_form_feed_separates_pages(tmp_path):
    pages = [Page(9, 9, [line("一")]), Page(9, 9), Page(9, 9, [line("", "formula"), line("三")])]
    assert written(tmp_path, *pages) == "一\n\f\f三\n"


def test_the_paragraph_flow_joins_lines(tmp_path, table, blocks):
    assert written(tmp_path, table, flow="paragraphs") == "Head\n\n名\ta|b\n数\n"


def test_an_unknown_flow_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="lines, paragraphs"):
        open_writer("txt", tmp_path / "a.txt", flow="columns")
    assert list(tmp_path.iterdir()) == []


def test_the_text_of_formulas_is_written(tmp_path):
    assert written(tmp_path, Page(9, 9, [line("一"), line("x+1", "formula"), line("", "formula")])) == "一\nx+1\n"
