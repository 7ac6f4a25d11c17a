"""Searchable PDFs as documents: paper, metadata, parts on the disk, and the text of whole scans."""

import math
from collections import Counter
from contextlib import closing
from importlib.resources import files

import numpy as np
import pytest
from pdf_pages import LINE_END_HYPHEN, boxes, line, page_of, pdfium, pikepdf, problems, texts, write
from PIL import Image

from ctpn_crnn.documents.sources import load_pages
from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import pdf as pdf_module
from ctpn_crnn.writers import pdf_text
from ctpn_crnn.writers.pdf import PdfWriter, add_text_layer


def test_the_same_pages_give_the_same_bytes(tmp_path):
    pages = [page_of(line("相同 same", 10, 10, 300, 40)), page_of()]
    first, second = (write(tmp_path / name, *pages, picture="jpeg", title="t") for name in ("a.pdf", "b.pdf"))
    assert first.read_bytes() == second.read_bytes()


def test_metadata(tmp_path):
    path = write(tmp_path / "a.pdf", page_of(), title="合同", author="张三", language="zh-CN")
    with pikepdf.open(path) as document:
        assert (str(document.docinfo["/Title"]), str(document.docinfo["/Author"])) == ("合同", "张三")
        assert str(document.docinfo["/Producer"]).startswith("ctpn_crnn ")
        assert "/CreationDate" not in document.docinfo
        assert str(document.Root.Lang) == "zh-CN"
        with document.open_metadata() as about:
            assert about["dc:title"] == "合同"


def test_pages_moved_to_the_disk_on_the_way_make_the_same_document(tmp_path, monkeypatch):
    pages = [page_of(line(f"第{i}页 page {i}", 10, 10, 500, 40)) for i in range(7)]
    at_once = write(tmp_path / "a.pdf", *pages, picture="lossless")
    monkeypatch.setattr(pdf_module, "_HELD_PAGES", 3)
    in_parts = write(tmp_path / "b.pdf", *pages, picture="lossless")
    assert texts(in_parts) == texts(at_once) == [f"第{i}页 page {i}" for i in range(7)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "b.pdf"]
    with pikepdf.open(in_parts) as document:
        fonts = {page.resources["/Font"][pdf_text.FONT_KEY].objgen for page in document.pages}
        assert len(fonts) == 1
    assert problems(in_parts) == []


