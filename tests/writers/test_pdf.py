"""Searchable PDFs, read back with PDFium, poppler and pikepdf."""

import math
import shutil
import subprocess
from collections import Counter
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.documents.images import load_image
from ctpn_crnn.documents.sources import load_pages
from ctpn_crnn.errors import ConfigError, ImageError, OutputError
from ctpn_crnn.page import Char, Page, TextLine

pdfium = pytest.importorskip("pypdfium2")
pikepdf = pytest.importorskip("pikepdf")

from ctpn_crnn.writers import glyphless, pdf_picture, pdf_text  # noqa: E402
from ctpn_crnn.writers import pdf as pdf_module  # noqa: E402
from ctpn_crnn.writers.glyphless import GlyphlessFont  # noqa: E402
from ctpn_crnn.writers.pdf import PdfWriter, add_text_layer  # noqa: E402

DPI = 144  # two pixels a point
LINE_END_HYPHEN = "\ufffe"  # PDFium's own mark for a hyphen at the end of a line


def slanted(x, y, width, height, degrees=0.0):
    """A quad from its top left corner."""
    along = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    down = np.array([-along[1], along[0]])
    corner = np.array([x, y], float)
    return np.array([corner, corner + width * along, corner + width * along + height * down, corner + height * down])


def line(text, *quad, chars=()):
    return TextLine(text, 0.9, slanted(*quad), "text", list(chars))


def page_of(*lines, width=1200, height=1600):
    return Page(width, height, list(lines))


def white(page):
    return np.full((page.height, page.width, 3), 255, np.uint8)


def write(path, *pages, **options):
    with PdfWriter(path, **{"dpi": DPI, "picture": "none", **options}) as writer:
        for page in pages:
            writer.add(page, white(page))
    return path


def texts(path):
    """The text of each page, line ends as \\n."""
    with closing(pdfium.PdfDocument(path)) as document:
        return [document[i].get_textpage().get_text_range().replace("\r\n", "\n") for i in range(len(document))]


def boxes(path, number=0):
    """(character, left, bottom, right, top) of a page in points, without white space."""
    with closing(pdfium.PdfDocument(path)) as document:
        text = document[number].get_textpage()
        found = [(text.get_text_range(i, 1), *text.get_charbox(i)) for i in range(text.count_chars())]
    return [box for box in found if box[0].strip()]


def problems(path):
    """What pikepdf finds wrong with the file."""
    with pikepdf.open(path) as document:
        return document.check_pdf_syntax() if hasattr(document, "check_pdf_syntax") else document.check()


