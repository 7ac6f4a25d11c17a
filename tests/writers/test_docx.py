"""Word files, read back by python-docx."""

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.structure import Cell
from ctpn_crnn.writers import open_writer

docx = pytest.importorskip("docx")


def line(text, kind="text", box=(0, 0, 90, 29.7)):
    return TextLine(text, 1, box_to_quad(*box), kind)


def written(path, *pages, **options):
    with open_writer("docx", path, **options) as writer:
        for page in pages:
            writer.add(page)
    return docx.Document(path)


def test_blocks(tmp_path, blocks):
    blocks(
        ("header", [line("年度报告")]),
        ("heading", [line("第一章")]),
        ("paragraph", [line("recog-"), line("nition of \0text")]),
        ("footer", [line("- 7 -")]),
    )
    page = Page(210, 297, [line("x")])
    document = written(tmp_path / "a.docx", page, page)
    paragraphs = [(part.style.name, part.text) for part in document.paragraphs if part.text]
    assert paragraphs == [("Heading 2", "第一章"), ("Normal", "recognition of text")] * 2
    assert [section.start_type.name for section in document.sections] == ["NEW_PAGE", "NEW_PAGE"]
    assert [section.header.paragraphs[0].text for section in document.sections] == ["年度报告"] * 2
    assert [section.footer.paragraphs[0].text for section in document.sections] == ["- 7 -"] * 2
    assert document.sections[1].header.is_linked_to_previous


def test_headers_end_with_their_page(tmp_path, monkeypatch):
    def paper(text):
        far = [line("body text of the page", box=(30, 100 + 20 * i, 180, 112 + 20 * i)) for i in range(6)]
        return Page(210, 297, ([line(text, box=(30, 6, 120, 14))] if text else []) + far)

    document = written(tmp_path / "a.docx", paper("第一章 总则"), paper(""), paper("第二章"))
    assert [section.header.paragraphs[0].text for section in document.sections] == ["第一章 总则", "", "第二章"]


def test_tables(tmp_path, blocks):
    rows = [[Cell([line("合"), line("计")], 2), Cell(), [line("c")]], [[line("1")], [], [line("3")]]]
    blocks(("table", rows), ("table", [[[line("x")], [line("y")]]]))
    first, second = written(tmp_path / "a.docx", Page(210, 297, [line("x")])).tables
    assert [[cell.text for cell in row.cells] for row in first.rows] == [["合计", "合计", "c"], ["1", "", "3"]]
    assert first.cell(0, 0)._tc is first.cell(0, 1)._tc and first.cell(1, 0)._tc is not first.cell(1, 1)._tc
    assert [cell.text for cell in second.rows[0].cells] == ["x", "y"]


def test_pictures_of_formulas_follow_the_text_that_they_stand_in(tmp_path, blocks):
    formula = TextLine("where x=1", 1, box_to_quad(0, 0, 60, 20), formulas=[box_to_quad(20, 0, 60, 30)])
    blocks(("paragraph", [formula, line("holds")]), ("formula", [line("E=mc", "formula")]))
    page = Page(210, 297, [formula])
    plain = written(tmp_path / "a.docx", page)
    assert [part.text for part in plain.paragraphs] == ["where x=1 holds", "E=mc"]
    assert len(plain.inline_shapes) == 0
    Image.new("L", (60, 20)).save(tmp_path / "f.png")
    shown = written(tmp_path / "b.docx", page, formula_pictures=lambda page, line: [tmp_path / "f.png"])
    assert [part.text for part in shown.paragraphs] == ["where x=1 holds", "E=mc"]
    (picture,) = shown.inline_shapes
    assert picture.height.mm == pytest.approx(30, abs=0.1)  # as on an A4 sheet of 210 pixels
    assert picture.width.mm == pytest.approx(90, abs=0.1)


@pytest.mark.parametrize(("size", "turned", "expected"), [((200, 300), 0, 0), ((300, 200), 0, 1), ((300, 200), 1, 0)])
def test_sheets_lie_as_the_text_does(tmp_path, size, turned, expected):
    quad = np.roll(box_to_quad(20, 20, 120, 120), turned, axis=0)
    document = written(tmp_path / "a.docx", Page(*size, [TextLine("甲", 1, quad)]))
    section = document.sections[0]
    assert (section.page_width > section.page_height) == bool(expected)
