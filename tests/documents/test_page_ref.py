"""What is known of a page before it is loaded."""

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.documents.sources import page_refs


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
