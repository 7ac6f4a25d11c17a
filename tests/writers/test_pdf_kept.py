"""PDFs that keep everything and get text."""

import hashlib
import io

import numpy as np
import pytest
from pdf_pages import boxes, pikepdf, texts
from PIL import Image

from ctpn_crnn.documents.sources import load_pages
from ctpn_crnn.errors import ImageError, OutputError
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.pdf import PdfWriter

SIZE = (595, 842)


def scan(path, count=3, **encryption):
    """A PDF of JPEG scans with everything that must stay: bookmarks, a link, metadata, a rotation, a page label."""
    pdf = pikepdf.new()
    for number in range(count):
        file = io.BytesIO()
        Image.effect_noise((300, 400), 60 + number).save(file, "JPEG")
        picture = pdf.make_stream(file.getvalue(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
        picture.update({"/Width": 300, "/Height": 400, "/BitsPerComponent": 8})
        picture.ColorSpace, picture.Filter = pikepdf.Name.DeviceGray, pikepdf.Name.DCTDecode
        page = pdf.add_blank_page(page_size=SIZE)
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=picture))
        page.Contents = pdf.make_stream(b"595 0 0 842 0 0 cm /Im Do")
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[9, 9, 99, 99], Border=[0, 0, 1])
    pdf.pages[0].Annots = pdf.make_indirect([link])
    pdf.pages[-1].Rotate = 180
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Chapter", count - 1))
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "A scan"
    pdf.docinfo["/Scanner"] = "Model 7"
    pdf.save(path, **encryption)
    return path


def read(number, text="甲乙丙丁", quad=((100, 100), (400, 100), (400, 130), (100, 130)), source="a.pdf"):
    return Page(*SIZE, [TextLine(text, 0.9, np.array(quad, float))], f"{source}#page={number}")


def written(target, source, *pages, **options):
    with PdfWriter(target, source=source, **options) as writer:
        for page in pages:
            writer.add(page)
    return target


def pictures(path, password=""):
    """Hash of the stored bytes of each page's picture."""
    with pikepdf.open(path, password=password) as pdf:
        return [hashlib.sha256(page.Resources.XObject.Im.read_raw_bytes()).hexdigest() for page in pdf.pages]


def test_everything_stays_and_the_text_is_added(tmp_path):
    source, target = scan(tmp_path / "a.pdf"), tmp_path / "b.pdf"
    written(target, source, *(read(number + 1, text) for number, text in enumerate(["甲", "乙", "丙"])))
    assert texts(target) == ["甲", "乙", "丙"]
    assert pictures(target) == pictures(source)
    assert target.stat().st_size - source.stat().st_size <= 0.05 * source.stat().st_size + 3 * 20_000
    with pikepdf.open(target) as after, pikepdf.open(source) as before:
        assert [page.get("/Rotate") for page in after.pages] == [None, None, 180]
        assert [list(page.mediabox) for page in after.pages] == [list(page.mediabox) for page in before.pages]
        assert after.pages[0].Annots[0].Rect == before.pages[0].Annots[0].Rect
        assert after.docinfo["/Scanner"] == "Model 7"
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        with after.open_outline() as outline:
            assert outline.root[0].title == "Chapter"
            assert outline.root[0].destination[0].objgen == after.pages[2].obj.objgen
    for (_, shown), (_, expected) in zip(load_pages(target, dpi=72), load_pages(source, dpi=72)):
        assert np.array_equal(shown, expected)


def test_pages_that_were_not_read_stay(tmp_path):
    target = written(tmp_path / "b.pdf", scan(tmp_path / "a.pdf"), read(2))
    assert texts(target) == ["", "甲乙丙丁", ""]


def test_pages_without_numbers_come_in_order(tmp_path):
    pages = [Page(*SIZE, read(1, text).lines) for text in "甲乙丙"]
    assert texts(written(tmp_path / "b.pdf", scan(tmp_path / "a.pdf").read_bytes(), *pages)) == ["甲", "乙", "丙"]


def test_one_page_of_a_document(tmp_path):
    source = scan(tmp_path / "a.pdf")
    target = written(tmp_path / "b.pdf", source, read(2), only=2)
    assert texts(target) == ["甲乙丙丁"]
    assert pictures(target) == pictures(source)[1:2]
    with pikepdf.open(target) as pdf:
        assert pdf.docinfo["/Scanner"] == "Model 7" and "/Outlines" not in pdf.Root


