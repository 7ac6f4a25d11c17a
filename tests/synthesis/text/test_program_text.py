import re
import string

import numpy as np
import pytest

from ctpn_crnn.synthesis.text.program_text import name, program


def lines(count: int, length: int = 30, word: str = "total") -> list[str]:
    return [program(np.random.default_rng((1, i)), length, lambda: word) for i in range(count)]


def test_all_marks_of_ascii_occur_and_so_do_operators_of_two():
    text = "\n".join(lines(2000))
    assert set(string.punctuation) <= set(text)
    for operator in ("==", "!=", "->", "=>", "&&", "||", "**", "::", ">>>", "--"):
        assert text.count(operator) > 10, operator


def test_lines_have_many_lengths_and_mostly_fit():
    for length in (12, 60):
        drawn = np.array([len(line) for line in lines(300, length)])
        assert drawn.min() < 0.6 * length < np.median(drawn) + 3
        assert (drawn > length).mean() < (0.3 if length > 20 else 0.7)


def test_brackets_are_closed():
    """But for one that may begin a block at the end of the line."""
    for line in lines(500):
        inside = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "", line)
        assert inside.count("[") <= inside.count("]") and inside.count("(") <= inside.count(")")


@pytest.mark.parametrize("word", ["", "数据", "Don't stop"])
def test_names_are_letters_whatever_the_words(word):
    for i in range(100):
        made = name(np.random.default_rng(i), lambda: word)
        assert made and re.fullmatch(r"[A-Za-z0-9_.:/\\>-]+", made)


def test_the_same_draw_gives_the_same_line():
    assert lines(5) == lines(5)
    assert len(set(lines(50))) == 50
