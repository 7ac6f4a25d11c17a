"""Formulas, Chinese text and pieces of programs, as the reader sees them."""

import pytest

from ctpn_crnn.crnn.formula_or_text import is_chinese_text, is_program, is_text
from ctpn_crnn.page import Char


@pytest.mark.parametrize(
    ("text", "probability", "words"),
    [
        ("二〇二六年", 0.9, True),
        ("月三十", 0.9, True),
        ("二〇二六年", 0.6, False),  # too unsure
        ("二十一八", 0.99, False),  # signs of a formula all
        ("x=2y时", 0.99, False),  # a word in a formula
        ("", 1.0, False),
    ],
)
def test_chinese_text_is_told_from_a_formula(text, probability, words):
    assert is_chinese_text([Char(c, probability, 0, 1) for c in text]) is words


@pytest.mark.parametrize(
    ("text", "probability", "program"),
    [
        ("x**2+y**2", 0.9, True),
        (">>>", 0.8, True),
        ("a->b", 0.7, False),  # too unsure
        ("x*2+y-2", 0.99, False),
        ("a=-b", 0.99, False),
        ("", 1.0, False),
    ],
)
def test_a_piece_of_a_program_is_told_from_a_formula(text, probability, program):
    assert is_program([Char(c, probability, 0, 1) for c in text]) is program


def test_one_sure_sign_of_a_program_is_enough_and_others_do_not_count():
    chars = [Char(c, p, 0, 1) for c, p in zip("a->b==c", (0.1, 0.3, 0.3, 0.1, 0.9, 0.9, 0.1))]
    assert is_program(chars) and not is_program(chars[:4])


def test_either_makes_it_text():
    assert is_text([Char(c, 0.9, 0, 1) for c in "二〇二六年"]) and is_text([Char(c, 0.9, 0, 1) for c in "x**2"])
    assert not is_text([Char(c, 0.9, 0, 1) for c in "x=y"])
