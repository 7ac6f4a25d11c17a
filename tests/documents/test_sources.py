"""Folders, patterns, and documents with several pages."""

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.documents.sources import load_page, load_pages, page_refs, sources
from ctpn_crnn.errors import ConfigError, ImageError


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


class TestResolution:
    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp"])
    def test_of_a_file(self, tmp_path, suffix):
        path = tmp_path / f"a{suffix}"
        Image.new("L", (300, 600)).save(path, dpi=(150, 150))
        for ref in (*page_refs(path), *page_refs(path.read_bytes())):
            assert ref.dpi == pytest.approx(150, abs=0.1)
            assert ref.size_points == pytest.approx((144, 288), abs=0.2)
            assert ref.text == ""

    def test_faxes_have_two(self, tmp_path):
        path = tmp_path / "a.tif"
        Image.new("1", (408, 196)).save(path, dpi=(204, 98))
        [ref] = page_refs(path)
        assert (ref.dpi, ref.size_points) == (204, (144, 144))

    def test_pages_of_a_tiff_have_their_own(self, tmp_path):
        first, second = Image.new("L", (100, 100)), Image.new("L", (100, 50))
        first.save(tmp_path / "a.tif", save_all=True, append_images=[second], dpi=(100, 100))
        assert [ref.size_points for ref in page_refs(tmp_path / "a.tif")] == [(72, 72), (72, 36)]

    def test_turned_by_exif(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6  # turn by 90 degrees to show
        Image.new("L", (300, 600)).save(tmp_path / "a.jpg", dpi=(150, 100), exif=exif)
        [ref] = page_refs(tmp_path / "a.jpg")
        assert ref.load().shape == (300, 600, 3)
        assert (ref.dpi, ref.size_points) == (100, (432, 144))

    @pytest.mark.parametrize(("tags", "dpi"), [({0x0112: 1}, None), ({0x011A: 300.0, 0x0128: 2}, 300)])
    def test_a_photograph_with_exif_but_without_a_resolution(self, tmp_path, tags, dpi):
        """Pillow says 72 of it."""
        exif = Image.Exif()
        for tag, value in tags.items():
            exif[tag] = value
        Image.new("L", (300, 600)).save(tmp_path / "a.jpg", exif=exif)
        with Image.open(tmp_path / "a.jpg") as image:
            assert image.info["dpi"][0] == (dpi or 72)
        [ref] = page_refs(tmp_path / "a.jpg")
        assert ref.dpi == dpi

    def test_unknown(self, tmp_path):
        Image.new("L", (9000, 20)).save(tmp_path / "a.jpg", dpi=(72, 72))  # 125 inches: nobody measured that
        Image.new("L", (9, 20)).save(tmp_path / "b.png")
        sources = (tmp_path / "a.jpg", tmp_path / "b.png", np.zeros((9, 9)), Image.new("L", (9, 9)))
        for ref in (next(page_refs(source)) for source in sources):
            assert (ref.dpi, ref.size_points, ref.text) == (None, None, "")


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


HELLO = """%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R 6 0 R] /Count 2>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>> endobj
4 0 obj <</Length 66>> stream
BT /F1 20 Tf 20 60 Td (Hello) Tj 0 -30 Td (two words) Tj ET
endstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
6 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Rotate 90>> endobj
trailer <</Root 1 0 R>>
"""
"""Two pages: text, and an empty one lying on its side."""


class TestPdf:
    @pytest.fixture(autouse=True)
    def pdfium(self):
        return pytest.importorskip("pypdfium2")

    def make(self, path) -> str:
        first, second = Image.new("RGB", (72, 36), "red"), Image.new("RGB", (36, 72), "blue")
        first.save(path, "PDF", resolution=72, save_all=True, append_images=[second])
        return str(path)

    @pytest.fixture
    def opened(self, pdfium, monkeypatch):
        """Every document that is opened."""
        made = []
        monkeypatch.setattr(pdfium, "PdfDocument", recording(pdfium.PdfDocument, made))
        return made

    def test_pages(self, tmp_path):
        path = self.make(tmp_path / "a.pdf")
        (name1, page1), (name2, page2) = load_pages(path, dpi=144)
        assert (name1, name2) == (f"{path}#page=1", f"{path}#page=2")
        assert (page1.shape, page2.shape) == ((72, 144, 3), (144, 72, 3))
        assert abs(page1[30, 30].astype(int) - (0, 0, 255)).max() < 15  # red, as BGR
        assert abs(page2[30, 30].astype(int) - (255, 0, 0)).max() < 15
        with open(path, "rb") as file:
            assert len(list(load_pages(file))) == 2
        assert load_page(f"{path}#page=2", dpi=72).shape == (72, 36, 3)

    def test_posters_get_less_resolution(self, tmp_path):
        ref = next(page_refs(self.make(tmp_path / "a.pdf"), dpi=7200, max_pixels=10_000))
        page = ref.load()
        assert 8_000 < page.shape[0] * page.shape[1] <= 10_000
        assert page.shape[1] == pytest.approx(ref.dpi, abs=1)  # it is an inch wide

    def test_less_resolution_is_said_once(self, tmp_path, caplog):
        list(load_pages(self.make(tmp_path / "a.pdf"), dpi=7200, max_pixels=10_000))
        [record] = caplog.records
        assert "a.pdf#page=1 would have more than 0.01 million pixels at 7200 dpi" in record.getMessage()
        list(load_pages(tmp_path / "a.pdf", dpi=72, max_pixels=10_000))
        assert len(caplog.records) == 1

    def test_a_picture_that_is_lost_is_said(self, tmp_path, caplog):
        data = Path(self.make(tmp_path / "a.pdf")).read_bytes()
        assert {image.min() for _, image in load_pages(data)} == {0} and not caplog.records
        start = data.rindex(b"\xff\xd8\xff")
        (tmp_path / "a.pdf").write_bytes(data[:start] + bytes(40) + data[start + 40 :])
        pages = [image.min() for _, image in load_pages(tmp_path / "a.pdf")]
        assert pages == [0, 255]
        [record] = caplog.records
        assert "a.pdf#page=2 is read as a blank page: its picture is damaged" in record.getMessage()

    def test_size_and_text(self, tmp_path):
        (tmp_path / "a.pdf").write_text(HELLO)
        first, second = page_refs(tmp_path / "a.pdf", dpi=100)
        assert (first.size_points, first.dpi, first.text) == ((200, 100), 100, "Hello\ntwo words")
        assert (second.size_points, second.dpi, second.text) == ((100, 200), 100, "")
        assert first.load().min() < 60  # ink
        assert second.load().shape == (278, 139, 3)

    def test_the_document_is_opened_once_and_closed(self, tmp_path, opened):
        refs = page_refs(self.make(tmp_path / "a.pdf"))
        kept = []
        for ref in refs:
            kept.append(ref)
            ref.load(), ref.text, ref.dpi
            assert len(opened) == 1
        assert opened[0].closed
        assert kept[0].load().shape == kept[0].load().shape  # later it opens for itself, and closes
        assert [pdf.closed for pdf in opened] == [True] * 3

    def test_it_is_closed_when_the_caller_stops_early(self, tmp_path, opened):
        refs = page_refs(self.make(tmp_path / "a.pdf"))
        next(refs)
        refs.close()
        assert [pdf.closed for pdf in opened] == [True]

    def test_nothing_is_rendered_before_it_is_asked_for(self, tmp_path, pdfium, monkeypatch):
        monkeypatch.setattr(pdfium.PdfPage, "render", lambda *_, **__: pytest.fail("rendered"))
        (tmp_path / "a.pdf").write_text(HELLO)
        assert [ref.text for ref in page_refs(tmp_path / "a.pdf")] == ["Hello\ntwo words", ""]

    def test_threads_do_not_enter_pdfium_together(self, tmp_path):
        """PDFium crashes or errs when they do."""
        (tmp_path / "a.pdf").write_text(HELLO)
        refs = list(page_refs(tmp_path / "a.pdf"))
        with ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(lambda number: (refs[number % 2].load().shape, refs[number % 2].text), range(40)))
        assert texts == [((278, 556, 3), "Hello\ntwo words"), ((556, 278, 3), "")] * 20

    @pytest.mark.parametrize("data", [b"%PDF-1.7 nothing more", b"%PDF-"])
    def test_damaged(self, tmp_path, data):
        path = tmp_path / "a.pdf"
        path.write_bytes(data)
        with pytest.raises(ImageError, match=r"a\.pdf cannot be read as a PDF: .*damaged"):
            next(page_refs(path))

    def test_a_damaged_page_does_not_hide_the_others(self, tmp_path):
        (tmp_path / "a.pdf").write_text(HELLO.replace("/Kids [3 0 R", "/Kids [9 0 R"))
        first, second = page_refs(tmp_path / "a.pdf", dpi=72)
        with pytest.raises(ImageError, match="#page=1 is damaged"):
            first.load()
        assert second.load().shape == (200, 100, 3)

    def test_encrypted(self, tmp_path):
        pikepdf = pytest.importorskip("pikepdf")
        path = tmp_path / "secret.pdf"
        with pikepdf.open(self.make(tmp_path / "a.pdf")) as pdf:
            pdf.save(path, encryption=pikepdf.Encryption(owner="boss", user="open sesame"))
        with pytest.raises(ImageError, match=r"secret\.pdf is encrypted, and opens with a password"):
            next(page_refs(path))
        with pytest.raises(ImageError, match="password given does not open it") as caught:
            next(page_refs(path, password="open wide"))
        assert "open wide" not in str(caught.value)
        # PDFium's reason is that of the file before, where it has none of its own.
        with pikepdf.new() as pdf:
            pdf.save(tmp_path / "none.pdf")
        with pytest.raises(ImageError, match="password"):
            next(page_refs(path))
        with pytest.raises(ImageError, match="damaged, truncated, or has no pages"):
            next(page_refs(tmp_path / "none.pdf"))
        assert [image.shape for _, image in load_pages(path, password="open sesame", dpi=72)] == [
            (36, 72, 3),
            (72, 36, 3),
        ]
        assert load_page(f"{path}#page=2", password="open sesame", dpi=72).shape == (72, 36, 3)

    @pytest.mark.parametrize("dpi", [0, -1, float("nan"), float("inf")])
    def test_resolution_that_makes_no_sense(self, tmp_path, dpi):
        with pytest.raises(ConfigError, match="dpi"):
            next(page_refs(self.make(tmp_path / "a.pdf"), dpi=dpi))

    def test_without_pypdfium2(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pypdfium2", None)
        with pytest.raises(ImageError, match="pip install pypdfium2"):
            next(page_refs(self.make(tmp_path / "a.pdf")))


def recording(kind, made):
    class Recording(kind):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.closed = False
            made.append(self)

        def close(self):
            super().close()
            self.closed = True

    return Recording
