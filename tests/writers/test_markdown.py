"""Markdown."""

import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer
from ctpn_crnn.writers.markdown import escape_markdown

QUAD = box_to_quad(0, 0, 10, 5)


def line(text, kind="text"):
    return TextLine(text, 1, QUAD, kind)


def written(folder, *pages, **options):
    with open_writer("md", folder / "out", **options) as writer:
        for page in pages:
            writer.add(page)
    return (folder / "out").read_bytes().decode("utf-8")


def test_headings_paragraphs_and_formulas_are_marked_up(tmp_path, blocks):
    paragraph = [line("一段"), line("话")]
    blocks(("heading", [line("标题 *")]), ("paragraph", paragraph), ("formula", [line("x+1", "formula")]))
    assert written(tmp_path, Page(9, 9)) == "## 标题 \\*\n\n一段话\n\nx+1\n"


def test_the_first_row_of_a_table_is_its_head(tmp_path, table):
    assert written(tmp_path, table) == "Head\n\n| 名 | a\\|b |\n| --- | --- |\n| 数 |  |\n"


def test_pictures_of_formulas_follow_the_text_that_they_stand_in(tmp_path, blocks):
    first, second = line("1. 设"), line("x_1=2，则")
    blocks(("paragraph", [first, second]), ("table", [[[line("a")], [line("b", "formula")]]]))
    links = {id(second): ["f/a<1>.png", "f/2.png"]}
    text = written(tmp_path, Page(9, 9), formula_links=lambda page, line: links.get(id(line), []))
    pictures = "![formula](<f/a%3C1%3E.png>) ![formula](<f/2.png>)"
    assert text == f"1\\. 设x\\_1=2，则 {pictures}\n\n| a | b |\n| --- | --- |\n"


def test_a_rule_separates_pages(tmp_path):
    pages = [Page(9, 9, [line("一")]), Page(9, 9), Page(9, 9, [line("三")])]
    assert written(tmp_path, *pages) == "一\n\n---\n\n\n---\n\n三\n"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("1. 总则", "1\\. 总则"),
        ("12) x", "12\\) x"),
        ("1.5 倍", "1.5 倍"),
        ("2024年", "2024年"),
        ("# 5", "\\# 5"),
        ("- a", "\\- a"),
        ("---", "\\---"),
        ("+1", "\\+1"),
        ("a - b + c #1", "a - b + c #1"),
        ("> a", "\\> a"),
        ("x_1 [a](b) `c` <i> \\", "x\\_1 \\[a\\](b) \\`c\\` \\<i\\> \\\\"),
        ("R&D &amp; &#35; a & b", "R&D \\&amp; \\&#35; a & b"),
        ("a\tb\n c\0", "a b c"),
        ("", ""),
    ],
)
def test_text_that_looks_like_markup_is_escaped(text, expected):
    assert escape_markdown(text) == expected
