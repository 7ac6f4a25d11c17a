"""The invisible text of a PDF page, read back with PDFium and poppler."""

import math
import shutil
import subprocess
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
from pdf_pages import boxes, line, page_of, pdfium, poppler, problems, slanted, texts, write

from ctpn_crnn.page import Char, TextLine
from ctpn_crnn.writers import pdf_text


def test_lines_read_back_as_they_were_written(tmp_path):
    lines = [
        "图书馆 Library is open 你好",
        "电话：010-62751234。",
        "The quick brown fox, 12.5%",
        "「引号」（括号）《书》",
    ]
    page = page_of(*(line(text, 100, 100 + 100 * i, 900, 50) for i, text in enumerate(lines)))
    assert texts(write(tmp_path / "a.pdf", page)) == ["\n".join(lines)]


def test_doubled_letters_stay_doubled(tmp_path):
    words = ["bookkeeper llama aabbccdd", "iiiiiiii 1111 ......", "谢谢 人人 ！！"]
    page = page_of(*(line(text, 100, 100 + 100 * i, 300, 50) for i, text in enumerate(words)))
    assert texts(write(tmp_path / "a.pdf", page)) == ["\n".join(words)]


def test_rare_characters(tmp_path):
    text = "𠀀𪚥龘靐①㎡Ⅷ〇々é o\u030d k\u0304"
    assert texts(write(tmp_path / "a.pdf", page_of(line(text, 100, 100, 900, 50)))) == [text]


def test_every_character_of_the_charset_comes_back(tmp_path):
    from ctpn_crnn.crnn.charset import Charset

    characters = [c for c in Charset.default().characters if c.strip() and c != "-"]
    rows = ["".join(characters[i : i + 60]) for i in range(0, len(characters), 60)]
    pages = [
        page_of(*(line(row, 50, 20 + 25 * i, 1100, 20) for i, row in enumerate(rows[start : start + 60])))
        for start in range(0, len(rows), 60)
    ]
    found = "".join(texts(write(tmp_path / "a.pdf", *pages))).replace("\n", "")
    assert Counter(found) == Counter("".join(characters))


def test_a_slanted_line_lies_along_its_quad(tmp_path):
    quad = (200, 500, 800, 48, -20)
    path = write(tmp_path / "a.pdf", page_of(line("一二三四五六七八", *quad)))
    assert texts(path) == ["一二三四五六七八"]
    with closing(pdfium.PdfDocument(path)) as document:
        (drawn,) = document[0].get_objects()
        matrix = drawn.get_matrix()
        bounds = drawn.get_bounds()
    assert math.degrees(math.atan2(matrix.b, matrix.a)) == pytest.approx(20)  # y up
    (left, top), (right, bottom) = slanted(*quad).min(axis=0) / 2, slanted(*quad).max(axis=0) / 2
    assert bounds == pytest.approx((left, 800 - bottom, right, 800 - top), abs=3)


def test_upside_down_and_upright_lines(tmp_path):
    page = page_of(line("竖着的字", 900, 200, 400, 50, 90), line("倒着的字", 600, 900, 400, 50, 180))
    assert "".join(texts(write(tmp_path / "a.pdf", page))[0].split()) == "竖着的字倒着的字"


def test_pages_without_lines(tmp_path):
    first, last = (page_of(line(text, 9, 9, 50, 50)) for text in "一三")
    path = write(tmp_path / "a.pdf", first, page_of(), last)
    assert texts(path) == ["一", "", "三"]


def test_formulas_and_lines_without_ink_are_left_out(tmp_path):
    formula = TextLine("", 0.5, slanted(10, 10, 100, 50), "formula")
    assert texts(write(tmp_path / "a.pdf", page_of(formula, line("  ", 10, 90, 100, 50)))) == [""]


@pytest.mark.parametrize(
    "quad",
    [
        np.zeros((4, 2)),
        np.full((4, 2), np.nan),
        np.full((4, 2), np.inf),
        slanted(9, 9, 0, 40),
        slanted(9, 9, 40, 0),
    ],
    ids=["point", "nan", "infinite", "no width", "no height"],
)
def test_degenerate_quads_keep_their_text(tmp_path, quad):
    path = write(tmp_path / "a.pdf", page_of(TextLine("退化ab", 0.5, quad)))
    assert problems(path) == []
    if np.isfinite(quad).all():
        assert texts(path) == ["退化ab"]


def test_control_characters_do_no_harm(tmp_path):
    path = write(tmp_path / "a.pdf", page_of(line("a\x00b\tc\nd\ud800e", 100, 100, 500, 40)))
    assert texts(path) == ["ab c de"]


@pytest.mark.parametrize("space", [0.0, 0.001, 0.01])
def test_spaces_that_the_reader_saw_too_narrow_are_kept(tmp_path, space):
    text, step = "one two", (1 - space) / 6
    chars, place = [], 0.0
    for char in text:
        end = place + (space if char == " " else step)
        chars.append(Char(char, 1.0, place, end))
        place = end
    path = write(tmp_path / "a.pdf", page_of(line(text, 100, 100, 300, 50, chars=chars)))
    assert texts(path) == [text]
    if shutil.which("pdftotext"):
        assert poppler(path).strip() == text


