"""What lines and signs share: faces for a text, glyphs side by side on one baseline, grounds."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.fonts import Font, FontLibrary
from ctpn_crnn.synthesis.lines import LineStyle
from ctpn_crnn.synthesis.lines.glyphs import draw_glyphs, pick_faces, place_glyphs, texture

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LATIN = CAPITALS + CAPITALS.lower() + "0123456789.,:;-()"


class Steady:
    """Draws the same share every time: of `random` itself, of `uniform` between its bounds."""

    def __init__(self, share):
        self.share = share

    def random(self):
        return self.share

    def uniform(self, low, high):
        return low + self.share * (high - low)


class Ruled:
    """A face with one advance for all characters, an em to `share` of it."""

    def __init__(self, share):
        self.share = share

    def at(self, size):
        return Ruled(self.share * size)

    def getlength(self, character):
        return self.share


def face(family, characters):
    return Font("none", 0, family, "Regular", frozenset(characters))


class TestPlaces:
    def test_by_hand(self):
        """At an em of 20, hanzi of a whole em and letters of half of one; no spacing under a draw of .5."""
        glyphs = place_glyphs(Steady(0.5), "国A b", Ruled(1.0), Ruled(0.5), 20, None)
        assert [glyph[:3] for glyph in glyphs] == [
            ("国", 0.0, 20.0),
            ("A", 20.0, 30.0),
            (" ", 30.0, 40.0),
            ("b", 40.0, 50.0),
        ]
        assert [glyph[3].share for glyph in glyphs] == [20, 10, 10, 10]

    def test_spacing_stands_between_characters_only(self):
        """A draw of .75 spaces by .75 of the way from -.04 to .12 of an em: .08 * 50 = 4."""
        glyphs = place_glyphs(Steady(0.75), "国国", Ruled(1.0), Ruled(0.5), 50, None)
        np.testing.assert_allclose([glyph[1:3] for glyph in glyphs], [(0, 50), (54, 104)])

    def test_stops_a_tenth_of_an_em_before_the_limit(self):
        for limit, count in ((62, 3), (61.9, 2), (1, 0)):
            assert len(place_glyphs(Steady(0.5), "国国国国", Ruled(1.0), Ruled(0.5), 20, limit)) == count

    def test_a_mark_without_an_advance_has_a_pixel(self):
        assert place_glyphs(Steady(0.5), "国", Ruled(0.0), Ruled(0.5), 20, None)[0][1:3] == (0.0, 1.0)


class TestFaces:
    def test_letters_alone_have_one_face(self):
        library = FontLibrary([face("Latin", LATIN), face("Han", "中文")])
        for seed in range(10):
            chinese, latin = pick_faces(np.random.default_rng(seed), library, "Exit7", LineStyle())
            assert chinese is latin and latin.family == "Latin"

    @pytest.mark.parametrize("mixed", [0.0, 1.0])
    def test_letters_among_hanzi(self, mixed):
        """Both faces draw all of it: a face of its own for the letters only where the style mixes."""
        library = FontLibrary([face("Both", LATIN + "中文"), face("Latin", LATIN)])
        pairs = [
            pick_faces(np.random.default_rng(seed), library, "中A文", LineStyle(mixed_fonts=mixed))
            for seed in range(40)
        ]
        assert {chinese.family for chinese, _ in pairs} == {"Both"}
        assert {latin.family for _, latin in pairs} == ({"Both", "Latin"} if mixed else {"Both"})

    def test_two_faces_where_none_draws_all(self):
        library = FontLibrary([face("Han", "中文"), face("Latin", LATIN)])
        chinese, latin = pick_faces(np.random.default_rng(0), library, "中A", LineStyle(mixed_fonts=0))
        assert (chinese.family, latin.family) == ("Han", "Latin")

    def test_no_face(self):
        library = FontLibrary([face("Latin", LATIN)])
        with pytest.raises(SynthesisError, match="中"):
            pick_faces(np.random.default_rng(0), library, "中A", LineStyle())


class TestInk:
    def test_stands_within_its_advances_and_spaces_leave_none(self, shipped_font):
        glyphs = place_glyphs(Steady(0.5), "中 口", shipped_font, shipped_font, 40, None)
        columns = draw_glyphs(Steady(0.5), glyphs, (60, 150), 12.0, 40).max(0) > 60
        for character, left, right, _ in glyphs:
            inside = columns[round(12 + left) : round(12 + right)]
            assert inside.any() == (character != " ")
            columns[round(12 + left) : round(12 + right)] = False
        assert not columns.any()

    def test_faces_of_all_sizes_stand_on_one_baseline(self, shipped_font):
        """The baseline is .36 em under the middle: at row 30 + .36 * 50 = 48 when the draw is in its middle."""
        glyphs = [("H", 0.0, 40.0, shipped_font.at(50)), ("H", 60.0, 80.0, shipped_font.at(20))]
        ink = draw_glyphs(Steady(0.5), glyphs, (60, 100), 5.0, 50)
        assert ink.shape == (60, 100) and ink.dtype == np.uint8
        for part in (ink[:, :50], ink[:, 60:]):
            assert np.flatnonzero(part.max(1) > 127)[-1] == 47

    def test_moves_by_a_share_of_the_room_that_is_left(self, shipped_font):
        glyphs = place_glyphs(Steady(0.5), "国", shipped_font, shipped_font, 20, None)
        tops = [np.flatnonzero(draw_glyphs(Steady(draw), glyphs, (40, 30), 4.0, 20).max(1))[0] for draw in (0, 0.5, 1)]
        np.testing.assert_allclose(np.diff(tops), [6, 6], atol=1)  # .3 of 20 rows each way.


class TestTexture:
    @pytest.mark.parametrize("photo", [None, (200, 300), (5, 300), (200, 3), (1, 1)])
    def test_fills_the_shape_in_the_light_half(self, photo):
        """Photographs smaller than a line are stretched."""
        rng = np.random.default_rng(0)
        photos = [] if photo is None else [rng.integers(0, 256, photo).astype(np.uint8)]
        for seed in range(30):
            ground = texture(np.random.default_rng(seed), (32, 100), photos)
            assert ground.shape == (32, 100) and 0 <= ground.min() and ground.max() <= 255
            assert 125 < ground.mean() < 240

    def test_shows_the_photograph(self):
        """A photograph of upright stripes, dark at the left of each piece of it or light, has rows that are equal."""
        stripes = np.tile(np.repeat(np.array([20, 220], np.uint8), 9), (64, 8))
        striped = [
            np.ptp(ground, axis=0).max() < 1 and ground.std() > 3
            for ground in (texture(np.random.default_rng(seed), (32, 64), [stripes]) for seed in range(60))
        ]
        assert 0.5 < np.mean(striped) < 0.9  # Seven in ten; clouds on the others.
        ground = texture(np.random.default_rng(0), (32, 64), [])
        assert np.ptp(ground, axis=0).max() > 1 and cv2.Laplacian(ground.astype(np.float64), cv2.CV_64F).std() < 20
