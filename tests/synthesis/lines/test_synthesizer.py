import numpy as np
import pytest

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.lines import LineSample, LineStyle, LineSynthesizer, synthesizer


@pytest.mark.parametrize("width", [32, 200, 480])
def test_every_line_is_legal(fonts, corpus, width):
    lines = LineSynthesizer(fonts, corpus, [np.random.default_rng(0).integers(0, 255, (90, 120)).astype(np.uint8)])
    for seed in range(40):
        sample = lines(np.random.default_rng(seed), width)
        assert sample.image.dtype == np.uint8 and sample.image.shape[0] == 32 and 4 <= sample.image.shape[1] <= width
        assert sample.text and sample.text == sample.text.strip()
        assert len(sample.spans) == len(sample.text)
        assert (np.diff(sample.spans.mean(1)) > 0).all()
        assert np.ptp(sample.image) > 15  # Something is to be seen.


def test_deterministic(fonts, corpus):
    lines = LineSynthesizer(fonts, corpus)
    one, two = (lines(np.random.default_rng((1, 2, 3)), 160) for _ in range(2))
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

    monkeypatch.setattr(synthesizer, "render_sign", drawn("s"))
    monkeypatch.setattr(synthesizer, "render_line", drawn("l"))
    lines = LineSynthesizer(fonts, corpus, style=LineStyle(signs=signs))
    texts = [lines(np.random.default_rng((4, seed)), width).text for seed in range(300)]
    assert texts.count("s") / 300 == pytest.approx(share, abs=0.09 if 0 < share < 1 else 0)


def test_a_sign_that_cannot_be_drawn_becomes_a_line(fonts, corpus, monkeypatch):
    empty = LineSample(np.full((32, 4), 255, np.uint8), "", np.zeros((0, 2), np.float32))
    answers = iter([SynthesisError("no face"), empty])

    def render_sign(*arguments):
        answer = next(answers, empty)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(synthesizer, "render_sign", render_sign)
    lines = LineSynthesizer(fonts, corpus, style=LineStyle(signs=1))
    for seed in range(2):
        assert lines(np.random.default_rng(seed), 160).text
    assert next(answers, None) is None
