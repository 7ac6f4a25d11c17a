"""Words, boxes and baselines, worked out by hand."""

import math

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Char, Page, TextLine
from ctpn_crnn.writers.text_areas import angle_of, baseline, box_of, language_of, text_areas, unit_interval, words_of

PAGE = Page(1000, 100)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", []),
        (" \t ", []),
        ("hello", ["hello"]),
        ("  two  words ", ["two", "words"]),
        ("2024年5月签订。", ["2024年5月签订。"]),
        ("用 GPU 训练10次", ["用", "GPU", "训练10次"]),
        ("全　角", ["全", "角"]),
        ("e\u0301t\u0000e\u0301", ["e\u0301te\u0301"]),
        ("\U00020000a\ud800 \ufffe b", ["\U00020000a", "b"]),
    ],
)
def test_words_are_separated_by_white_space_alone(text, expected):
    line = TextLine(text, 1, box_to_quad(0, 0, 900, 20))
    assert [word.text for word in words_of(line, PAGE)] == expected


def test_words_take_the_places_and_confidences_of_their_characters():
    chars = [Char("合", 0.8, 0.0, 0.3), Char("同", 0.6, 0.3, 0.5), Char(" ", 0.1, 0.5, 0.6), Char("7", 0.4, 0.6, 1.0)]
    line = TextLine("合同 7", 0.9, box_to_quad(100, 10, 200, 40), chars=chars)
    first, second = words_of(line, PAGE)
    assert (first.box, second.box) == ((100, 10, 150, 40), (160, 10, 200, 40))
    assert first.confidence == pytest.approx(0.7)
    assert [glyph.box for glyph in first.glyphs] == [(100, 10, 130, 40), (130, 10, 150, 40)]
    np.testing.assert_allclose(first.quad, box_to_quad(100, 10, 150, 40))


def test_a_line_without_places_is_spread_by_width():
    line = TextLine("合a同", 0.9, box_to_quad(0, 0, 50, 20), chars=[Char("x", 0.1, 0, 1)])  # chars of another text
    (word,) = words_of(line, PAGE)
    assert [glyph.box for glyph in word.glyphs] == [(0, 0, 20, 20), (20, 0, 30, 20), (30, 0, 50, 20)]
    assert word.confidence == pytest.approx(0.9)


def test_words_of_a_slanted_line_are_slanted():
    quad = np.array([(0, 0), (100, 50), (90, 70), (-10, 20)])
    _, second = words_of(TextLine("aa bb", 1, quad), Page(200, 200))
    np.testing.assert_allclose(second.quad, [(60, 30), (100, 50), (90, 70), (50, 50)])
    assert second.box == (50, 30, 100, 70)


@pytest.mark.parametrize(
    "box, expected",
    [
        ((1.2, 2.0, 3.0, 4.7), (1, 2, 3, 5)),
        ((1.9999, 2.0001, 3.0001, 4.0), (2, 2, 3, 4)),
        ((-5, -5, 50, 50), (0, 0, 10, 20)),
        ((3, 3, 3, 3), (3, 3, 4, 4)),
        ((10, 20, 10, 20), (9, 19, 10, 20)),
        ((100, 100, 120, 120), (9, 19, 10, 20)),
        ((math.nan, math.nan, math.inf, math.inf), (0, 0, 10, 20)),
    ],
)
def test_boxes_are_within_the_page_and_not_empty(box, expected):
    assert box_of(box_to_quad(*box), Page(10, 20)) == expected


def test_a_page_without_size_has_a_box_of_one_pixel():
    assert box_of(box_to_quad(0, 0, 5, 5), Page(0, 0)) == (0, 0, 1, 1)


@pytest.mark.parametrize("text, rise", [("合同", 3), ("page", 6), ("Anne", 0)])
def test_the_baseline_is_above_what_descends(text, rise):
    line = TextLine(text, 1, [(0, 10), (100, 20), (100, 50), (0, 40)])
    np.testing.assert_allclose(baseline(line), [(0, 40 - rise), (100, 50 - rise)])


@pytest.mark.parametrize("angle", [-170, -90, -30, 0, 45, 90, 180])
def test_the_angle_is_clockwise_from_rightwards(angle):
    along = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))]) * 80
    down = np.array([-along[1], along[0]]) / 4
    corner = np.array([100, 100])
    quad = [corner, corner + along, corner + along + down, corner + down]
    assert angle_of(TextLine("a", 1, quad)) % 360 == pytest.approx(angle % 360, abs=1e-3)


def test_the_language_is_that_of_the_letters():
    assert [language_of(text) for text in ("合同 A", "A 3", "café", "3.14 %", "", "\U00020000")] == [
        "zh",
        "en",
        "en",
        None,
        None,
        "zh",
    ]


def test_confidences_are_limited_to_0_to_1():
    assert [unit_interval(value) for value in (-1, 0.5, 2, math.nan, math.inf)] == [0, 0.5, 1, 0, 0]


def test_every_box_lies_in_that_of_its_parent(odd_page):
    def inside(inner, outer):
        return outer[0] <= inner[0] < inner[2] <= outer[2] and outer[1] <= inner[1] < inner[3] <= outer[3]

    areas = text_areas(odd_page)
    lines = [line for area in areas for paragraph in area.paragraphs for line in paragraph.lines]
    assert sorted(line.text for line in lines) == sorted(
        ["第3条 使用 Tensor", "a<b>&\"'；", "slanted 1", "竖", "超出 page", "o", "y=2"]
    )
    for area in areas:
        assert inside(area.box, (0, 0, 300, 400))
        for paragraph in area.paragraphs:
            assert inside(paragraph.box, area.box)
            for line in paragraph.lines:
                assert inside(line.box, paragraph.box)
                assert line.words
                for word in line.words:
                    assert inside(word.box, line.box)
                    assert 0 <= word.confidence <= 1
                    assert all(inside(glyph.box, word.box) for glyph in word.glyphs)
                    assert "".join(glyph.text for glyph in word.glyphs) == word.text


def test_a_table_has_a_paragraph_for_each_row(table):
    head, body = text_areas(table)
    assert (head.kind, body.kind) == ("header", "table")
    assert [[line.text for line in row.lines] for row in body.paragraphs] == [["名", "a|b"], ["数"]]
    assert body.box == (10, 20, 100, 70)


def test_a_page_without_lines_has_no_areas():
    assert text_areas(Page(10, 10)) == []
