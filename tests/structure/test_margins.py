"""Headers and footers."""

from handmade_pages import FULL, blocks_of, line, rows


def test_a_running_title_is_a_header_and_a_page_number_a_footer():
    lines = [line("某某公司年度报告", 600, 60, height=16), *rows([FULL] * 8), line("- 12 -", 480, 1340, height=16)]
    assert blocks_of(*lines) == [("header", "某某公司年度报告"), ("paragraph", FULL * 8), ("footer", "- 12 -")]


def test_the_footer_of_a_leaning_page_is_found():
    lines = [*rows([FULL] * 8), line("第 3 页", 480, 1340)]
    assert blocks_of(*lines, slant=0.04)[-1] == ("footer", "第 3 页")


def test_text_up_to_the_edge_is_no_margin():
    lines = rows([FULL] * 44, top=20)
    assert blocks_of(*lines) == [("paragraph", FULL * 44)]


def test_title_at_the_top_is_a_heading():
    lines = [line("年度报告", 400, 60, height=40), *rows([FULL] * 8)]
    assert blocks_of(*lines)[0] == ("heading", "年度报告")


def test_few_lines_have_no_margins():
    assert blocks_of(line("7", 500, 30), line(FULL, 100, 500)) == [("paragraph", "7"), ("paragraph", FULL)]
