"""Colours of scene text: letters stand out from their ground, and so does what stands beside them."""

import numpy as np
import pytest

from ctpn_crnn.synthesis.lines import SignStyle
from ctpn_crnn.synthesis.lines.sign_colours import contrasting, paint_sign
from ctpn_crnn.synthesis.lines.sign_surroundings import SignCrop


def bare(ink):
    """A crop with nothing beside the letters."""
    return SignCrop(ink, 0, np.zeros_like(ink), np.zeros_like(ink))


class TestColour:
    def test_letters_stand_out(self):
        """A bar of ink against the ground that is not beside it (shadows and outlines are)."""
        ink = np.zeros((40, 200), np.uint8)
        ink[12:28, 60:140] = 255
        contrasts, inverted = [], 0
        for seed in range(200):
            image = paint_sign(np.random.default_rng(seed), bare(ink), 24, (), SignStyle()).astype(float)
            assert image.shape == ink.shape
            letters, ground = image[14:26, 64:136].mean(), np.r_[image[:, :40].ravel(), image[:, 160:].ravel()].mean()
            contrasts.append(abs(letters - ground))
            inverted += letters > ground
        assert np.mean(np.array(contrasts) > 35) > 0.9
        assert 60 < inverted < 140  # Light lettering as often as dark.

    def test_marks_and_what_is_beyond_the_board_are_seen(self):
        """Neither is left out, and letters are painted over both."""
        ink, marks, beyond = (np.zeros((40, 200), np.uint8) for _ in range(3))
        ink[12:28, 60:140] = marks[:, 5:25] = beyond[:, 170:] = 255
        for seed in range(60):
            image = paint_sign(
                np.random.default_rng(seed), SignCrop(ink, 0, marks, beyond), 24, (), SignStyle()
            ).astype(float)
            board = image[:, 30:50].mean()
            assert abs(image[:, 8:22].mean() - board) > 10
            assert abs(image[:, 172:].mean() - board) > 10

    @pytest.mark.parametrize("other", [0, 100, 126, 128, 255])
    def test_an_outline_is_never_in_the_letters_tone(self, other):
        for tone in range(0, 256, 5):
            chosen = contrasting(float(tone), float(other), 45)
            assert abs(chosen - other) > 45 and 0 <= chosen <= 255
            assert chosen == tone or abs(tone - other) <= 45

    def test_photographs_are_used(self):
        ink = np.zeros((32, 80), np.uint8)
        photo = np.random.default_rng(9).integers(0, 256, (64, 160)).astype(np.uint8)
        differ = [
            not np.array_equal(
                *(paint_sign(np.random.default_rng(seed), bare(ink), 20, b, SignStyle()) for b in ((), (photo,)))
            )
            for seed in range(60)
        ]
        assert 0.25 < np.mean(differ) < 0.8
