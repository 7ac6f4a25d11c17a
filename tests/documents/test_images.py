"""Reading images of every kind, refusing the rest, and cutting lines out."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.documents.images import load_image, upright_size
from ctpn_crnn.errors import ImageError

BGR = np.array([[[10, 20, 30], [40, 50, 60], [70, 80, 90]], [[0, 0, 255], [0, 255, 0], [255, 0, 0]]], np.uint8)  # 2 x 3


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def bgr_image() -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(BGR[..., ::-1]))


class TestSources:
    def test_every_way_to_hand_over_the_same_image(self, tmp_path):
        path = tmp_path / "图 1.png"
        data = encoded(bgr_image())
        path.write_bytes(data)
        with open(path, "rb") as file:
            given = [path, str(path), data, bytearray(data), memoryview(data), file, io.BytesIO(data), bgr_image(), BGR]
            for source in given:
                loaded = load_image(source)
                assert loaded.dtype == np.uint8
                assert loaded.flags["C_CONTIGUOUS"]
                np.testing.assert_array_equal(loaded, BGR)

    def test_the_users_pillow_image_stays_open(self, tmp_path):
        path = tmp_path / "a.png"
        path.write_bytes(encoded(bgr_image()))
        with Image.open(path) as image:
            load_image(image)
            np.testing.assert_array_equal(load_image(image), BGR)
            assert image.size == (3, 2)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
    def test_odd_sizes_are_images(self, shape):
        data = encoded(Image.new("L", shape[::-1], 7))
        np.testing.assert_array_equal(load_image(data), np.full((*shape, 3), 7, np.uint8))


class TestPillowModes:
    def test_alpha_is_laid_on_white(self):
        rgba = Image.new("RGBA", (2, 1))
        rgba.putdata([(255, 0, 0, 255), (0, 0, 0, 0)])
        np.testing.assert_array_equal(load_image(encoded(rgba)), [[[0, 0, 255], [255, 255, 255]]])
        half = Image.new("LA", (1, 1), (0, 51))  # a fifth of black over white: 204
        np.testing.assert_array_equal(load_image(half), [[[204] * 3]])

    def test_palette_and_transparent_palette(self):
        palette = Image.new("P", (2, 1))
        palette.putpalette([1, 2, 3, 200, 100, 50])
        palette.putdata([0, 1])
        np.testing.assert_array_equal(load_image(encoded(palette)), [[[3, 2, 1], [50, 100, 200]]])
        np.testing.assert_array_equal(load_image(encoded(palette, transparency=0)), [[[255] * 3, [50, 100, 200]]])

    def test_cmyk(self):
        cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # magenta and yellow ink: red
        blue, green, red = load_image(encoded(cmyk, "JPEG", quality=95)).mean(axis=(0, 1))
        assert red > 240
        assert max(blue, green) < 15

    def test_bilevel_and_grey(self):
        bits = Image.new("1", (2, 1))
        bits.putdata([0, 1])
        np.testing.assert_array_equal(load_image(encoded(bits)), [[[0] * 3, [255] * 3]])
        np.testing.assert_array_equal(load_image(Image.new("L", (1, 1), 9)), [[[9] * 3]])

    @pytest.mark.parametrize("form", ["PNG", "TIFF"])
    def test_sixteen_bits_are_scaled(self, form):
        deep = Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16))
        np.testing.assert_array_equal(load_image(encoded(deep, form))[0, :, 0], [0, 100, 255])

    def test_float_tiff(self):
        image = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
        np.testing.assert_array_equal(load_image(encoded(image, "TIFF"))[0, :, 0], [0, 128, 255])

    def test_exif_rotation(self):
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was turned: rotate a quarter clockwise to see it upright
        data = encoded(bgr_image(), "PNG", exif=exif)
        np.testing.assert_array_equal(load_image(data), np.rot90(BGR, -1))

    @pytest.mark.parametrize("orientation, size", [(None, (40, 20)), (1, (40, 20)), (3, (40, 20)), (6, (20, 40))])
    def test_size_after_the_exif_rotation(self, orientation, size):
        exif = Image.Exif()
        if orientation:
            exif[0x0112] = orientation
        data = encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif)
        with Image.open(io.BytesIO(data)) as image:
            assert upright_size(image) == size
        assert load_image(data).shape[1::-1] == size

    def test_malformed_exif_is_ignored(self):
        data = encoded(bgr_image(), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own remark
            np.testing.assert_array_equal(load_image(data), BGR)


INK = [(h, w) for h in range(8, 12) for w in range(4, 28)]
"""Pixels of a drawing that is 20 x 32: an eighth or so of it, as in text."""


def drawn(colour, alpha=255, ink=INK):
    """RGBA with some pixels in a colour; the others are transparent, and black as most programs leave them."""
    pixels = np.zeros((20, 32, 4), np.uint8)
    for place in ink:
        pixels[place] = (*colour, alpha)
    return pixels


class TestGroundOfTransparentPictures:
    """Light ink goes on black, all other ink on white."""

    @pytest.mark.parametrize(
        ("colour", "ground"),
        [
            ((0, 0, 0), 255),
            ((255, 255, 255), 0),
            ((128, 128, 128), 255),  # grey
            ((230, 230, 230), 0),
            ((255, 0, 0), 255),  # brightness 76
            ((0, 0, 255), 255),  # 29
            ((255, 255, 0), 0),  # yellow, 226
            ((0, 160, 0), 255),  # 94
            ((150, 255, 255), 0),  # light blue, 224
        ],
    )
    def test_the_ink_decides(self, colour, ground):
        pixels = drawn(colour)
        for source in (Image.fromarray(pixels), encoded(Image.fromarray(pixels)), pixels[..., [2, 1, 0, 3]]):
            loaded = load_image(source)
            assert loaded[0, 0].tolist() == [ground] * 3
            assert loaded[9, 9].tolist() == list(colour[::-1])

    def test_half_transparent_ink(self):
        white, black = load_image(Image.fromarray(drawn((255,) * 3, 128))), load_image(drawn((0,) * 3, 128))
        assert (white[0, 0, 0], white[9, 9, 0]) == (0, 128)
        assert (black[0, 0, 0], black[9, 9, 0]) == (255, 127)

    def test_each_pixel_counts_as_much_as_it_is_visible(self):
        """96 white pixels, in a shadow of 128 black ones of which a tenth is visible."""
        shadow = drawn((0, 0, 0), 25, [(h, w) for h in range(6, 14) for w in range(4, 32)])
        pixels = np.where(drawn((255,) * 3)[..., 3:] > 0, drawn((255,) * 3), shadow)
        assert load_image(pixels)[0, 0, 0] == 0
        pixels[6:14, 4:, 3] = 255  # all of the shadow is visible: the mean is 96 / 224 of 255
        assert load_image(pixels)[0, 0, 0] == 255

    def test_a_palette_with_a_transparent_colour(self):
        picture = Image.new("P", (32, 20))
        picture.putpalette([9, 9, 9, 255, 255, 255])
        for h, w in INK:
            picture.putpixel((w, h), 1)
        loaded = load_image(encoded(picture, transparency=0))
        assert (loaded[0, 0, 0], loaded[9, 9, 0]) == (0, 255)

    def test_grey_with_alpha(self):
        loaded = load_image(encoded(Image.fromarray(drawn((255,) * 3)).convert("LA")))
        assert (loaded[0, 0, 0], loaded[9, 9, 0]) == (0, 255)

    def test_a_picture_that_is_mostly_opaque_has_its_own_ground(self):
        """A white window with round corners stays on white."""
        pixels = np.full((20, 32, 4), 255, np.uint8)
        pixels[:2, :2, 3] = 0
        assert load_image(pixels).min() == 255

    def test_nothing_visible_is_white(self):
        assert load_image(drawn((0,) * 3, 0)).min() == 255


class TestArrays:
    @pytest.mark.parametrize(
        ("pixels", "expected"),
        [
            (np.array([[0, 9, 255]], np.uint8), [0, 9, 255]),
            (np.array([[[0], [9], [255]]], np.uint8), [0, 9, 255]),
            (np.array([[False, True, True]]), [0, 255, 255]),
            (np.array([[0, 25700, 65535]], np.uint16), [0, 100, 255]),
            (np.array([[0, 0.5, 1.0]]), [0, 128, 255]),
            (np.array([[0, 0.5, 1.0]], np.float16), [0, 128, 255]),
            (np.array([[-3, 99.6, 300.0]]), [0, 100, 255]),
            (np.array([[0, 9, 255]], np.int64), [0, 9, 255]),
        ],
    )
    def test_dtypes(self, pixels, expected):
        loaded = load_image(pixels)
        assert loaded.dtype == np.uint8
        np.testing.assert_array_equal(loaded, np.repeat(np.array(expected)[None, :, None], 3, axis=2))

    def test_bgra_is_laid_on_white(self):
        bgra = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 255, 51]]], np.uint8)
        np.testing.assert_array_equal(load_image(bgra), [[[10, 20, 30], [255, 255, 255], [204, 224, 255]]])

    def test_views_become_contiguous(self):
        loaded = load_image(BGR[::-1, ::-1])
        assert loaded.flags["C_CONTIGUOUS"]
        np.testing.assert_array_equal(loaded, BGR[::-1, ::-1])

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            (np.empty((0, 5, 3), np.uint8), "empty"),
            (np.empty(0), "empty"),
            (np.zeros(5, np.uint8), r"\(5,\)"),
            (np.zeros((2, 2, 2), np.uint8), r"\(2, 2, 2\)"),
            (np.zeros((3, 8, 9), np.uint8), "channels must come last"),
            (np.zeros((1, 2, 2, 3), np.uint8), "not"),
            (np.array([[np.nan, 0.5]]), "NaN"),
            (np.array([[-1, 3]]), "-1..3"),
            (np.array([[1, 300]], np.int32), "1..300"),
            (np.array([["a"]]), "dtype"),
            (np.array([[1j]]), "dtype"),
        ],
    )
    def test_refused(self, array, message):
        with pytest.raises(ImageError, match=message):
            load_image(array)


class TestBadInput:
    def test_missing(self, tmp_path):
        with pytest.raises(ImageError, match="does not exist"):
            load_image(tmp_path / "none.jpg")

    def test_folder(self, tmp_path):
        with pytest.raises(ImageError, match="is a folder"):
            load_image(tmp_path)

    def test_address(self):
        with pytest.raises(ImageError, match="download"):
            load_image("https://example.org/a.jpg")

    @pytest.mark.parametrize("name", ["a\0b.jpg", "x" * 5000])
    def test_unusable_path(self, name):
        with pytest.raises(ImageError):
            load_image(name)

    def test_not_an_image(self, tmp_path):
        path = tmp_path / "a.jpg"
        path.write_text("no image")
        with pytest.raises(ImageError, match=r"a\.jpg is not an image"):
            load_image(path)

    def test_empty_file_and_bytes(self, tmp_path):
        path = tmp_path / "a.jpg"
        path.touch()
        for source in (path, b"", io.BytesIO()):
            with pytest.raises(ImageError, match="0 bytes"):
                load_image(source)

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
    @pytest.mark.parametrize("share", [0.3, 0.8])
    def test_truncated(self, form, share, tmp_path):
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        data = encoded(Image.fromarray(noise), form)
        path = tmp_path / "cut"
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ImageError, match="cut"):
            load_image(path)

    def test_damaged_bytes_never_crash(self):
        rng = np.random.default_rng(1)
        for form in ("JPEG", "PNG", "TIFF", "GIF"):
            clean = encoded(bgr_image().resize((40, 30)), form)
            for _ in range(30):
                data = bytearray(clean)
                for place in rng.integers(0, len(data), 8):
                    data[place] = rng.integers(256)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        assert load_image(bytes(data)).ndim == 3
                    except ImageError:
                        pass

    def test_text_file_object(self):
        with pytest.raises(ImageError, match="binary"):
            load_image(io.StringIO("abc"))

    @pytest.mark.parametrize("source", [None, 3, [1, 2]])
    def test_other_types(self, source):
        with pytest.raises(ImageError, match="cannot read an image from"):
            load_image(source)

    @pytest.mark.parametrize("before", [0, 5, 1024])
    def test_pdf(self, before):
        with pytest.raises(ImageError, match="is a PDF, which has pages"):
            load_image(b"\n" * before + b"%PDF-1.7 ...")

    def test_bytes_further_on_make_no_pdf(self):
        with pytest.raises(ImageError, match="is not an image"):
            load_image(b"\n" * 1025 + b"%PDF-1.7 ...")

    def test_an_image_that_mentions_a_pdf_is_an_image(self):
        data = encoded(bgr_image(), "JPEG", comment=b"made of a %PDF-1.7")
        assert b"%PDF-" in data[:1024]
        assert load_image(data).shape == BGR.shape

    def test_closed_pillow_image(self, tmp_path):
        path = tmp_path / "a.png"
        path.write_bytes(encoded(bgr_image()))
        image = Image.open(path)
        image.close()
        with pytest.raises(ImageError, match="cannot be decoded"):
            load_image(image)


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims its size in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


class TestSizeLimit:
    def test_decompression_bomb(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(
                ImageError, match="20000 x 20000 = 400 million pixels, the limit is 150 million; scale it down"
            ):
                load_image(bomb(20_000, 20_000))

    def test_limit_is_a_parameter_and_inclusive(self):
        data = encoded(Image.new("L", (20, 10)))
        assert load_image(data, max_pixels=200).shape == (10, 20, 3)
        for source in (data, Image.new("L", (20, 10))):
            with pytest.raises(ImageError, match="too large"):
                load_image(source, max_pixels=199)

    def test_pillows_own_limit_is_left_alone(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
        load_image(encoded(Image.new("L", (20, 10))))
        assert Image.MAX_IMAGE_PIXELS == 10


class TestSeveralPages:
    def test_a_tiff_of_which_one_page_is_read_says_so(self, tmp_path, caplog):
        first, second = Image.new("L", (4, 3), 7), Image.new("L", (4, 3), 9)
        path = tmp_path / "a.tif"
        first.save(path, save_all=True, append_images=[second])
        for source, name in ((path, "a.tif"), (path.read_bytes(), "the data given")):
            assert load_image(source).max() == 7
            [record] = caplog.records
            assert record.levelname == "WARNING"
            assert f"{name} has 2 pages, of which the first is read" in record.getMessage()
            caplog.clear()

    def test_one_page_says_nothing(self, caplog):
        load_image(encoded(Image.new("L", (4, 3)), "TIFF"))
        frames = [Image.new("L", (4, 3), grey) for grey in (1, 200)]
        load_image(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))  # an animation has no pages
        assert not caplog.records