def test_an_error_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_module, "_HELD_PAGES", 1)
    with pytest.raises(RuntimeError), PdfWriter(tmp_path / "a.pdf", picture="none") as writer:
        writer.add(page_of())
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_document_without_pages_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="at least one page"), PdfWriter(tmp_path / "a.pdf"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_picture_is_needed_unless_none_is_wanted(tmp_path):
    with pytest.raises(OutputError, match="image"), PdfWriter(tmp_path / "a.pdf") as writer:
        writer.add(page_of())
    with PdfWriter(tmp_path / "b.pdf", picture="none") as writer:
        writer.add(page_of())
    assert (tmp_path / "b.pdf").exists()


@pytest.mark.parametrize(
    "option",
    [{"picture": "gif"}, {"quality": 0}, {"quality": 101}, {"quality": 80.5}, {"dpi": 0}, {"dpi": math.nan}],
)
def test_invalid_options_are_refused(tmp_path, option):
    with pytest.raises(ConfigError, match=next(iter(option))):
        PdfWriter(tmp_path / "a.pdf", **option)


def test_a_missing_pikepdf_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pikepdf", None)
    with pytest.raises(ConfigError, match="pip install"):
        PdfWriter(tmp_path / "a.pdf")


def test_page_size_is_that_of_the_paper(tmp_path):
    with closing(pdfium.PdfDocument(write(tmp_path / "a.pdf", page_of(width=1240, height=1754), dpi=150))) as document:
        assert document[0].get_size() == pytest.approx((595.2, 841.92), abs=0.01)


@pytest.mark.parametrize(("pixels", "paper"), [((1, 1), (3, 3)), ((1, 1240), (3, 892.8))])
def test_a_tiny_image_has_the_smallest_page(tmp_path, pixels, paper):
    path = write(tmp_path / "a.pdf", Page(*pixels, [line("小", 0, 0, 1, 1)]), dpi=100)
    with closing(pdfium.PdfDocument(path)) as document:
        assert document[0].get_size() == pytest.approx(paper, abs=0.01)
    assert problems(path) == []


def test_a_huge_image_fits_on_the_largest_page(tmp_path):
    page = Page(60_000, 600, [line("长", 59_000, 100, 500, 400)])
    path = write(tmp_path / "a.pdf", page, dpi=72)
    with closing(pdfium.PdfDocument(path)) as document:
        assert document[0].get_size() == pytest.approx((14_400, 144))
    assert boxes(path)[0][1] == pytest.approx(59_000 * 0.24, abs=3)


def character_f1(found, truth):
    """F1 of the multisets of characters, white space aside."""
    found, truth = (Counter("".join(text.replace(LINE_END_HYPHEN, "-").split())) for text in (found, truth))
    return 2 * (found & truth).total() / max(1, found.total() + truth.total())


def scan(path, seed, styles=("document", "table", "document")):
    """Writes a scanned document, an image-only PDF of rendered and degraded pages; each page's true regions."""
    from ctpn_crnn.crnn.charset import Charset
    from ctpn_crnn.synthesis.degradation import degrade
    from ctpn_crnn.synthesis.fonts import Font, FontLibrary
    from ctpn_crnn.synthesis.pages import render_page
    from ctpn_crnn.synthesis.text import Corpus

    charset = Charset.default()
    font = Font.open(str(files("ctpn_crnn") / "assets" / "CtpnCrnnSans.woff2"), 0, charset.characters)
    fonts, corpus = FontLibrary([font]), Corpus(None, charset, traditional=0.0, rare=0.0)
    rng = np.random.default_rng(seed)
    samples = [render_page(rng, fonts, corpus, None, style, (900, 700)) for style in styles]
    images = [Image.fromarray(degrade(rng, sample.image, 0.2)[..., ::-1]) for sample in samples]
    images[0].save(path, save_all=True, append_images=images[1:], resolution=100.0)
    return samples


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A scanned document and each page's true regions."""
    path = tmp_path_factory.mktemp("scanned") / "scan.pdf"
    return path, scan(path, seed=6)


def truth_text(samples):
    return "\n".join(region.text for sample in samples for region in sample.regions if region.kind == "text")


def oracle(sample, image):
    """What a perfect recognizer says of a page of the scan, rendered at any size."""
    scale = np.array(image.shape[1::-1]) / sample.image.shape[1::-1]
    lines = [
        TextLine("" if region.kind == "formula" else region.text, 1.0, region.quad * scale, region.kind)
        for region in sample.regions
    ]
    return Page(image.shape[1], image.shape[0], lines)


def test_a_scan_that_was_read_rightly_can_be_searched(scanned, tmp_path):
    source, samples = scanned
    assert "".join(texts(source)) == ""
    with PdfWriter(tmp_path / "a.pdf", dpi=200) as writer:
        for sample, (_, image) in zip(samples, load_pages(source, dpi=200), strict=True):
            writer.add(oracle(sample, image), image)
    assert character_f1("".join(texts(tmp_path / "a.pdf")), truth_text(samples)) >= 0.99


def test_a_scan_with_a_text_layer_can_be_searched(scanned, tmp_path):
    source, samples = scanned
    pages = (oracle(sample, image) for sample, (_, image) in zip(samples, load_pages(source, dpi=150)))
    add_text_layer(source, pages, tmp_path / "a.pdf")
    assert character_f1("".join(texts(tmp_path / "a.pdf")), truth_text(samples)) >= 0.99
    assert (tmp_path / "a.pdf").stat().st_size < source.stat().st_size + 40_000


def test_english_words_stay_apart(scanned, tmp_path):
    source, samples = scanned
    add_text_layer(source, (oracle(s, i) for s, (_, i) in zip(samples, load_pages(source))), tmp_path / "a.pdf")
    found, true = "\n".join(texts(tmp_path / "a.pdf")).split(), truth_text(samples).split()
    assert (Counter(found) & Counter(true)).total() >= 0.97 * len(true)


@pytest.mark.slow
def test_a_scan_read_with_the_shipped_weights_can_be_searched(tmp_path, capsys):
    from ctpn_crnn import Recognizer

    samples = scan(tmp_path / "scan.pdf", seed=6, styles=("document", "table", "document") * 6)
    recognizer = Recognizer()
    with PdfWriter(tmp_path / "a.pdf") as writer:
        for _, image in load_pages(tmp_path / "scan.pdf"):
            writer.add(recognizer.recognize(image), image)
    f1 = character_f1("".join(texts(tmp_path / "a.pdf")), truth_text(samples))
    with capsys.disabled():
        print(f"\nscanned document, shipped weights: character F1 {f1:.3f} of the extracted text")
    assert f1 > 0.9  # Measured: .957, least where print of 10 pixels stands under black specks.
