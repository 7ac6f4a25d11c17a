"""A single page in a script or a notebook."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import read_json
from ctpn_crnn.writers.one_page import draw, format_of, page_text, save_page, show


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "img.png"
    Image.new("RGB", (200, 100), "white").save(path)
    return Page(200, 100, [TextLine("a < b", 0.9, box_to_quad(20, 30, 120, 60))], str(path))


@pytest.mark.parametrize(
    "name", ["a.json", "a.txt", "a.md", "a.hocr", "a.tsv", "a.alto.xml", "a.PNG", "a.jpg", "a.pdf"]
)
def test_the_ending_tells_the_format(page, tmp_path, name):
    save_page(page, tmp_path / name)
    starts = {"json": b"{", "txt": b"a < b\n", "PNG": b"\x89PNG", "jpg": b"\xff\xd8", "pdf": b"%PDF-"}
    assert (tmp_path / name).read_bytes().startswith(starts.get(name.split(".")[-1], b""))
    assert format_of(name) in ("json", "txt", "md", "hocr", "tsv", "alto", "png", "pdf")


def test_what_was_saved_is_read_again(page, tmp_path):
    save_page(page, tmp_path / "named", format="json")
    assert read_json(tmp_path / "named") == [page]


@pytest.mark.parametrize("name", ["a", "a.exe"])
def test_an_unknown_ending(page, tmp_path, name):
    with pytest.raises(ConfigError, match="stands for no format"):
        save_page(page, tmp_path / name)


def test_text(page):
    assert page_text(page) == "a < b\n" and page_text(page, "md") == "a \\< b\n"
    assert ">&lt;</span>" in page_text(page, "hocr")
    for name in ("png", "pdf", "exe"):
        with pytest.raises(ConfigError):
            page_text(page, name)


def test_a_page_is_drawn_beside_its_text(page):
    drawn = draw(page)
    assert drawn.mode == "RGB" and drawn.width / drawn.height == 4
    left, right = np.asarray(drawn)[:, : drawn.width // 2], np.asarray(drawn)[:, drawn.width // 2 :]
    red, green, _ = left.astype(int).transpose(2, 0, 1)
    assert (green - red > 60).any() and (right[:, 20:] < 100).any()  # a green outline; black text


def test_a_page_from_memory_needs_its_image(page):
    page.source = None
    with pytest.raises(ConfigError, match="give its image"):
        draw(page)
    assert draw(page, np.zeros((100, 200), np.uint8)).height % 100 == 0


def test_a_notebook_shows_picture_and_text(page):
    shown = show(page)._repr_html_()
    data = re.search(r"base64,([^\"]+)", shown)[1]
    assert Image.open(io.BytesIO(base64.b64decode(data))).width <= 1600
    assert "<pre" in shown and "a &lt; b" in shown
    page.source = None
    assert "<img" not in show(page)._repr_html_()