class TestText:
    def test_lines_read_back_as_they_were_written(self, tmp_path):
        lines = [
            "图书馆 Library is open 你好",
            "电话：010-62751234。",
            "The quick brown fox, 12.5%",
            "「引号」（括号）《书》",
        ]
        page = page_of(*(line(text, 100, 100 + 100 * i, 900, 50) for i, text in enumerate(lines)))
        assert texts(write(tmp_path / "a.pdf", page)) == ["\n".join(lines)]

    def test_doubled_letters_stay_doubled(self, tmp_path):
        words = ["bookkeeper llama aabbccdd", "iiiiiiii 1111 ......", "谢谢 人人 ！！"]
        page = page_of(*(line(text, 100, 100 + 100 * i, 300, 50) for i, text in enumerate(words)))
        assert texts(write(tmp_path / "a.pdf", page)) == ["\n".join(words)]

    def test_rare_characters(self, tmp_path):
        text = "𠀀𪚥龘靐①㎡Ⅷ〇々é o\u030d k\u0304"
        assert texts(write(tmp_path / "a.pdf", page_of(line(text, 100, 100, 900, 50)))) == [text]

    def test_every_character_of_the_charset_comes_back(self, tmp_path):
        from ctpn_crnn.crnn.charset import Charset

        characters = [c for c in Charset.default().characters if c.strip() and c != "-"]
        rows = ["".join(characters[i : i + 60]) for i in range(0, len(characters), 60)]
        pages = [
            page_of(*(line(row, 50, 20 + 25 * i, 1100, 20) for i, row in enumerate(rows[start : start + 60])))
            for start in range(0, len(rows), 60)
        ]
        found = "".join(texts(write(tmp_path / "a.pdf", *pages))).replace("\n", "")
        assert Counter(found) == Counter("".join(characters))

    def test_a_slanted_line_lies_along_its_quad(self, tmp_path):
        quad = (200, 500, 800, 48, -20)
        path = write(tmp_path / "a.pdf", page_of(line("一二三四五六七八", *quad)))
        assert texts(path) == ["一二三四五六七八"]
        corners = slanted(*quad)
        for i, (_, left, bottom, right, top) in enumerate(boxes(path)):
            share = (i + 0.5) / 8
            x, y = corners.mean(axis=0) + (share - 0.5) * (corners[1] - corners[0])
            assert (left + right) / 2 == pytest.approx(x / 2, abs=2)
            assert (bottom + top) / 2 == pytest.approx(800 - y / 2, abs=2)

    def test_upside_down_and_upright_lines(self, tmp_path):
        page = page_of(line("竖着的字", 900, 200, 400, 50, 90), line("倒着的字", 600, 900, 400, 50, 180))
        assert "".join(texts(write(tmp_path / "a.pdf", page))[0].split()) == "竖着的字倒着的字"

    def test_pages_without_lines(self, tmp_path):
        first, last = (page_of(line(text, 9, 9, 50, 50)) for text in "一三")
        path = write(tmp_path / "a.pdf", first, page_of(), last)
        assert texts(path) == ["一", "", "三"]

    def test_formulas_and_lines_without_ink_are_left_out(self, tmp_path):
        formula = TextLine("", 0.5, slanted(10, 10, 100, 50), "formula")
        assert texts(write(tmp_path / "a.pdf", page_of(formula, line("  ", 10, 90, 100, 50)))) == [""]

    @pytest.mark.parametrize(
        "quad",
        [
            np.zeros((4, 2)),
            np.full((4, 2), np.nan),
            np.full((4, 2), np.inf),
            slanted(9, 9, 0, 40),
            slanted(9, 9, 40, 0),
        ],
        ids=["point", "nan", "infinite", "no width", "no height"],
    )
    def test_degenerate_quads_keep_their_text(self, tmp_path, quad):
        path = write(tmp_path / "a.pdf", page_of(TextLine("退化ab", 0.5, quad)))
        assert problems(path) == []
        if np.isfinite(quad).all():
            assert texts(path) == ["退化ab"]

    def test_control_characters_do_no_harm(self, tmp_path):
        path = write(tmp_path / "a.pdf", page_of(line("a\x00b\tc\nd\ud800e", 100, 100, 500, 40)))
        assert texts(path) == ["ab c de"]

    @pytest.mark.parametrize("space", [0.0, 0.001, 0.01])
    def test_spaces_that_the_reader_saw_too_narrow_are_kept(self, tmp_path, space):
        text, step = "one two", (1 - space) / 6
        chars, place = [], 0.0
        for char in text:
            end = place + (space if char == " " else step)
            chars.append(Char(char, 1.0, place, end))
            place = end
        path = write(tmp_path / "a.pdf", page_of(line(text, 100, 100, 300, 50, chars=chars)))
        assert texts(path) == [text]
        if shutil.which("pdftotext"):
            assert poppler(path).strip() == text


