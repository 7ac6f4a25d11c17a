import numpy as np
import pytest

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.lines import LineStyle, render_line

PLAIN = LineStyle(strength=0, inverted=0, mixed_fonts=0, clutter=0, texture=0, tilt=0)


def test_spans_stand_on_the_ink(fonts):
    """Between two characters that are set apart there is no ink, and inside each span there is."""
    for seed in range(12):
        sample = render_line(np.random.default_rng(seed), fonts, "中 田 国 口", 24, PLAIN)
        ink = sample.image.max() - sample.image.astype(int)
        assert sample.text == "中 田 国 口" and sample.spans.shape == (7, 2)
        for number, (left, right) in enumerate(sample.spans):
            inside = ink[:, max(0, round(left) + 1) : max(1, round(right) - 1)]
            if number % 2 == 0:
                assert inside.max() > 60
                column = np.flatnonzero(ink[:, round(left) : round(right)].max(0) > 60)
                assert abs(column.mean() - (right - left) / 2) < 3  # Centred in its advance.
            else:
                assert inside.max() < 60


def test_text_is_cut_at_a_character_when_it_does_not_fit(fonts):
    sample = render_line(np.random.default_rng(0), fonts, "国" * 40, 24, PLAIN, max_width=160)
    assert sample.image.shape[0] == 32 and sample.image.shape[1] <= 160
    assert 2 <= len(sample.text) < 8 and len(sample.spans) == len(sample.text)
    assert sample.spans.max() <= 160


def test_nothing_fits(fonts):
    assert render_line(np.random.default_rng(0), fonts, "国", 24, PLAIN, max_width=8).text == ""


def test_text_that_no_font_has(fonts):
    with pytest.raises(SynthesisError):
        render_line(np.random.default_rng(0), fonts, "𪜶", 24, PLAIN)
