"""Pages of PDFs."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from ctpn_crnn.documents.sources import load_page, load_pages, page_refs
from ctpn_crnn.errors import ConfigError, ImageError

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

    @pytest.mark.parametrize("before", [b"\n", b"HTTP/1.1 200 OK\r\n\r\n", bytes(1024)])
    def test_bytes_before_its_beginning(self, tmp_path, before):
        path = Path(self.make(tmp_path / "a.pdf"))
        path.write_bytes(before + path.read_bytes())
        assert [page.shape for _, page in load_pages(path, dpi=72)] == [(36, 72, 3), (72, 36, 3)]

    @pytest.mark.parametrize("box", ["[0 0 0 0]", "[0 0 0 100]", "[0 0 1 1]", "[0 0 1 100]", "[0 0 .01 .01]"])
    def test_a_page_of_next_to_no_size(self, tmp_path, box):
        (tmp_path / "a.pdf").write_text(HELLO.replace("/MediaBox [0 0 200 100] /Rotate", f"/MediaBox {box} /Rotate"))
        (_, first), (_, second) = load_pages(tmp_path / "a.pdf", dpi=72)
        assert first.shape == (100, 200, 3) and second.size

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
