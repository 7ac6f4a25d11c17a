import numpy as np
import pytest

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.lines import lines
from ctpn_crnn.synthesis.lines.lines import LineSample, LineStyle, LineSynthesizer, render_line

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


@pytest.mark.parametrize("width", [32, 200, 480])
def test_every_line_is_legal(fonts, corpus, width):
    synthesizer = LineSynthesizer(
        fonts, corpus, [np.random.default_rng(0).integers(0, 255, (90, 120)).astype(np.uint8)]
    )
    for seed in range(40):
        sample = synthesizer(np.random.default_rng(seed), width)
        assert sample.image.dtype == np.uint8 and sample.image.shape[0] == 32 and 4 <= sample.image.shape[1] <= width
        assert sample.text and sample.text == sample.text.strip()
        assert len(sample.spans) == len(sample.text)
        assert (np.diff(sample.spans.mean(1)) > 0).all()
        assert np.ptp(sample.image) > 15  # Something is to be seen.


def test_deterministic(fonts, corpus):
    synthesizer = LineSynthesizer(fonts, corpus)
    one, two = (synthesizer(np.random.default_rng((1, 2, 3)), 160) for _ in range(2))
    assert one.text == two.text
    np.testing.assert_array_equal(one.image, two.image)


@pytest.mark.parametrize(
    ("signs", "width", "share"),
    [(0, 96, 0), (0, 480, 0), (1, 96, 1), (1, 160, 1), (1, 320, 0.5), (0.3, 160, 0.3), (0.4, 96, 0.5)],
)
def test_share_of_signs(fonts, corpus, monkeypatch, signs, width, share):
    """All of it or none; of lines of 160 pixels the share itself, a quarter more of narrow ones, half at twice it."""

    def drawn(text):
        return lambda *arguments, **options: LineSample(np.zeros((32, 8), np.uint8), text, np.zeros((1, 2), np.float32))

    monkeypatch.setattr(lines, "render_sign", drawn("s"))
    monkeypatch.setattr(lines, "render_line", drawn("l"))
    synthesizer = LineSynthesizer(fonts, corpus, style=LineStyle(signs=signs))
    texts = [synthesizer(np.random.default_rng((4, seed)), width).text for seed in range(300)]
    assert texts.count("s") / 300 == pytest.approx(share, abs=0.09 if 0 < share < 1 else 0)


def test_a_sign_that_cannot_be_drawn_becomes_a_line(fonts, corpus, monkeypatch):
    empty = LineSample(np.full((32, 4), 255, np.uint8), "", np.zeros((0, 2), np.float32))
    answers = iter([SynthesisError("no face"), empty])

    def render_sign(*arguments):
        answer = next(answers, empty)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(lines, "render_sign", render_sign)
    synthesizer = LineSynthesizer(fonts, corpus, style=LineStyle(signs=1))
    for seed in range(2):
        assert synthesizer(np.random.default_rng(seed), 160).text
    assert next(answers, None) is None
