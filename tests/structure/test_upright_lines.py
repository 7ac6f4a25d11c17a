"""The lines of a page with their boxes and their print."""

import pytest
from handmade_pages import FULL, line, rows

from ctpn_crnn.page import Page
from ctpn_crnn.structure.upright_lines import PrintSize, UprightLines


def test_print_is_larger_if_height_and_em_say_so():
    body = PrintSize(height=20, em=20)
    assert PrintSize(30, 30).is_larger_than(body, 1.3)
    assert not PrintSize(30, 21).is_larger_than(body, 1.3)  # a high box of ordinary characters
    assert not PrintSize(24, 30).is_larger_than(body, 1.3)
    assert PrintSize(30, 0).is_larger_than(body, 1.3)  # too few characters to tell by their width


def test_the_body_text_is_what_most_characters_are_printed_in():
    page = Page(1000, 1400, [line("标题", 100, 50, height=40), *rows([FULL] * 3)])
    assert UprightLines(page).body == PrintSize(pytest.approx(20), pytest.approx(20))


def test_a_row_is_one_line_of_text():
    page = Page(1000, 1400, [line("•", 100, 200), line("中文", 140, 200), line("继续", 182, 200), line("远", 300, 200)])
    row = UprightLines(page).text_row([0, 1, 2, 3])
    assert (row.text, row.has_marker, row.left, row.right) == ("• 中文继续 远", True, 140, 320)


def test_a_row_has_the_gaps_that_run_through_it():
    page = Page(1000, 1400, [line("", 0, 0, 100), line("", 50, 5, 200), line("", 250, 0, 300)])
    assert UprightLines(page).gaps([0, 1, 2]) == [(200, 250)]
