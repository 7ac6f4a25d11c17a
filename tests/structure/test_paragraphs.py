"""Which lines of a page are a paragraph."""

import pytest
from handmade_pages import FULL, blocks_of, line, rows


def test_an_indented_line_begins_a_paragraph():
    lines = [
        line(FULL[:30], 140, 200),
        line(FULL, 100, 230),
        line("到此结束。", 100, 260),
        line(FULL[:30], 140, 290),
        line(FULL, 100, 320),
        line("第二段。", 100, 350),
    ]
    assert blocks_of(*lines) == [
        ("paragraph", FULL[:30] + FULL + "到此结束。"),
        ("paragraph", FULL[:30] + FULL + "第二段。"),
    ]


def test_an_indented_line_begins_a_paragraph_after_a_full_line():
    lines = [line(FULL[:30], 140, 200), line(FULL, 100, 230), line(FULL[:30], 140, 260), line(FULL, 100, 290)]
    assert [len(text) for _, text in blocks_of(*lines)] == [62, 62]


def test_a_paragraph_may_be_one_full_line():
    """Both lines are indented against the third: each begins a paragraph."""
    lines = [line(FULL[:29] + "。", 140, 200), line(FULL[:30], 140, 230), line(FULL, 100, 260)]
    assert [len(text) for _, text in blocks_of(*lines)] == [30, 62]


def test_a_short_line_ends_a_paragraph():
    lines = rows([FULL, FULL, "短。", FULL, FULL, "也短。"])
    assert blocks_of(*lines) == [("paragraph", FULL * 2 + "短。"), ("paragraph", FULL * 2 + "也短。")]


def test_a_ragged_right_edge_ends_no_paragraph():
    texts = [
        "The quick brown fox jumps over the lazy dog and runs into the recog-",
        "nition laboratory where several clever researchers seem",
        "understandably surprised at what has happened since then.",
    ]
    joined = texts[0][:-1] + " ".join(texts[1:])
    assert blocks_of(*rows(texts)) == [("paragraph", joined)]


def test_a_divided_word_goes_on_though_there_was_room():
    texts = [
        "The quick brown fox jumps over the state-of-the-",
        "art dog and then over the lazy one that is asleep there.",
    ]
    assert blocks_of(*rows(texts)) == [("paragraph", "".join(texts))]


def test_a_wider_gap_ends_a_paragraph():
    lines = rows([FULL, FULL], top=200) + rows([FULL, FULL], top=290)
    assert blocks_of(*lines) == [("paragraph", FULL * 2)] * 2


@pytest.mark.parametrize("marker", ["•", "(1)", "1."])
def test_list_items_may_have_markers_that_stand_apart(marker):
    lines = [line(marker, 100, 200), line(FULL[:28], 140, 200), line("续行", 140, 230)]
    lines += [line(marker, 100, 260), line("第二条", 140, 260)]
    assert blocks_of(*lines) == [("paragraph", f"{marker} {FULL[:28]}续行"), ("paragraph", f"{marker} 第二条")]


def test_each_numbered_line_is_a_list_item():
    texts = ["1.重新计量设定受益", "2.不能转损益的收益", "3.其他权益工具投资"]
    assert blocks_of(*rows(texts)) == [("paragraph", text) for text in texts]


def test_boxes_of_uneven_height_are_of_one_paragraph():
    """A box is higher for some characters in it; the print is the same by its width."""
    lines = [line(FULL[:30], 140, 200), line(FULL, 100, 226, right=740, height=28), line("完。", 100, 260)]
    assert blocks_of(*lines) == [("paragraph", FULL[:30] + FULL + "完。")]


def test_a_line_found_in_pieces_is_no_table():
    lines = rows([FULL, FULL, FULL], top=260)
    lines += [line(FULL[:15], 100, 200), line(FULL[15:], 412, 200)]
    lines += [line(FULL[:20], 100, 230), line(FULL[20:], 511, 230)]
    assert blocks_of(*lines) == [("paragraph", FULL * 5)]


def test_a_paragraph_goes_on_in_the_next_column():
    left = rows([FULL[:15]] * 8, left=100)
    right = rows([FULL[:15]] * 7 + ["完。"], left=500)
    assert blocks_of(*left, *right) == [("paragraph", FULL[:15] * 15 + "完。")]


def test_columns_may_have_paragraphs_of_their_own():
    left = rows([FULL[:15]] * 7 + ["完。"], left=100)
    right = rows([FULL[:15]] * 7 + ["也完。"], left=500)
    assert [text[-3:] for _, text in blocks_of(*left, *right)] == [FULL[14] + "完。", "也完。"]
