"""Where the characters of a line stand."""

import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Char, TextLine
from ctpn_crnn.writers.char_places import char_places

QUAD = box_to_quad(0, 0, 100, 20)


def test_known_places_are_kept():
    chars = [Char("合", 0.9, 0.1, 0.3), Char("同", 0.8, 0.5, 0.6)]
    assert char_places(TextLine("合同", 0.7, QUAD, chars=chars)) == chars


@pytest.mark.parametrize("chars", [(), [Char("x", 1.0, 0.9, 1.0)]])
def test_unknown_places_are_spread_by_width(chars):
    """Chinese takes two shares, Latin one, a combining mark none."""
    found = char_places(TextLine("合a\u0301b", 0.7, QUAD, chars=list(chars)))
    assert [(char.text, char.start, char.end) for char in found] == [
        ("合", 0.0, 0.5),
        ("a", 0.5, 0.75),
        ("\u0301", 0.75, 0.75),
        ("b", 0.75, 1.0),
    ]
    assert {char.confidence for char in found} == {0.7}


def test_a_line_without_text_has_no_characters():
    assert list(char_places(TextLine("", 0.7, QUAD))) == []
