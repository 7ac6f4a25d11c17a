"""The annotated picture."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import OutputError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer
from ctpn_crnn.writers.picture import draw_page

IMAGE = np.full((150, 300, 3), 255, np.uint8)


def make_page(source=None) -> Page:
    lines = [
        TextLine("第一条 合同", 0.9, box_to_quad(20, 20, 220, 50)),
        TextLine("", 0.8, box_to_quad(20, 60, 120, 90), "formula"),
        TextLine("total 3", 0.2, box_to_quad(20, 100, 220, 130)),
    ]
    return Page(300, 150, lines, source)


class TestPicture:
    def test_image_and_text_side_by_side(self):
        picture = draw_page(make_page(), IMAGE)
        assert picture.shape == (150, 600, 3)
        dark = picture.min(axis=2) < 128
        text = dark[:, 304:]
        assert text[20:50, 16:216].any()  # the text is in its place ...
        outside = text.copy()
        for top in (20, 60, 100):
            outside[top - 2 : top + 33, 14:220] = False
        assert not outside.any()  # ... and nowhere else
        assert (picture[60, 25] < 240).any()  # outlines on the left
        assert (picture[35, 25:215] == 255).all()  # nothing but outlines there

    def test_uncertain_text_is_red(self):
        picture = draw_page(make_page(), IMAGE).astype(int)
        sure, unsure = picture[20:50, 304:], picture[100:130, 304:]
        assert (abs(sure[..., 2] - sure[..., 0]) < 20).all()
        assert ((unsure[..., 2] - unsure[..., 0]) > 100).any()

    def test_ink_follows_the_length_of_the_line(self):
        short, long = (
            draw_page(Page(300, 60, [TextLine("合" * n, 1, box_to_quad(10, 10, 290, 40))]), IMAGE[:60]) for n in (2, 40)
        )
        columns = [np.flatnonzero((picture[:, 304:].min(axis=2) < 200).any(axis=0)) for picture in (short, long)]
        assert columns[0].max() < 80  # two characters of 24 pixels
        assert 270 < columns[1].max() < 290  # squeezed into the line

    def test_slanted_text_is_drawn_slanted(self):
        quad = np.array([(50, 40), (200, 90), (190, 120), (40, 70)], np.float32)
        picture = draw_page(Page(300, 150, [TextLine("合同合同合同", 1, quad)]), IMAGE)
        ys, xs = np.nonzero(picture[:, 304:].min(axis=2) < 128)
        assert np.polyfit(xs, ys, 1)[0] == pytest.approx(1 / 3, abs=0.1)

    def test_small_print_is_enlarged(self):
        page = Page(300, 150, [TextLine("合同", 1, box_to_quad(10, 10, 40, 21))])
        assert draw_page(page, IMAGE).shape == (300, 1200, 3)

    def test_large_images_are_reduced(self):
        assert draw_page(Page(16000, 4, []), np.zeros((4, 16000, 3), np.uint8)).shape == (2, 16000, 3)

    @pytest.mark.parametrize(
        "quad",
        [
            np.zeros((4, 2)),
            np.full((4, 2), np.nan),
            np.full((4, 2), np.inf),
            box_to_quad(-50, -50, -10, -10),
            box_to_quad(290, 140, 900, 170),
            box_to_quad(5, 5, 6, 6),
            box_to_quad(-1e7, 0, 1e7, 1e7),
        ],
    )
    def test_degenerate_quads_are_drawn(self, quad):
        assert draw_page(Page(300, 150, [TextLine("合", 1, quad)]), IMAGE).ndim == 3

    def test_empty_page_and_tiny_image(self):
        assert draw_page(Page(1, 1), np.zeros((1, 1, 3), np.uint8)).shape == (1, 2, 3)

    def test_many_characters_in_huge_print_are_drawn(self):
        page = Page(4000, 2000, [TextLine("合同" * 30, 1, box_to_quad(0, 0, 4000, 2000))])
        assert (draw_page(page, np.full((2000, 4000, 3), 255, np.uint8))[:, 4100:] < 100).any()

    def test_characters_that_no_font_has_are_drawn_as_boxes(self):
        assert draw_page(Page(300, 150, [TextLine("\U0010ffff\n\t\0", 1, box_to_quad(5, 5, 100, 30))]), IMAGE).ndim == 3

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".TIF"])
    def test_the_suffix_gives_the_format(self, suffix, tmp_path):
        with open_writer("png", tmp_path / f"图{suffix}") as writer:
            writer.add(make_page(), IMAGE)
        data = np.fromfile(tmp_path / f"图{suffix}", np.uint8)
        assert cv2.imdecode(data, cv2.IMREAD_COLOR).shape == (150, 600, 3)

    def test_an_unknown_suffix_is_refused(self, tmp_path):
        with pytest.raises(OutputError, match="suffix"):
            open_writer("png", tmp_path / "a.xyz")


class TestDocument:
    def read(self, path):
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)

    def test_one_page_is_the_file_itself(self, tmp_path):
        with open_writer("png", tmp_path / "图-ocr.png") as writer:
            writer.add(make_page(), IMAGE)
        assert [path.name for path in tmp_path.iterdir()] == ["图-ocr.png"]
        np.testing.assert_array_equal(self.read(tmp_path / "图-ocr.png"), draw_page(make_page(), IMAGE))

    def test_several_pages_are_numbered_files(self, tmp_path):
        with open_writer("png", tmp_path / "a.png") as writer:
            for grey in (10, 100, 200):
                writer.add(Page(300, 150), np.full_like(IMAGE, grey))
            assert not any(path.suffix == ".png" for path in tmp_path.iterdir())
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.png", "a-2.png", "a-3.png"]
        assert [self.read(tmp_path / f"a-{i}.png")[50, 50, 0] for i in (1, 2, 3)] == [10, 100, 200]

    def test_a_document_without_pages_leaves_no_file(self, tmp_path):
        with open_writer("png", tmp_path / "a.png"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_the_image_of_the_page_is_needed(self, tmp_path):
        with pytest.raises(OutputError, match="needs the image"), open_writer("png", tmp_path / "a.png") as writer:
            writer.add(make_page())