class TestPlaces:
    def test_boxes_of_evenly_spread_characters(self, tmp_path):
        found = boxes(write(tmp_path / "a.pdf", page_of(line("中文ab", 100, 200, 480, 40))))
        # Chinese takes two shares, Latin one: 160, 160, 80, 80 pixels.
        edges = [50, 130, 210, 250, 290]
        assert [box[0] for box in found] == list("中文ab")
        for box, left, right in zip(found, edges, edges[1:]):
            assert box[1:] == pytest.approx((left, 800 - 120, right, 800 - 100), abs=1.5)

    def test_boxes_follow_the_places_that_the_reader_gave(self, tmp_path):
        spans = [("A", 0.1, 0.2), ("B", 0.25, 0.3), ("中", 0.4, 0.7), ("C", 0.7, 0.72), ("D", 0.8, 0.95)]
        chars = [Char(text, 1.0, start, end) for text, start, end in spans]
        found = boxes(write(tmp_path / "a.pdf", page_of(line("AB中CD", 100, 200, 1000, 80, chars=chars))))
        edges = [50 + 500 * share for share in (0.1, 0.225, 0.35, 0.7, 0.76, 0.95)]  # neighbours meet halfway
        for box, left, right in zip(found, edges, edges[1:]):
            assert (box[1], box[3]) == pytest.approx((left, right), abs=1)

    def test_characters_are_not_lost_where_many_share_a_small_place(self, tmp_path):
        chars = [Char(c, 1.0, 0.5, 0.5) for c in "abcdefgh"]
        path = write(tmp_path / "a.pdf", page_of(line("abcdefgh", 100, 100, 300, 40, chars=chars)))
        assert texts(path) == ["abcdefgh"]

    def test_places_that_do_not_belong_to_the_text_are_not_used(self, tmp_path):
        found = boxes(write(tmp_path / "a.pdf", page_of(line("ab", 0, 0, 200, 40, chars=[Char("x", 1.0, 0.9, 1.0)]))))
        assert [box[1] for box in found] == pytest.approx([0, 50], abs=1)

    @pytest.mark.parametrize("length", [6, 7, 50])
    def test_whole_units_rise_and_stay_within_the_line(self, length):
        rng = np.random.default_rng(length)
        for _ in range(200):
            edges = np.concatenate([[0], np.sort(rng.choice([0, 0.2, 0.5, 0.50001, 1.0], 5)), [1]])
            units = pdf_text._whole_units(edges, length)
            assert units[0] == 0 and units[-1] == length and (np.diff(units) >= 1).all()

    def test_page_size_is_that_of_the_paper(self, tmp_path):
        with closing(
            pdfium.PdfDocument(write(tmp_path / "a.pdf", page_of(width=1240, height=1754), dpi=150))
        ) as document:
            assert document[0].get_size() == pytest.approx((595.2, 841.92), abs=0.01)

    def test_a_huge_image_fits_on_the_largest_page(self, tmp_path):
        page = Page(60_000, 600, [line("长", 59_000, 100, 500, 400)])
        path = write(tmp_path / "a.pdf", page, dpi=72)
        with closing(pdfium.PdfDocument(path)) as document:
            assert document[0].get_size() == pytest.approx((14_400, 144))
        assert boxes(path)[0][1] == pytest.approx(59_000 * 0.24, abs=3)


