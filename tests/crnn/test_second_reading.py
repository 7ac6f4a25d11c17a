import numpy as np
import pytest

from ctpn_crnn.crnn.second_reading import Variant, majority_vote
from ctpn_crnn.page import Char, Reading


def test_variants_are_trimmed_and_stretched():
    crop = np.full((40, 200), 90, np.uint8)
    crop[:2] = crop[38:] = 255
    near, wide, narrow = (
        variant.image(crop) for variant in (Variant(trim=0.06), Variant(stretch=1.2), Variant(stretch=0.6))
    )
    assert [image.shape for image in (near, wide, narrow)] == [(32, 178), (32, 192), (32, 96)]
    assert (near == 90).all() and wide[0].min() > 90
    assert Variant(trim=0.06).image(crop[:3, :1]).shape == (32, 16)


@pytest.mark.parametrize("lean", [0.35, -0.35])
def test_what_leans_stands_upright_and_keeps_its_place(lean):
    crop = np.full((32, 200), 255, np.uint8)
    for row in range(32):  # a stroke about the column 60 of the middle row
        crop[row, round(60 + lean * (row - 15.5)) :][:3] = 0
    variant = Variant(shear=lean)

    def place(fraction):
        (char,) = variant.to_crop(Reading("a", 1.0, [Char("a", 1.0, fraction, fraction)]), crop).chars
        return char.start

    image = variant.image(crop)
    dark = np.flatnonzero(image.min(0) < 128)
    assert len(dark) <= 5 and np.ptp(np.flatnonzero((image < 128).any(1))) == 31
    assert place((dark.mean() + 0.5) / image.shape[1]) == pytest.approx(61.5 / 200, abs=0.01)
    assert (place(0.0), place(1.0)) == (0.0, 1.0)


def reading(text: str, *confidences: float) -> Reading:
    return Reading(text, 0.5, [Char(c, p, 0, 1) for c, p in zip(text, confidences, strict=True)])


def test_readings_vote_with_what_their_characters_are_worth():
    alone, one, other = reading("ab", 0.8, 0.8), reading("ac", 0.5, 0.5), reading("ac", 0.4, 0.5)
    assert majority_vote([alone, one, other]) is one
    assert majority_vote([alone, one]) is alone
    assert majority_vote([reading("ab", 0.95, 0.95), one, other]).text == "ab"  # .95 against .5 + .45


def test_spaces_do_not_split_a_vote():
    tight, wide = reading("ac", 0.5, 0.5), reading("a c", 0.6, 0.4, 0.6)
    assert majority_vote([reading("ab", 0.7, 0.7), tight, wide]) is wide
    assert majority_vote([reading(""), reading("")]).text == ""
