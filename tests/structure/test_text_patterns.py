"""Patterns in the text of a line."""

import pytest

from ctpn_crnn.structure.text_patterns import (
    ends_with_punctuation,
    is_list_marker,
    is_page_number,
    starts_with_number,
    starts_with_section_number,
)


@pytest.mark.parametrize("text", ["•", "(1)", "（二）", "1.", "1、", "三、", "a)", "(iv)", "①", "-", "■", "12．"])
def test_list_markers_are_known(text):
    assert is_list_marker(text)


@pytest.mark.parametrize("text", ["", "1", "2024", "中", "1.5", "(2024)", "1, 2", "A", "•x", "（5,294百万"])
def test_other_texts_are_no_list_markers(text):
    assert not is_list_marker(text)


@pytest.mark.parametrize("text", ["7", "- 7 -", "7 / 12", "第 7 页", "第7页 共12页", "Page 7 of 12", "iv", "P. 3"])
def test_page_numbers_are_known(text):
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["", "12345", "Title", "7 apples", "第七章", "1.5"])
def test_other_texts_are_no_page_numbers(text):
    assert not is_page_number(text)


def test_section_numbers_and_closing_punctuation_are_known():
    for text in ("第三章 方法", "一、概述", "（二）方法", "2.1 Results", "Chapter 4", "3、费用", "附录A"):
        assert starts_with_section_number(text) and starts_with_number(text), text
    for text in ("一个例子", "2024年", "results", "3.5 2.1", "第三者"):
        assert not starts_with_section_number(text), text
    assert ends_with_punctuation("完了。”") and ends_with_punctuation("Done.)") and not ends_with_punctuation("标题")
