"""The pictures of PDF pages."""

import numpy as np
import pytest
from pdf_pages import line, pikepdf
from PIL import Image

from ctpn_crnn.documents.images import load_image
from ctpn_crnn.documents.sources import load_pages
from ctpn_crnn.errors import ImageError
from ctpn_crnn.page import Page
from ctpn_crnn.writers.pdf import PdfWriter
from ctpn_crnn.writers.pdf_image import jpeg_image


def stored_picture(document):
    """The only picture of the first page."""
    ((_, image),) = document.pages[0].obj.Resources.XObject.items()
    return image


def noise(seed=1, size=(90, 120)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def added(tmp_path, image, source=None, **options):
    path = tmp_path / "picture.pdf"
    with PdfWriter(path, **options) as writer:
        writer.add(Page(image.shape[1], image.shape[0], [], source), image)
    return path


def test_lossless_keeps_every_pixel(tmp_path):
    image = noise()
    path = added(tmp_path, image, picture="lossless", dpi=72)
    with pikepdf.open(path) as document:
        stored = pikepdf.PdfImage(stored_picture(document)).as_pil_image()
    assert np.array_equal(np.asarray(stored)[..., ::-1], image)
    assert np.array_equal(next(load_pages(path, dpi=72))[1], image)


def test_black_and_white_takes_one_bit(tmp_path):
    image = np.where(noise()[..., :1] > 127, 255, 0).astype(np.uint8).repeat(3, 2)
    path = added(tmp_path, image, picture="lossless", dpi=72)
    with pikepdf.open(path) as document:
        assert stored_picture(document).BitsPerComponent == 1
    assert np.array_equal(next(load_pages(path, dpi=72))[1], image)


@pytest.mark.parametrize("picture", ["jpeg", "lossless"])
def test_grey_has_one_channel(tmp_path, picture):
    image = noise()[..., :1].repeat(3, 2)
    path = added(tmp_path, image, picture=picture)
    with pikepdf.open(path) as document:
        assert stored_picture(document).ColorSpace == "/DeviceGray"


def test_jpeg_obeys_its_quality(tmp_path):
    image = np.asarray(Image.fromarray(noise(size=(9, 12))).resize((120, 90), Image.Resampling.BICUBIC))
    coarse = added(tmp_path, image, picture="jpeg", quality=20, dpi=72).stat().st_size
    path = added(tmp_path, image, picture="jpeg", quality=95, dpi=72)
    assert coarse < path.stat().st_size
    assert np.abs(next(load_pages(path, dpi=72))[1].astype(int) - image).mean() < 4


def test_the_original_jpeg_is_kept_byte_for_byte(tmp_path):
    source = tmp_path / "photo.jpg"
    Image.fromarray(noise()).save(source, quality=70)
    path = added(tmp_path, load_image(source), str(source))
    with pikepdf.open(path) as document:
        assert stored_picture(document).read_raw_bytes() == source.read_bytes()


@pytest.mark.parametrize("change", ["turned by EXIF", "other pixels", "CMYK", "not JPEG", "gone", "document page"])
def test_another_original_is_encoded_anew(tmp_path, change):
    source = tmp_path / "photo.jpg"
    picture, exif = Image.fromarray(noise()), Image.Exif()
    if change == "turned by EXIF":
        exif[0x0112] = 6
    picture = picture.convert("CMYK") if change == "CMYK" else picture
    picture.save(source, "PNG" if change == "not JPEG" else "JPEG", exif=exif)
    image = load_image(source).copy()
    if change == "other pixels":
        image[0, 0] ^= 128
    data = source.read_bytes()
    if change == "gone":
        source.unlink()
    name = f"{source}#page=1" if change == "document page" else str(source)
    path = added(tmp_path, image, name, dpi=72)
    with pikepdf.open(path) as document:
        assert stored_picture(document).read_raw_bytes() != data
    assert next(load_pages(path, dpi=72))[1].shape == image.shape


def test_text_leaves_no_mark_on_the_picture(tmp_path):
    image = noise(size=(300, 400))
    page = Page(400, 300, [line("看不见 invisible", 10, 10, 380, 60), line("斜 slanted", 20, 200, 300, 50, 15)])
    with PdfWriter(tmp_path / "a.pdf", picture="lossless", dpi=72) as writer:
        writer.add(page, image)
    assert np.array_equal(next(load_pages(tmp_path / "a.pdf", dpi=72))[1], image)


def test_jpeg_has_a_largest_side():
    with pytest.raises(ImageError, match="lossless"):
        jpeg_image(np.zeros((1, 70_000, 3), np.uint8), 80)
