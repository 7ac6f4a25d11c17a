"""Folders, patterns, and documents with several pages."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.documents.sources import load_page, load_pages, page_refs, sources
from ctpn_crnn.errors import ImageError


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

    def test_a_link_that_leads_nowhere_is_passed_on_and_named(self, tmp_path):
        link = tmp_path / "b.png"
        link.symlink_to("nowhere.png")
        (tmp_path / "c.txt").symlink_to("nowhere.txt")
        assert list(sources(tmp_path)) == list(sources(f"{tmp_path}/*.png")) == [str(link)]
        with pytest.raises(ImageError, match=r"b\.png is a link to nowhere\.png, which does not exist"):
            next(page_refs(link))

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

    def test_all_pages_of_a_tiff_are_read_without_a_warning(self, tmp_path, caplog):
        path = save_pages(tmp_path / "a.tif", (1, 2))
        assert len(list(load_pages(path))) == 2 and load_page(f"{path}#page=1").max() == 1
        assert not caplog.records

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
        Image.new("L", (30, 30)).save(path, save_all=True, append_images=[Image.new("L", (2, 2))])
        first, second = page_refs(path, max_pixels=100)
        assert second.load().shape == (2, 2, 3)
        with pytest.raises(ImageError, match="too large"):
            first.load()

    def test_tiff_in_memory(self, tmp_path):
        save_pages(tmp_path / "a.tif", (1, 2))
        data = (tmp_path / "a.tif").read_bytes()
        for source in (data, bytearray(data), io.BytesIO(data)):
            pages = list(load_pages(source))
            assert [name for name, _ in pages] == ["TIFF in memory#page=1", "TIFF in memory#page=2"]
            assert [int(image[0, 0, 0]) for _, image in pages] == [1, 2]

    def test_tiff_that_breaks_off(self, tmp_path):
        """Pages before the damage are read, and then it is reported."""
        path = save_pages(tmp_path / "a.tif", (1, 2, 3))
        data = bytearray((tmp_path / "a.tif").read_bytes())
        with Image.open(path) as image:
            image.seek(2)
            start = image._frame_pos[2]
        (tmp_path / "a.tif").write_bytes(data[: start + 9])
        refs = page_refs(path)
        assert [int(next(refs).load()[0, 0, 0]) for _ in range(2)] == [1, 2]
        with pytest.raises(ImageError, match=r"^(?!.*a\.tif.*a\.tif).*a\.tif is damaged after page 2"):
            next(refs)

    def test_file_objects(self, tmp_path):
        path = save(tmp_path / "a.png")
        with open(path, "rb") as file:
            assert next(page_refs(file)).load().shape == (3, 4, 3)
        with pytest.raises(ImageError, match="binary mode"):
            next(page_refs(io.StringIO("text")))
        with pytest.raises(ImageError, match="0 bytes"):
            next(page_refs(io.BytesIO()))

    def test_a_page_is_passed_on(self, tmp_path):
        ref = next(page_refs(save(tmp_path / "a.png")))
        assert list(sources([ref])) == [ref]
        assert list(sources(ref)) == [ref]
        assert list(page_refs(ref)) == [ref]
        assert load_page(ref).shape == (3, 4, 3)


class TestStandardInput:
    @pytest.fixture
    def give(self, monkeypatch):
        def give(data):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

        return give

    def test_image(self, tmp_path, give):
        save(tmp_path / "a.png")
        data = (tmp_path / "a.png").read_bytes()
        give(data)
        assert list(sources(["-"])) == ["-"]
        [(name, image)] = load_pages("-")
        assert (name, image.shape) == ("stdin", (3, 4, 3))
        give(data)
        assert load_page("-").shape == (3, 4, 3)

    def test_several_pages(self, tmp_path, give):
        save_pages(tmp_path / "a.tif", (1, 2))
        give((tmp_path / "a.tif").read_bytes())
        assert [name for name, _ in load_pages("-")] == ["stdin#page=1", "stdin#page=2"]

    def test_nothing(self, give):
        give(b"")
        with pytest.raises(ImageError, match="standard input: there is nothing"):
            next(page_refs("-"))

    def test_missing(self, tmp_path):
        with pytest.raises(ImageError, match="does not exist"):
            next(page_refs(tmp_path / "none.tif"))
