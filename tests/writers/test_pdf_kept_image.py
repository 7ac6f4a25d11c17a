"""Pictures of image files in a PDF: the same bytes where PDF knows their coding, the same pixels elsewhere."""

import io
import warnings

import numpy as np
import pytest
from pdf_pages import pdfium, pikepdf, texts
from PIL import Image

from ctpn_crnn.documents.sources import load_pages, page_refs
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.pdf import PdfWriter

pytest.importorskip("img2pdf")


def picture(mode="RGB", size=(60, 40)):
    """A smooth picture that looks different in each of the eight EXIF orientations."""
    x, y = np.meshgrid(np.linspace(0, 200, size[0]), np.linspace(0, 120, size[1]))
    return Image.fromarray(np.stack([x, y, (x + y) / 2], axis=-1).astype(np.uint8)).convert(mode)


def written(tmp_path, source, **options):
    """The PDF of a source of which each page was read as one line."""
    target = tmp_path / "out.pdf"
    with PdfWriter(target, source=source, **options) as writer:
        for name, image in load_pages(source):
            height, width = image.shape[:2]
            line = TextLine("甲", 0.9, np.array([(5, 5), (25, 5), (25, 15), (5, 15)], float))
            writer.add(Page(width, height, [line], name), image)
    return target


def only_image(page):
    (image,) = page.Resources.XObject.values()
    return image


@pytest.mark.parametrize(("suffix", "coding"), [("jpg", "/DCTDecode"), ("jp2", "/JPXDecode")])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_compressed_pictures_keep_their_bytes(tmp_path, suffix, coding, mode):
    source = tmp_path / f"a.{suffix}"
    picture(mode).save(source)
    with pikepdf.open(written(tmp_path, source)) as pdf:
        image = only_image(pdf.pages[0])
        assert (image.Filter, image.read_raw_bytes()) == (coding, source.read_bytes())


def test_a_jpeg_in_memory_keeps_its_bytes(tmp_path):
    file = io.BytesIO()
    picture().save(file, "JPEG")
    with pikepdf.open(written(tmp_path, file.getvalue())) as pdf:
        assert only_image(pdf.pages[0]).read_raw_bytes() == file.getvalue()


def test_fax_pages_stay_ccitt_and_have_the_size_of_the_paper(tmp_path):
    source = tmp_path / "a.tif"
    pages = [picture("1", (204, 98)), picture("1", (408, 196))]
    pages[0].save(source, compression="group4", save_all=True, append_images=pages[1:], dpi=(204, 98))
    with pikepdf.open(written(tmp_path, source)) as pdf:
        assert [pikepdf.PdfImage(only_image(page)).filters for page in pdf.pages] == [["/CCITTFaxDecode"]] * 2
        assert [float(side) for side in pdf.pages[0].mediabox] == [0, 0, 72, 72]  # an inch by an inch
        for page, before in zip(pdf.pages, pages):
            after = pikepdf.PdfImage(only_image(page)).as_pil_image().convert("1")
            assert np.array_equal(np.asarray(after), np.asarray(before))


@pytest.mark.parametrize(
    ("mode", "suffix"), [("RGB", "png"), ("L", "png"), ("P", "png"), ("RGB", "tif"), ("RGB", "bmp")]
)
def test_other_pictures_keep_their_pixels(tmp_path, mode, suffix):
    source = tmp_path / f"a.{suffix}"
    picture(mode).save(source)
    with pikepdf.open(written(tmp_path, source)) as pdf:
        after = pikepdf.PdfImage(only_image(pdf.pages[0])).as_pil_image().convert("RGB")
    assert np.array_equal(np.asarray(after), np.asarray(Image.open(source).convert("RGB")))


def test_a_transparent_picture_is_kept_as_it_was_read(tmp_path):
    source = tmp_path / "a.png"
    made = picture("RGBA")
    made.putalpha(0)
    made.save(source)
    with pikepdf.open(written(tmp_path, source)) as pdf:
        after = pikepdf.PdfImage(only_image(pdf.pages[0])).as_pil_image().convert("RGB")
    assert np.array_equal(np.asarray(after)[..., ::-1], next(load_pages(source))[1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_shown_as_their_exif_says(tmp_path, orientation):
    source = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture().save(source, exif=exif, quality=95, dpi=(72, 72))
    target = written(tmp_path, source)
    with pikepdf.open(target) as pdf:
        assert only_image(pdf.pages[0]).read_raw_bytes() == source.read_bytes()
    (_, shown), (_, expected) = next(load_pages(target, dpi=72)), next(load_pages(source))
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).mean() < 3  # a wrong orientation gives 20 or more


def test_a_picture_on_its_side_is_turned_for_display_only(tmp_path):
    source, target = tmp_path / "a.jpg", tmp_path / "b.pdf"
    picture().save(source, dpi=(72, 72))
    upwards = np.array([(10, 30), (10, 5), (20, 5), (20, 30)], float)  # reads from below to above
    with PdfWriter(target, source=source) as writer:
        writer.add(Page(60, 40, [TextLine("上行", 0.9, upwards)]), next(page_refs(source)).load())
    with pikepdf.open(target) as pdf:
        assert pdf.pages[0].Rotate == 90
        assert only_image(pdf.pages[0]).read_raw_bytes() == source.read_bytes()
    assert texts(target) == ["上行"]


def test_an_odd_size_gives_no_warning(tmp_path, caplog):
    source = tmp_path / "a.png"
    Image.new("L", (3, 3)).save(source)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        target = written(tmp_path, source)
    assert not caplog.records
    assert pdfium.PdfDocument(target)[0].get_size() == (3, 3)  # points, the least that viewers accept