def test_boxes_of_evenly_spread_characters(tmp_path):
    found = boxes(write(tmp_path / "a.pdf", page_of(line("中文ab", 100, 200, 480, 40))))
    # Chinese takes two shares, Latin one: 160, 160, 80, 80 pixels.
    edges = [50, 130, 210, 250, 290]
    assert [box[0] for box in found] == list("中文ab")
    for box, left, right in zip(found, edges, edges[1:]):
        assert box[1:] == pytest.approx((left, 800 - 120, right, 800 - 100), abs=1.5)


def test_boxes_follow_the_places_that_the_reader_gave(tmp_path):
    spans = [("A", 0.1, 0.2), ("B", 0.25, 0.3), ("中", 0.4, 0.7), ("C", 0.7, 0.72), ("D", 0.8, 0.95)]
    chars = [Char(text, 1.0, start, end) for text, start, end in spans]
    found = boxes(write(tmp_path / "a.pdf", page_of(line("AB中CD", 100, 200, 1000, 80, chars=chars))))
    edges = [50 + 500 * share for share in (0.1, 0.225, 0.35, 0.7, 0.76, 0.95)]  # neighbours meet halfway
    for box, left, right in zip(found, edges, edges[1:]):
        assert (box[1], box[3]) == pytest.approx((left, right), abs=1)


def test_characters_are_not_lost_where_many_share_a_small_place(tmp_path):
    chars = [Char(c, 1.0, 0.5, 0.5) for c in "abcdefgh"]
    path = write(tmp_path / "a.pdf", page_of(line("abcdefgh", 100, 100, 300, 40, chars=chars)))
    assert texts(path) == ["abcdefgh"]


def test_places_that_do_not_belong_to_the_text_are_not_used(tmp_path):
    found = boxes(write(tmp_path / "a.pdf", page_of(line("ab", 0, 0, 200, 40, chars=[Char("x", 1.0, 0.9, 1.0)]))))
    assert [box[1] for box in found] == pytest.approx([0, 50], abs=1)


@pytest.mark.parametrize("length", [6, 7, 50])
def test_whole_units_rise_and_stay_within_the_line(length):
    rng = np.random.default_rng(length)
    for _ in range(200):
        edges = np.concatenate([[0], np.sort(rng.choice([0, 0.2, 0.5, 0.50001, 1.0], 5)), [1]])
        units = pdf_text._whole_units(edges, length)
        assert units[0] == 0 and units[-1] == length and (np.diff(units) >= 1).all()


def leaning_paragraph(degrees):
    """A page of lines that lean, and their texts."""
    lines = [
        "九点到晚上八点接待读者新的阅览",
        "室靠近河岸窗外可以看见货船慢慢",
        "扫描存进服务器",
        "了",
        "The old station",
        "on",
    ]
    down = np.array([-math.sin(math.radians(degrees)), math.cos(math.radians(degrees))])
    places = [np.array([200, 500]) + down * 58 * number for number in range(len(lines))]
    widths = [40 * len(text) if text > "z" else 20 * len(text) for text in lines]
    return page_of(*(line(t, *xy, width, 40, degrees) for t, xy, width in zip(lines, places, widths))), lines


@pytest.mark.parametrize("degrees", [-12, -5, -3, 0, 2, 3, 5, 8, 12])
def test_lines_of_a_slanted_paragraph_stay_apart(tmp_path, degrees):
    """Lines begin in the rows of those before them then, and PDFium joined them with a space."""
    page, lines = leaning_paragraph(degrees)
    assert texts(write(tmp_path / "a.pdf", page))[0].split("\n") == lines


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler's pdftotext is not installed")
class TestPoppler:
    def test_text_reads_back(self, tmp_path):
        lines = ["图书馆 Library is open 你好", "bookkeeper 谢谢 aabb", "𠀀𪚥龘靐①㎡〇々é", "斜 slanted line of text"]
        page = page_of(*(line(text, 100, 300 + 150 * i, 900, 50, -i) for i, text in enumerate(lines)))
        assert poppler(write(tmp_path / "a.pdf", page)).split("\n")[:4] == lines

    def test_letter_spaced_chinese_is_not_torn_apart(self, tmp_path):
        chars = [Char(c, 1.0, 0.4 * i, 0.4 * i + 0.1) for i, c in enumerate("姓名甲")]
        path = write(tmp_path / "a.pdf", page_of(line("姓名甲", 100, 100, 900, 50, chars=chars)))
        assert poppler(path).strip() == texts(path)[0] == "姓名甲"

    @pytest.mark.parametrize("degrees", [-12, -4, 0, 1, 4, 12])
    def test_lines_of_a_leaning_page_are_not_mixed(self, tmp_path, degrees):
        """In the order that poppler works out of their places, which is what its viewers select and copy."""
        page, lines = leaning_paragraph(degrees)
        command = ["pdftotext", str(write(tmp_path / "a.pdf", page)), "-"]
        text = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
        assert [found for found in text.splitlines() if found.strip()] == lines