class TestPicture:
    @staticmethod
    def picture(document):
        """The only picture of the first page."""
        ((_, image),) = document.pages[0].obj.Resources.XObject.items()
        return image

    @staticmethod
    def noise(seed=1, size=(90, 120)):
        return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)

    def added(self, tmp_path, image, source=None, **options):
        path = tmp_path / "picture.pdf"
        with PdfWriter(path, **options) as writer:
            writer.add(Page(image.shape[1], image.shape[0], [], source), image)
        return path

    def test_lossless_keeps_every_pixel(self, tmp_path):
        image = self.noise()
        path = self.added(tmp_path, image, picture="lossless", dpi=72)
        with pikepdf.open(path) as document:
            stored = pikepdf.PdfImage(self.picture(document)).as_pil_image()
        assert np.array_equal(np.asarray(stored)[..., ::-1], image)
        assert np.array_equal(next(load_pages(path, dpi=72))[1], image)

    def test_black_and_white_takes_one_bit(self, tmp_path):
        image = np.where(self.noise()[..., :1] > 127, 255, 0).astype(np.uint8).repeat(3, 2)
        path = self.added(tmp_path, image, picture="lossless", dpi=72)
        with pikepdf.open(path) as document:
            assert self.picture(document).BitsPerComponent == 1
        assert np.array_equal(next(load_pages(path, dpi=72))[1], image)

    @pytest.mark.parametrize("picture", ["jpeg", "lossless"])
    def test_grey_has_one_channel(self, tmp_path, picture):
        image = self.noise()[..., :1].repeat(3, 2)
        path = self.added(tmp_path, image, picture=picture)
        with pikepdf.open(path) as document:
            assert self.picture(document).ColorSpace == "/DeviceGray"

    def test_jpeg_obeys_its_quality(self, tmp_path):
        image = np.asarray(Image.fromarray(self.noise(size=(9, 12))).resize((120, 90), Image.Resampling.BICUBIC))
        coarse = self.added(tmp_path, image, picture="jpeg", quality=20, dpi=72).stat().st_size
        path = self.added(tmp_path, image, picture="jpeg", quality=95, dpi=72)
        assert coarse < path.stat().st_size
        assert np.abs(next(load_pages(path, dpi=72))[1].astype(int) - image).mean() < 4

    def test_the_original_jpeg_is_kept_byte_for_byte(self, tmp_path):
        source = tmp_path / "photo.jpg"
        Image.fromarray(self.noise()).save(source, quality=70)
        path = self.added(tmp_path, load_image(source), str(source))
        with pikepdf.open(path) as document:
            assert self.picture(document).read_raw_bytes() == source.read_bytes()

    @pytest.mark.parametrize("change", ["turned by EXIF", "other pixels", "CMYK", "not JPEG", "gone", "document page"])
    def test_another_original_is_encoded_anew(self, tmp_path, change):
        source = tmp_path / "photo.jpg"
        picture, exif = Image.fromarray(self.noise()), Image.Exif()
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
        path = self.added(tmp_path, image, name, dpi=72)
        with pikepdf.open(path) as document:
            assert self.picture(document).read_raw_bytes() != data
        assert next(load_pages(path, dpi=72))[1].shape == image.shape

    @pytest.mark.parametrize("degrees", [-12, -5, -3, 0, 2, 3, 5, 8, 12])
    def test_lines_of_a_slanted_paragraph_stay_apart(self, tmp_path, degrees):
        """Lines begin in the rows of those before them then, and PDFium joined them with a space."""
        lines = [
            "九点到晚上八点接待读者新的阅览",
            "室靠近河岸窗外可以看见货船慢慢",
            "扫描存进服务器",
            "了",
            "The old station",
            "on",
        ]
        down = np.array([-math.sin(math.radians(degrees)), math.cos(math.radians(degrees))])
        places = [np.array([200, 500]) + down * 58 * number for number in range(len(lines))]
        widths = [40 * len(text) if text > "z" else 20 * len(text) for text in lines]
        page = page_of(*(line(t, *xy, width, 40, degrees) for t, xy, width in zip(lines, places, widths)))
        assert texts(write(tmp_path / "a.pdf", page))[0].split("\n") == lines

    def test_text_leaves_no_mark_on_the_picture(self, tmp_path):
        image = self.noise(size=(300, 400))
        page = Page(400, 300, [line("看不见 invisible", 10, 10, 380, 60), line("斜 slanted", 20, 200, 300, 50, 15)])
        with PdfWriter(tmp_path / "a.pdf", picture="lossless", dpi=72) as writer:
            writer.add(page, image)
        assert np.array_equal(next(load_pages(tmp_path / "a.pdf", dpi=72))[1], image)

    def test_jpeg_has_a_largest_side(self):
        with pytest.raises(ImageError, match="lossless"):
            pdf_picture.jpeg_picture(np.zeros((1, 70_000, 3), np.uint8), 80)


