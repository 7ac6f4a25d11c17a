"""Which paragraphs are headings, and of which level."""

import pytest
from handmade_pages import FULL, blocks_of, line, rows

from ctpn_crnn.page import Page
from ctpn_crnn.structure import lay_out


def test_print_larger_than_the_text_is_a_heading():
    lines = [line("年度报告", 100, 100, height=40), line("第二级标题", 100, 160, height=26), *rows([FULL] * 4)]
    blocks = lay_out(Page(1000, 1400, lines))
    assert [(block.kind, block.level) for block in blocks] == [("heading", 1), ("heading", 2), ("paragraph", 0)]


def test_two_centred_lines_in_large_print_are_one_title():
    title = [line("关于文本检测与识别的", 250, 100, height=34), line("若干问题", 350, 146, height=34)]
    lines = [*title, *rows([FULL] * 4, top=250)]
    assert blocks_of(*lines)[0] == ("heading", "关于文本检测与识别的若干问题")


@pytest.mark.parametrize("text", ["3、费用", "二、方法", "2.1 Results", "第三章 结论"])
def test_a_numbered_line_in_the_size_of_the_text_is_a_heading(text):
    lines = [*rows([FULL, FULL, "完。"]), line(text, 100, 320), *rows([FULL, FULL], top=380)]
    blocks = lay_out(Page(1000, 1400, lines))
    assert [(block.kind, block.level) for block in blocks] == [("paragraph", 0), ("heading", 3), ("paragraph", 0)]
    assert blocks[1].text == text


def test_a_centred_line_in_the_size_of_the_text_is_a_heading():
    lines = [*rows([FULL] * 3, top=200), line("结论与展望", 370, 340), *rows([FULL] * 3, top=420)]
    assert [kind for kind, _ in blocks_of(*lines)] == ["paragraph", "heading", "paragraph"]


def test_sentences_and_list_items_and_large_numbers_are_no_headings():
    """A sentence, the items of a list, a number in large print."""
    large = [line("一句话。", 100, 320, height=30), line("88", 100, 400, height=40)]
    for more in (large, rows(["1、苹果", "2、橘子"], top=320)):
        assert {kind for kind, _ in blocks_of(*rows([FULL] * 3), *more)} == {"paragraph"}
