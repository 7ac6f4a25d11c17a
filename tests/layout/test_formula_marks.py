"""Which lines are marked as formulas, with shares worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.layout.formula_marks import is_plain_text, mark_formulas, with_unread_formulas
from ctpn_crnn.page import Char, Region, TextLine


def line(text: str, *box: float, confidence: float = 0.95) -> TextLine:
    """A line with characters of equal width."""
    count = len(text)
    chars = [Char(char, confidence, i / count, (i + 1) / count) for i, char in enumerate(text)]
    return TextLine(text, 0.9, box_to_quad(*box), chars=chars)


@pytest.mark.parametrize(
    "text",
    ["7", "1,234.50", "2024-05-01", "共 14 kg", "¥3.50", "12:30", "A4 210", "(3)", "B.", "①", "50%", "第3页", "Page 9"],
)
def test_numbers_dates_amounts_measures_codes_and_list_marks_are_plain(text):
    assert is_plain_text(text)


@pytest.mark.parametrize("text", ["x", "x+1", "a=b", "2≤3", "f(x)", "n²", "∑", "a/b"])
def test_variables_and_operators_are_not_plain(text):
    assert not is_plain_text(text)


def test_a_long_line_of_digits_is_judged_at_once():
    assert not is_plain_text("1" * 5000 + "=")


def test_a_formula_is_a_mark_on_its_line_and_its_text_stays():
    formula = box_to_quad(60, -5, 100, 25)
    (marked,) = mark_formulas([line("设 x+y=", 0, 0, 140, 20)], [formula])
    assert (marked.text, marked.kind) == ("设 x+y=", "text")
    np.testing.assert_array_equal(marked.formulas, [formula])


def test_a_number_among_words_is_no_formula():
    words = line("共 2023 年", 0, 0, 160, 20)
    assert mark_formulas([words], [box_to_quad(38, 0, 122, 20)]) == [words]


def test_an_unsure_number_stays_marked():
    (marked,) = mark_formulas([line("2023", 0, 0, 80, 20, confidence=0.5)], [box_to_quad(0, 0, 80, 20)])
    assert (marked.kind, len(marked.formulas)) == ("formula", 1)


def test_the_lines_of_a_fraction_are_formulas_and_one_has_the_mark():
    above, below, beside = line("a+b", 10, 0, 70, 20), line("c", 30, 24, 50, 44), line("因此", 100, 12, 140, 32)
    marked = mark_formulas([above, below, beside], [box_to_quad(8, -2, 72, 46)])
    assert [one.kind for one in marked] == ["formula", "formula", "text"]
    assert [len(one.formulas) for one in marked] == [1, 0, 0]


def test_only_formulas_without_a_line_are_read_by_themselves():
    text = Region(box_to_quad(0, 0, 100, 20), 0.9, "text")
    on_it = Region(box_to_quad(40, -5, 60, 25), 0.9, "formula")
    alone = Region(box_to_quad(0, 40, 60, 70), 0.9, "formula")
    assert with_unread_formulas([text, on_it, alone]) == [text, alone]