class TestDocument:
    def test_the_same_pages_give_the_same_bytes(self, tmp_path):
        pages = [page_of(line("相同 same", 10, 10, 300, 40)), page_of()]
        first, second = (write(tmp_path / name, *pages, picture="jpeg", title="t") for name in ("a.pdf", "b.pdf"))
        assert first.read_bytes() == second.read_bytes()

    def test_metadata(self, tmp_path):
        path = write(tmp_path / "a.pdf", page_of(), title="合同", author="张三", language="zh-CN")
        with pikepdf.open(path) as document:
            assert (str(document.docinfo["/Title"]), str(document.docinfo["/Author"])) == ("合同", "张三")
            assert str(document.docinfo["/Producer"]).startswith("ctpn_crnn ")
            assert "/CreationDate" not in document.docinfo
            assert str(document.Root.Lang) == "zh-CN"
            with document.open_metadata() as about:
                assert about["dc:title"] == "合同"

    def test_pages_put_down_on_the_way_make_the_same_document(self, tmp_path, monkeypatch):
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

    def test_an_error_leaves_nothing_behind(self, tmp_path, monkeypatch):
        monkeypatch.setattr(pdf_module, "_HELD_PAGES", 1)
        with pytest.raises(RuntimeError), PdfWriter(tmp_path / "a.pdf", picture="none") as writer:
            writer.add(page_of())
            raise RuntimeError
        assert list(tmp_path.iterdir()) == []

    def test_a_document_without_pages_is_an_error(self, tmp_path):
        with pytest.raises(OutputError, match="at least one page"), PdfWriter(tmp_path / "a.pdf"):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_the_picture_is_needed_unless_none_is_wanted(self, tmp_path):
        with pytest.raises(OutputError, match="image"), PdfWriter(tmp_path / "a.pdf") as writer:
            writer.add(page_of())
        with PdfWriter(tmp_path / "b.pdf", picture="none") as writer:
            writer.add(page_of())
        assert (tmp_path / "b.pdf").exists()

    @pytest.mark.parametrize(
        "option",
        [{"picture": "gif"}, {"quality": 0}, {"quality": 101}, {"quality": 80.5}, {"dpi": 0}, {"dpi": math.nan}],
    )
    def test_senseless_options(self, tmp_path, option):
        with pytest.raises(ConfigError, match=next(iter(option))):
            PdfWriter(tmp_path / "a.pdf", **option)

    def test_without_the_library(self, tmp_path, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "pikepdf", None)
        with pytest.raises(ConfigError, match="pip install"):
            PdfWriter(tmp_path / "a.pdf")


class TestFont:
    def test_codes_run_on_in_order_of_use(self):
        font = GlyphlessFont()
        assert [font.code(*key) for key in [("a", 10), ("b", 10), ("a", 11), ("a", 10)]] == [1, 2, 3, 1]

    def test_when_codes_run_short_characters_still_come_back(self, monkeypatch):
        monkeypatch.setattr(glyphless, "_LAST_CODE", 10)
        monkeypatch.setattr(glyphless, "_RESERVED", 4)
        font = GlyphlessFont()
        assert [font.code("a", units) for units in range(10, 16)] == [1, 2, 3, 4, 5, 5]  # the nearest width so far
        assert [font.code(char, 20) for char in "bcdefg"] == [6, 7, 8, 9, 10, 10]  # the last one says U+FFFD
        assert font.code("a", 1) == 1

    def test_the_shipped_file_is_what_its_script_makes(self):
        pytest.importorskip("fontTools")
        script = Path(__file__).parents[2] / "docs" / "make_glyphless_font.py"
        scope = {"__name__": "script"}
        exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), scope)
        assert scope["build"]() == glyphless.FONT_FILE.read_bytes()


