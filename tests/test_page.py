"""Pages: their text, and the exact way through JSON and back."""

import json

import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import Rotation, box_to_quad
from ctpn_crnn.page import Char, Page, TextLine

QUAD = [(0.1, 0.2), (10.3, 0.2), (10.3, 5.7), (0.1, 5.7)]


def make_page() -> Page:
    chars = [Char("合", np.float32(0.1), 0.0, 1 / 3), Char("同", 0.9, 1 / 3, 1.0)]
    lines = [
        TextLine("合同", np.float32(0.7), QUAD, chars=chars),
        TextLine("", 0.4, QUAD, "formula"),
        TextLine("OK 3", 1, QUAD),
    ]
    return Page(np.int64(20), 10, lines, "a/b.jpg")


def test_text_has_a_line_each_and_leaves_formulas_out():
    assert make_page().text == "合同\nOK 3"
    assert Page(5, 5).text == ""


def test_confidence_of_the_characters_does_not_depend_on_the_length():
    chars = [Char("a", 0.9, 0, 0.5), Char("b", 0.4, 0.5, 1)]
    assert TextLine("ab", 0.1, QUAD, chars=chars).character_confidence == pytest.approx(0.6)
    assert TextLine("abab", 0.01, QUAD, chars=chars * 2).character_confidence == pytest.approx(0.6)
    assert TextLine("a", 0.1, QUAD).character_confidence == 0.1
    assert 0 < TextLine("a", 0.0, QUAD, chars=[Char("a", 0.0, 0, 1)]).character_confidence < 1e-9


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("lean", [-20, 0, 20])
def test_orientation_is_what_sets_most_of_the_text_upright(degrees, lean):
    turn = Rotation(lean - degrees, 200, 200)
    boxes = box_to_quad(10, 20, 150, 40), box_to_quad(10, 60, 90, 80)
    lines = [TextLine("text", 0.9, turn.to_turned(box)) for box in boxes]
    astray = TextLine("x", 0.9, np.roll(turn.to_turned(box_to_quad(100, 90, 140, 110)), 2, axis=0))
    assert Page(*turn.size, [*lines, astray]).orientation == degrees


def test_a_page_without_lines_stands_upright():
    assert Page(10, 10).orientation == 0


def test_round_trip_through_json_is_exact():
    page = make_page()
    again = Page.from_dict(json.loads(json.dumps(page.to_dict())))
    assert again == page
    assert again.lines[0].quad.dtype == np.float32
    assert again.lines[0].chars[0].confidence == float(np.float32(0.1))
    assert Page.from_dict(Page(1, 1).to_dict()) == Page(1, 1)


def test_dictionary_form():
    data = Page(7, 8, [TextLine("A", 0.5, [(0, 0), (2, 0), (2, 1), (0, 1)])]).to_dict()
    line = {"text": "A", "confidence": 0.5, "kind": "text", "quad": [[0, 0], [2, 0], [2, 1], [0, 1]], "chars": []}
    line["formulas"] = []
    assert data == {"version": 1, "source": None, "width": 7, "height": 8, "orientation": 0, "lines": [line]}


def test_the_dictionary_tells_the_orientation_and_need_not():
    """A line whose top runs downwards in the image, from (9, 0) to (9, 5): turned left by a quarter, it is upright."""
    page = Page(10, 8, [TextLine("A", 0.5, [(9, 0), (9, 5), (7, 5), (7, 0)])])
    data = page.to_dict()
    assert data.pop("orientation") == 270
    assert Page.from_dict(data) == page, "a form of an earlier release"
    assert Page.from_dict({**data, "orientation": 0}).orientation == 270, "the lines tell it"


def test_lines_differ_in_any_field():
    line = TextLine("A", 0.5, QUAD)
    assert line == TextLine("A", 0.5, np.array(QUAD))
    assert line != TextLine("B", 0.5, QUAD)
    assert line != TextLine("A", 0.5, np.array(QUAD) + 1)
    assert line != "A"


def test_pages_do_not_share_their_lines():
    first, second = Page(1, 1), Page(1, 1)
    first.lines.append(TextLine("A", 1, QUAD))
    assert second.lines == []


@pytest.mark.parametrize("quad", [[(0, 0)] * 3, [1, 2, 3, 4], "abcd", None, [[1, 2], [3]]])
def test_bad_quad(quad):
    with pytest.raises(ConfigError, match="quad"):
        TextLine("A", 1, quad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"width": "7"}, "'width'"),
        ({"lines": None}, "'lines'"),
        ({"lines": [3]}, "dictionary"),
        ({"lines": [{"text": "A"}]}, "'confidence'"),
        ({"source": 3}, "'source'"),
    ],
)
def test_bad_dictionary(change, message):
    with pytest.raises(ConfigError, match=message):
        Page.from_dict({**make_page().to_dict(), **change})


def test_missing_key():
    data = make_page().to_dict()
    del data["version"]
    with pytest.raises(ConfigError, match="'version'"):
        Page.from_dict(data)