@pytest.mark.parametrize("user", ["", "open"])
@pytest.mark.parametrize("revision", [3, 6])
def test_protection_stays(tmp_path, user, revision):
    source = tmp_path / "a.pdf"
    encryption = pikepdf.Encryption(owner="owner", user=user, R=revision, aes=revision > 4, metadata=revision > 4)
    scan(source, encryption=encryption)
    target = written(tmp_path / "b.pdf", source, read(1), password=user or None)
    assert pictures(target, user) == pictures(source, user)
    with pikepdf.open(target, password=user) as pdf:
        assert pdf.is_encrypted and pdf.encryption.R == revision
    if user:
        with pytest.raises(pikepdf.PasswordError):
            pikepdf.open(target)


def test_text_that_is_there_already_is_not_added_again(tmp_path):
    first = written(tmp_path / "b.pdf", scan(tmp_path / "a.pdf"), read(1))
    below = read(1, "另外一行", [(100, 140), (400, 140), (400, 170), (100, 170)])
    page = Page(*SIZE, [*read(1).lines, *below.lines], "b.pdf#page=1")
    assert texts(written(tmp_path / "c.pdf", first, page))[0].split() == ["甲乙丙丁", "另外一行"]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_text_that_was_read_turned_turns_the_page(tmp_path, turn):
    quad = np.roll([(100, 100), (400, 100), (400, 400), (100, 400)], turn // 90, axis=0)  # starts at another corner
    page = read(1, quad=quad)
    assert page.orientation == turn
    target = written(tmp_path / "b.pdf", scan(tmp_path / "a.pdf"), page, read(3, quad=quad))
    with pikepdf.open(target) as pdf:
        assert int(pdf.pages[0].get("/Rotate", 0)) == turn
        assert int(pdf.pages[2].Rotate) == (180 + turn) % 360


@pytest.mark.parametrize("degrees", [-4, 3])
def test_level_turns_the_content_and_not_the_pixels(tmp_path, degrees):
    """A bar is drawn and read along a slope; afterwards both lie level in the same place."""
    source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
    slope = np.radians(degrees)  # of pixels: clockwise as seen
    along, down = np.array([np.cos(slope), np.sin(slope)]), np.array([-np.sin(slope), np.cos(slope)])
    corner = np.array([150.0, 300.0])
    quad = np.array([corner, corner + 300 * along, corner + 300 * along + 20 * down, corner + 20 * down])
    pdf = pikepdf.new()
    points = " l ".join(f"{x} {842 - y}" for x, y in quad).replace(" l ", " m ", 1) + " l f"
    pdf.add_blank_page(page_size=SIZE).Contents = pdf.make_stream(points.encode())
    pdf.save(source)
    written(target, source, read(1, quad=quad), level=True)
    rows, columns = np.nonzero(next(load_pages(target, dpi=72))[1][..., 0] < 128)
    assert np.ptp(rows) == pytest.approx(20, abs=2) and np.ptp(columns) == pytest.approx(300, abs=3)
    found = boxes(target)
    assert "".join(box[0] for box in found) == "甲乙丙丁"
    assert 842 - max(box[4] for box in found) == pytest.approx(rows.min(), abs=2)
    assert 842 - min(box[2] for box in found) == pytest.approx(rows.max(), abs=2)
    assert min(box[1] for box in found) == pytest.approx(columns.min(), abs=2)


def test_level_leaves_pages_with_annotations(tmp_path):
    source = scan(tmp_path / "a.pdf")
    leaning = read(1, quad=[(100, 100), (400, 120), (398, 150), (98, 130)])
    target = written(tmp_path / "b.pdf", source, leaning, level=True)
    assert np.array_equal(next(load_pages(target, dpi=72))[1], next(load_pages(source, dpi=72))[1])


def test_what_cannot_be_kept_is_said(tmp_path):
    source = scan(tmp_path / "a.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(ImageError, match="--password"):
        PdfWriter(tmp_path / "b.pdf", source=source)
    with pytest.raises(ImageError, match="damaged"):
        PdfWriter(tmp_path / "b.pdf", source=b"%PDF-1.4 and nothing more")
    plain = scan(tmp_path / "c.pdf", 2)
    with pytest.raises(OutputError, match=r"page 9 of .*c\.pdf .*--rasterize"):
        written(tmp_path / "b.pdf", plain, read(9))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "c.pdf"]