class TestTextLayer:
    MARK = (130, 400, 330, 420)  # left, bottom, right, top of a black bar in user space

    def drawing(self, path, rotation=0, media=(0, 0, 595, 842), crop=None, count=1):
        """A PDF with a black bar on each page, and where the bar lies in its rendered pixels."""
        document = pikepdf.new()
        for _ in range(count):
            page = document.add_blank_page()
            page.obj.MediaBox = list(media)
            if crop:
                page.obj.CropBox = list(crop)
            if rotation:
                page.obj.Rotate = rotation
            left, bottom, right, top = self.MARK
            page.obj.Contents = document.make_stream(b"%d %d %d %d re f" % (left, bottom, right - left, top - bottom))
        document.save(path)
        image = next(load_pages(path, dpi=144))[1]
        rows, columns = np.nonzero(image[..., 0] < 128)
        return image.shape[1::-1], (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)

    @staticmethod
    def read(size, bar, text="在条上"):
        """What a recognizer would say: a line of text where the bar is, along its longer side."""
        left, top, right, bottom = bar
        if right - left > bottom - top:
            quad = [(left, top), (right, top), (right, bottom), (left, bottom)]
        else:
            quad = [(right, top), (right, bottom), (left, bottom), (left, top)]
        return Page(*size, [TextLine(text, 0.9, np.array(quad, float))])

    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    @pytest.mark.parametrize("crop", [None, (50, 100, 545, 800), (-100, -100, 400, 2000)])
    def test_text_lies_where_a_viewer_shows_it(self, tmp_path, rotation, crop):
        source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
        size, bar = self.drawing(source, rotation, (-20, 30, 595, 842), crop)
        add_text_layer(source, [self.read(size, bar)], target)
        found = boxes(target)
        assert "".join(box[0] for box in found) == "在条上"
        assert min(box[1] for box in found) == pytest.approx(self.MARK[0], abs=2)
        assert min(box[2] for box in found) == pytest.approx(self.MARK[1], abs=2)
        assert max(box[3] for box in found) == pytest.approx(self.MARK[2], abs=2)
        assert max(box[4] for box in found) == pytest.approx(self.MARK[3], abs=2)

    def test_what_is_there_stays_as_it_is(self, tmp_path):
        source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
        size, bar = self.drawing(source)
        before = next(load_pages(source, dpi=72))[1]
        add_text_layer(source, [self.read(size, bar)], target)
        assert np.array_equal(next(load_pages(target, dpi=72))[1], before)
        with pikepdf.open(target) as document:
            assert b"130 400 200 20 re f" in b"".join(part.read_bytes() for part in document.pages[0].obj.Contents)

    def test_coordinates_left_behind_by_the_page_do_not_move_the_text(self, tmp_path):
        source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
        size, bar = self.drawing(source)
        with pikepdf.open(source, allow_overwriting_input=True) as document:
            contents = b"2 0 0 2 50 50 cm 0.5 0 0 0.5 -25 -25 cm " + document.pages[0].obj.Contents.read_bytes()
            document.pages[0].obj.Contents = document.make_stream(contents + b" 3 0 0 3 9 9 cm")
            document.save()
        add_text_layer(source, [self.read(size, bar)], target)
        assert boxes(target)[0][1:] == pytest.approx((130, 400, 130 + 200 / 3, 420), abs=2)

    def test_pages_left_alone_and_a_second_layer(self, tmp_path):
        source, target = tmp_path / "a.pdf", tmp_path / "b.pdf"
        size, bar = self.drawing(source, count=3)
        add_text_layer(source, iter([self.read(size, bar, "一"), None, Page(*size)]), target)
        assert texts(target) == ["一", "", ""]
        above = (bar[0], bar[1] - 100, bar[2], bar[3] - 100)
        add_text_layer(target, [self.read(size, above, "二"), self.read(size, bar, "三"), None], target)  # in place
        first, second, third = texts(target)
        assert (set(first.split()), second, third) == ({"一", "二"}, "三", "")

    def test_the_same_layer_gives_the_same_bytes(self, tmp_path):
        size, bar = self.drawing(tmp_path / "a.pdf")
        for name in ("b.pdf", "c.pdf"):
            add_text_layer(tmp_path / "a.pdf", [self.read(size, bar)], tmp_path / name)
        assert (tmp_path / "b.pdf").read_bytes() == (tmp_path / "c.pdf").read_bytes()

    @pytest.mark.parametrize("given", [0, 1, 3])
    def test_pages_must_be_as_many(self, tmp_path, given):
        self.drawing(tmp_path / "a.pdf", count=2)
        with pytest.raises(ConfigError, match="2 page"):
            add_text_layer(tmp_path / "a.pdf", [None] * given, tmp_path / "b.pdf")
        assert not (tmp_path / "b.pdf").exists()

    def test_sources_that_cannot_be_read(self, tmp_path):
        self.drawing(tmp_path / "a.pdf")
        with pikepdf.open(tmp_path / "a.pdf") as document:
            document.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(user="u", owner="o"))
        (tmp_path / "text.pdf").write_text("no PDF at all")
        for name, said in [("locked.pdf", "password"), ("text.pdf", "PDF"), ("missing.pdf", "exist")]:
            with pytest.raises(ImageError, match=said):
                add_text_layer(tmp_path / name, [None], tmp_path / "b.pdf")
        assert not (tmp_path / "b.pdf").exists()


