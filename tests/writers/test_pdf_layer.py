"""Text laid over the pages of an existing PDF."""

import numpy as np
import pytest
from pdf_pages import boxes, pikepdf, texts

from ctpn_crnn.documents.sources import load_pages
from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.pdf_layer import add_text_layer

MARK = (130, 400, 330, 420)  # left, bottom, right, top of a black bar in user space


def draw_bar(path, rotation=0, media=(0, 0, 595, 842), crop=None, count=1):
    """A PDF with a black bar on each page, and where the bar lies in its rendered pixels."""
    document = pikepdf.new()
    for _ in range(count):
        page = document.add_blank_page()
        page.obj.MediaBox = list(media)
        if crop:
            page.obj.CropBox = list(crop)
        if rotation:
            page.obj.Rotate = rotation
        left, bottom, right, top = MARK
        page.obj.Contents = document.make_stream(b"%d %d %d %d re f" % (left, bottom, right - left, top - bottom))
    document.save(path)
    image = next(load_pages(path, dpi=144))[1]
    rows, columns = np.nonzero(image[..., 0] < 128)
    return image.shape[1::-1], (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def read_bar(size, bar, text="在条上"):
    """What a recognizer would say: a line of text where the bar is, along its longer side."""
    left, top, right, bottom = bar
    if right - left > bottom - top:
        quad = [(left, top), (right, top), (right, bottom), (left, bottom)]
    else:
        quad = [(right, top), (right, bottom), (left, bottom), (left, top)]
    return Page(*size, [TextLine(text, 0.9, np.array(quad, float))])


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (50, 100, 545, 800), (-100, -100, 400, 2000)])
def test_text_lies_where_a_viewer_shows_it(tmp_path, rotation, crop):
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    size, bar = draw_bar(source, rotation, (-20, 30, 595, 842), crop)
    add_text_layer(source, [read_bar(size, bar)], target)
    found = boxes(target)
    assert "".join(box[0] for box in found) == "在条上"
    assert min(box[1] for box in found) == pytest.approx(MARK[0], abs=2)
    assert min(box[2] for box in found) == pytest.approx(MARK[1], abs=2)
    assert max(box[3] for box in found) == pytest.approx(MARK[2], abs=2)
    assert max(box[4] for box in found) == pytest.approx(MARK[3], abs=2)


def test_what_is_there_stays_as_it_is(tmp_path):
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    size, bar = draw_bar(source)
    before = next(load_pages(source, dpi=72))[1]
    add_text_layer(source, [read_bar(size, bar)], target)
    assert np.array_equal(next(load_pages(target, dpi=72))[1], before)
    with pikepdf.open(target) as document:
        assert b"130 400 200 20 re f" in b"".join(part.read_bytes() for part in document.pages[0].obj.Contents)


def test_coordinates_left_behind_by_the_page_do_not_move_the_text(tmp_path):
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    size, bar = draw_bar(source)
    with pikepdf.open(source, allow_overwriting_input=True) as document:
        contents = b"2 0 0 2 50 50 cm 0.5 0 0 0.5 -25 -25 cm " + document.pages[0].obj.Contents.read_bytes()
        document.pages[0].obj.Contents = document.make_stream(contents + b" 3 0 0 3 9 9 cm")
        document.save()
    add_text_layer(source, [read_bar(size, bar)], target)
    assert boxes(target)[0][1:] == pytest.approx((130, 400, 130 + 200 / 3, 420), abs=2)


def test_pages_left_alone_and_a_second_layer(tmp_path):
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    size, bar = draw_bar(source, count=3)
    add_text_layer(source, iter([read_bar(size, bar, "一"), None, Page(*size)]), target)
    assert texts(target) == ["一", "", ""]
    above = (bar[0], bar[1] - 100, bar[2], bar[3] - 100)
    add_text_layer(target, [read_bar(size, above, "二"), read_bar(size, bar, "三"), None], target)  # in place
    first, second, third = texts(target)
    assert (set(first.split()), second, third) == ({"一", "二"}, "三", "")


def test_the_same_layer_gives_the_same_bytes(tmp_path):
    size, bar = draw_bar(tmp_path / "a.pdf")
    for name in ("b.pdf", "c.pdf"):
        add_text_layer(tmp_path / "a.pdf", [read_bar(size, bar)], tmp_path / name)
    assert (tmp_path / "b.pdf").read_bytes() == (tmp_path / "c.pdf").read_bytes()


@pytest.mark.parametrize("given", [0, 1, 3])
def test_pages_must_be_as_many(tmp_path, given):
    draw_bar(tmp_path / "a.pdf", count=2)
    with pytest.raises(ConfigError, match="2 page"):
        add_text_layer(tmp_path / "a.pdf", [None] * given, tmp_path / "b.pdf")
    assert not (tmp_path / "b.pdf").exists()


def test_sources_that_cannot_be_read(tmp_path):
    draw_bar(tmp_path / "a.pdf")
    with pikepdf.open(tmp_path / "a.pdf") as document:
        document.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(user="u", owner="o"))
    (tmp_path / "text.pdf").write_text("no PDF at all")
    for name, said in [("locked.pdf", "password"), ("text.pdf", "PDF"), ("missing.pdf", "exist")]:
        with pytest.raises(ImageError, match=said):
            add_text_layer(tmp_path / name, [None], tmp_path / "b.pdf")
    assert not (tmp_path / "b.pdf").exists()
