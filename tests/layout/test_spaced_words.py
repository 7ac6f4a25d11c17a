"""Words whose characters were found one by one."""

from __future__ import annotations

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.layout.spaced_words import join_spaced_words
from ctpn_crnn.page import Char, TextLine

EM = 30


def row(*pieces, y=100, height=EM):
    """(text, x) -> lines of full-width characters with their places."""
    lines = []
    for text, x in pieces:
        chars = [Char(c, 0.9, n / len(text), (n + 1) / len(text)) for n, c in enumerate(text)]
        lines.append(TextLine(text, 0.8, box_to_quad(x, y, x + EM * len(text), y + height), "text", chars))
    return lines


def texts(lines):
    return [line.text for line in join_spaced_words(lines)]


@pytest.mark.parametrize("degrees", [0, 8, -8])
def test_a_title_is_one_word(degrees):
    lines = row(("目", 400), ("录", 480), ("下面这一行正文很长很长很长", 100))
    lines[2].quad = lines[2].quad + np.float32([0, 60])
    turn = np.radians(degrees)
    matrix = np.float32([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for line in lines:
        line.quad = line.quad @ matrix
    word, below = join_spaced_words(lines)
    assert (word.text, below.text) == ("目录", lines[2].text)
    np.testing.assert_allclose(word.quad, box_to_quad(400, 100, 510, 130) @ matrix, atol=0.01)
    np.testing.assert_allclose([word.chars[0].end, word.chars[1].start], [30 / 110, 80 / 110], atol=1e-4)
    assert word.confidence == pytest.approx(0.64)


def test_three_characters_are_a_word():
    assert texts(row(("合", 100), ("同", 190), ("书", 280))) == ["合同书"]


def test_the_end_of_a_label_is_joined_with_what_follows():
    assert texts(row(("电", 100), ("话：010", 162))) == ["电话：010"]
    assert texts(row(("传", 100), ("真号:9", 162))) == ["传真号:9"]
    assert texts(row(("第", 100), ("三章总则", 162))) == ["第", "三章总则"]
    assert texts(row(("电", 100), ("话", 162), ("：010", 200))) == ["电话", "：010"]


@pytest.mark.parametrize(
    "pieces",
    [
        [("是", 100), ("否", 300)],  # Too far apart.
        [(c, 100 + 75 * n) for n, c in enumerate("日一二三四五六")],  # A calendar.
        [("A", 100), ("B", 160)],
        [("目", 100)],
    ],
)
def test_what_is_no_word_stays(pieces):
    assert texts(row(*pieces)) == [text for text, _ in pieces]


def test_characters_of_other_rows_and_formulas_are_not_joined():
    assert texts(row(("目", 100)) + row(("录", 160), y=125)) == ["目", "录"]
    formula = TextLine("", 0.9, box_to_quad(160, 100, 190, 130), "formula")
    assert texts([*row(("目", 100)), formula]) == ["目", ""]


def test_no_line_and_one_line_stay():
    assert join_spaced_words([]) == []
    assert texts(row(("目", 1))) == ["目"]