def poppler(path):
    command = ["pdftotext", "-raw", str(path), "-"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler's pdftotext is not installed")
class TestPoppler:
    def test_text_reads_back(self, tmp_path):
        # Beyond some degrees poppler starts a new line with each word of a slanted line, whatever the file says.
        lines = ["图书馆 Library is open 你好", "bookkeeper 谢谢 aabb", "𠀀𪚥龘靐①㎡〇々é", "斜 slanted line of text"]
        page = page_of(*(line(text, 100, 300 + 150 * i, 900, 50, -i) for i, text in enumerate(lines)))
        assert poppler(write(tmp_path / "a.pdf", page)).split("\n")[:4] == lines

    def test_letter_spaced_chinese_is_not_torn_apart(self, tmp_path):
        chars = [Char(c, 1.0, 0.4 * i, 0.4 * i + 0.1) for i, c in enumerate("姓名甲")]
        path = write(tmp_path / "a.pdf", page_of(line("姓名甲", 100, 100, 900, 50, chars=chars)))
        assert poppler(path).strip() == texts(path)[0] == "姓名甲"


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


class TestScannedDocument:
    def test_read_rightly_it_can_be_searched(self, scanned, tmp_path):
        source, samples = scanned
        assert "".join(texts(source)) == ""
        with PdfWriter(tmp_path / "a.pdf", dpi=200) as writer:
            for sample, (_, image) in zip(samples, load_pages(source, dpi=200), strict=True):
                writer.add(oracle(sample, image), image)
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth_text(samples)) >= 0.99

    def test_likewise_when_only_the_text_is_added(self, scanned, tmp_path):
        source, samples = scanned
        pages = (oracle(sample, image) for sample, (_, image) in zip(samples, load_pages(source, dpi=150)))
        add_text_layer(source, pages, tmp_path / "a.pdf")
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth_text(samples)) >= 0.99
        assert (tmp_path / "a.pdf").stat().st_size < source.stat().st_size + 40_000

    def test_english_words_stay_apart(self, scanned, tmp_path):
        source, samples = scanned
        add_text_layer(source, (oracle(s, i) for s, (_, i) in zip(samples, load_pages(source))), tmp_path / "a.pdf")
        found, true = "\n".join(texts(tmp_path / "a.pdf")).split(), truth_text(samples).split()
        assert (Counter(found) & Counter(true)).total() >= 0.97 * len(true)

    @pytest.mark.slow
    def test_read_with_the_shipped_weights(self, tmp_path, capsys):
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
