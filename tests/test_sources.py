"""Folders, patterns, and documents with several pages."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.errors import ImageError
from ctpn_crnn.sources import load_page, load_pages, page_refs, sources


def save(path, value=7, **options):
    Image.new("L", (4, 3), value).save(path, **options)
    return str(path)


def save_pages(path, values):
    first, *others = (Image.new("L", (4, 3), value) for value in values)
    first.save(path, save_all=True, append_images=others)
    return str(path)


class TestSources:
    def test_folder_in_natural_order_images_only(self, tmp_path):
        for name in ("p10.png", "p2.JPG", "p1.tif"):
            save(tmp_path / name)
        (tmp_path / "notes.txt").touch()
        (tmp_path / ".hidden.png").touch()
        (tmp_path / "inner.png").mkdir()
        (tmp_path / "a.pdf").touch()
        names = [str(tmp_path / name) for name in ("a.pdf", "p1.tif", "p2.JPG", "p10.png")]
        assert list(sources(tmp_path)) == names

    def test_patterns(self, tmp_path):
        (tmp_path / "in").mkdir()
        first, second = save(tmp_path / "a.png"), save(tmp_path / "in" / "b.png")
        assert list(sources(f"{tmp_path}/*.png")) == [first]
        assert list(sources(f"{tmp_path}/**/*.png")) == [first, second]

    def test_a_name_that_looks_like_a_pattern(self, tmp_path):
        path = save(tmp_path / "scan[1].png")
        assert list(sources(path)) == [path]

    def test_what_is_not_there_is_passed_on_for_the_report(self, tmp_path):
        (tmp_path / "empty").mkdir()
        given = [str(tmp_path / "none.png"), f"{tmp_path}/*.bmp", str(tmp_path / "empty")]
        assert list(sources(given)) == given

    def test_lists_nest_and_memory_passes(self, tmp_path):
        path = save(tmp_path / "a.png")
        array, data, image, stream = np.zeros((2, 2)), b"abc", Image.new("L", (1, 1)), io.BytesIO()
        given = list(sources([[tmp_path], (array, data), image, stream]))
        assert given[0] == path
        assert all(a is b for a, b in zip(given[1:], (array, data, image, stream)))
        assert list(sources([])) == []


class TestPages:
    def test_single_images(self, tmp_path):
        path = save(tmp_path / "a.png")
        [(name, image)] = load_pages(path)
        assert (name, image.shape) == (path, (3, 4, 3))
        [(name, image)] = load_pages(np.zeros((2, 2), np.uint8))
        assert (name, image.shape) == (None, (2, 2, 3))

    def test_tiff(self, tmp_path):
        path = save_pages(tmp_path / "a.tif", (1, 2, 3))
        pages = list(load_pages(path))
        assert [name for name, _ in pages] == [f"{path}#page={number}" for number in (1, 2, 3)]
        assert [int(image[0, 0, 0]) for _, image in pages] == [1, 2, 3]
        assert load_page(f"{path}#page=2")[0, 0, 0] == 2
        single = save(tmp_path / "b.tif")
        assert [name for name, _ in load_pages(single)] == [single]

    def test_no_such_page(self, tmp_path):
        path = save_pages(tmp_path / "a.tif", (1, 2))
        with pytest.raises(ImageError, match="2 page"):
            load_page(f"{path}#page=3")

    def test_a_file_with_such_a_name(self, tmp_path):
        assert load_page(save(tmp_path / "a#page=9", format="PNG")).shape == (3, 4, 3)

    def test_frame_too_large(self, tmp_path):
        path = tmp_path / "a.tif"
        Image.new("L", (2, 2)).save(path, save_all=True, append_images=[Image.new("L", (30, 30))])
        first, second = page_refs(path, max_pixels=100)
        assert first.load().shape == (2, 2, 3)
        with pytest.raises(ImageError, match="too large"):
            second.load()

    def test_missing(self, tmp_path):
        with pytest.raises(ImageError, match="does not exist"):
            next(page_refs(tmp_path / "none.tif"))


class TestPdf:
    def make(self, path) -> str:
        first, second = Image.new("RGB", (72, 36), "red"), Image.new("RGB", (36, 72), "blue")
        first.save(path, "PDF", resolution=72, save_all=True, append_images=[second])
        return str(path)

    def test_pages(self, tmp_path):
        pytest.importorskip("pypdfium2")
        path = self.make(tmp_path / "a.pdf")
        (name1, page1), (name2, page2) = load_pages(path, dpi=144)
        assert (name1, name2) == (f"{path}#page=1", f"{path}#page=2")
        assert (page1.shape, page2.shape) == ((72, 144, 3), (144, 72, 3))
        assert abs(page1[30, 30].astype(int) - (0, 0, 255)).max() < 15  # red, as BGR
        assert abs(page2[30, 30].astype(int) - (255, 0, 0)).max() < 15
        with open(path, "rb") as file:
            assert len(list(load_pages(file.read()))) == 2

    def test_posters_get_less_resolution(self, tmp_path):
        pytest.importorskip("pypdfium2")
        _, page = next(load_pages(self.make(tmp_path / "a.pdf"), dpi=7200, max_pixels=10_000))
        assert 8_000 < page.shape[0] * page.shape[1] <= 10_000

    def test_damaged(self, tmp_path):
        pytest.importorskip("pypdfium2")
        path = tmp_path / "a.pdf"
        path.write_bytes(b"%PDF-1.7 nothing more")
        with pytest.raises(ImageError, match="cannot be read as a PDF"):
            next(page_refs(path))

    def test_without_pypdfium2(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pypdfium2", None)
        with pytest.raises(ImageError, match="pip install pypdfium2"):
            next(page_refs(self.make(tmp_path / "a.pdf")))
