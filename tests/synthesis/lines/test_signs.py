"""Scene words: cropped to the ink whatever the view, with the characters' places known."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.lines import LineStyle, SignStyle, signs
from ctpn_crnn.synthesis.lines.sign_surroundings import SignCrop
from ctpn_crnn.synthesis.lines.signs import render_sign

CLEAN = LineStyle(strength=0)
LEVEL = SignStyle().ink_level
NEAR = LineStyle(strength=0, sign_style=SignStyle(far=0.0))


@pytest.fixture
def black_on_white(monkeypatch):
    """Only the letters' shapes: no colours that hide where the ink is."""
    monkeypatch.setattr(signs, "paint_sign", lambda rng, crop, size, backgrounds, style: 255 - crop.ink)


@pytest.fixture
def letters_alone(monkeypatch):
    """Nothing beside the letters, for which the crop would be higher."""
    monkeypatch.setattr(signs, "with_surroundings", lambda rng, ink, style: bare(ink))


def bare(ink):
    """A crop with nothing beside the letters."""
    return SignCrop(ink, 0, np.zeros_like(ink), np.zeros_like(ink))


def ink_of(sample):
    return 255 - sample.image.astype(int)


class TestSamples:
    def test_every_sign_is_legal(self, fonts, corpus):
        photo = np.random.default_rng(0).integers(0, 256, (90, 120)).astype(np.uint8)
        for seed in range(120):
            rng = np.random.default_rng(seed)
            text = drawable_sign(rng, fonts, corpus)
            sample = render_sign(rng, fonts, text, backgrounds=[photo])
            assert sample.text == text
            assert sample.image.dtype == np.uint8 and sample.image.shape[0] == 32
            assert sample.spans.dtype == np.float32 and sample.spans.shape == (len(text), 2)
            assert sample.spans.min() >= 0 and sample.spans.max() <= sample.image.shape[1]
            assert (sample.spans[:, 1] > sample.spans[:, 0]).all() and (np.diff(sample.spans.mean(1)) > 0).all()
            assert np.ptp(sample.image) > 15  # Something is to be seen.

    def test_deterministic(self, fonts):
        one, two, other = (render_sign(np.random.default_rng(seed), fonts, "STATION") for seed in (3, 3, 4))
        np.testing.assert_array_equal(one.image, two.image)
        np.testing.assert_array_equal(one.spans, two.spans)
        assert one.image.shape != other.image.shape or not np.array_equal(one.image, other.image)

    def test_spaces_at_the_ends_are_no_ink_and_no_text(self, fonts):
        assert render_sign(np.random.default_rng(0), fonts, " OLD TOWN ").text == "OLD TOWN"

    @pytest.mark.parametrize("text", ["", " "])
    def test_nothing_to_draw(self, fonts, text):
        sample = render_sign(np.random.default_rng(0), fonts, text)
        assert sample.text == "" and sample.spans.shape == (0, 2) and sample.image.shape[0] == 32

    def test_text_that_no_font_has(self, fonts):
        with pytest.raises(SynthesisError):
            render_sign(np.random.default_rng(0), fonts, "𪜶")


class TestStyle:
    @pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.18, 10, 34), (1.0, 120, 120)])
    def test_share_of_arcs(self, fonts, monkeypatch, share, least, most):
        bent = []
        monkeypatch.setattr(signs, "bend", lambda rng, ink, edges, size: (bent.append(size) or ink, edges))
        style = LineStyle(strength=0, sign_style=SignStyle(arc=share))
        for seed in range(120):
            render_sign(np.random.default_rng(seed), fonts, "OLD STATION", style)
        assert least <= len(bent) <= most

    def test_a_single_letter_stands_on_no_arc(self, fonts, monkeypatch):
        monkeypatch.setattr(signs, "bend", lambda *_: pytest.fail("bent"))
        for seed in range(10):
            render_sign(np.random.default_rng(seed), fonts, "I", LineStyle(sign_style=SignStyle(arc=1.0)))

    def test_signs_far_away_are_coarse(self, fonts):
        """Seen from afar the letters have at most 14 rows, so that neighbouring rows differ little."""

        def steepest(far):
            style = LineStyle(strength=0, sign_style=SignStyle(far=far))
            images = [render_sign(np.random.default_rng(seed), fonts, "TOWN", style).image for seed in range(20)]
            return np.mean([np.abs(np.diff(image.astype(float), axis=0)).max() / np.ptp(image) for image in images])

        assert steepest(1.0) < 0.75 * steepest(0.0)


class TestWidth:
    @pytest.mark.parametrize("limit", [24, 96, 160])
    def test_a_long_text_is_cut_at_a_character(self, fonts, limit):
        text = "THE OLD STATION OF THE CITY"
        lengths = set()
        for seed in range(15):
            sample = render_sign(np.random.default_rng(seed), fonts, text, CLEAN, max_width=limit)
            assert sample.image.shape[1] <= limit
            assert text.startswith(sample.text) and sample.text == sample.text.strip()
            assert len(sample.spans) == len(sample.text)
            lengths.add(len(sample.text))
        assert min(lengths) < len(text) and max(lengths) >= limit // 24  # A capital is about as wide as high.

    def test_nothing_fits(self, fonts):
        sample = render_sign(np.random.default_rng(0), fonts, "国", CLEAN, max_width=4)
        assert sample.text == "" and sample.image.shape == (32, 4)

    def test_without_a_limit_all_of_it_is_drawn_and_stays_high(self, fonts):
        """A W is about as wide as high, 60 of them 1900 pixels at the full height; tilt and arcs leave a third."""
        for seed in range(6):
            sample = render_sign(np.random.default_rng(seed), fonts, "W" * 60, CLEAN)
            assert sample.text == "W" * 60 and sample.image.shape[1] > 500


@pytest.mark.usefixtures("black_on_white")
class TestPlaces:
    @pytest.mark.parametrize("text", ["STATION 12", "公司收入", "Wi-Fi", "jg"])
    def test_ink_touches_top_and_bottom(self, fonts, letters_alone, text):
        """Room of .35 of the letters' height above and 3 % cut off below leave 8.5 of 32 rows, the most there are."""
        margins = []
        for seed in range(50):
            rows = np.flatnonzero(ink_of(render_sign(np.random.default_rng(seed), fonts, text, NEAR)).max(1) > 90)
            margins.append((rows[0], 31 - rows[-1]))
        assert np.max(margins) <= 10
        assert np.median(margins) <= 3 and np.mean(np.max(margins, 1) <= 5) > 0.6

    def test_a_dash_is_not_blown_up(self, fonts, letters_alone):
        for seed in range(30):
            inked = ink_of(render_sign(np.random.default_rng(seed), fonts, "-", NEAR)).max(1) > 90
            assert 1 <= inked.sum() <= 16

    def test_spans_stand_on_their_character(self, fonts):
        """Frames of three characters apart, each one piece of ink about the middle of its span."""
        errors, tilted = [], 0
        for seed in range(80):
            sample = render_sign(np.random.default_rng(seed), fonts, "口   口   口", NEAR)
            ink = (ink_of(sample) > 90).astype(np.uint8)
            _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
            frames = sorted(range(1, len(stats)), key=lambda label: -stats[label, cv2.CC_STAT_AREA])[:3]
            frames.sort(key=lambda label: stats[label, cv2.CC_STAT_LEFT])
            assert len(frames) == 3
            middles = [np.nonzero(labels == label)[1].mean() + 0.5 for label in frames]
            rows = [np.nonzero(labels == label)[0].mean() for label in frames]
            tilted += np.ptp(rows) > 2
            errors.extend(np.abs(sample.spans[[0, 4, 8]].mean(1) - middles))
        assert tilted > 20  # The view does change.
        assert np.median(errors) < 0.7 and np.max(errors) < 3.2

    def test_all_characters_have_ink(self, fonts, corpus):
        for seed in range(120):
            rng = np.random.default_rng(seed)
            sample = render_sign(rng, fonts, drawable_sign(rng, fonts, corpus), NEAR)
            ink = ink_of(sample)
            for character, (left, right) in zip(sample.text, sample.spans):
                assert character == " " or ink[:, int(left) : int(np.ceil(right))].max() > 60


def drawable_sign(rng, fonts, corpus):
    """A sign that the one face of these tests draws, which lacks traditional characters."""
    return next(text for text in iter(lambda: corpus.sign(rng, 11), None) if fonts.fonts[0].covers(text))


class TestCrop:
    def test_close_to_the_ink(self):
        """Ink 40 rows high: 1.2 rows may be cut, 14 (.35 of 40) may be left; sideways one column may be cut."""
        ink = np.zeros((120, 240), np.uint8)
        ink[40:80, 60:180] = 255
        boxes = np.array([signs._crop(np.random.default_rng(seed), ink, LEVEL) for seed in range(300)])
        rooms = boxes * [-1, 1, -1, 1] + [40, -80, 60, -180]
        assert rooms[:, :2].min() == -1 and rooms[:, 2:].min() == -1 and rooms.max() == 14
        # 70 % of the crops leave at most .12 of 40 rows on any side.
        assert 0.6 < (rooms.max(1) <= 5).mean() < 0.85

    def test_low_ink_keeps_the_height_of_a_letter(self):
        ink = np.zeros((120, 90), np.uint8)
        ink[70:73, 30:60] = 255
        for seed in range(50):
            top, bottom, _, _ = signs._crop(np.random.default_rng(seed), ink, LEVEL)
            assert top <= 70 and bottom >= 73 and 19 <= bottom - top <= 23

    def test_hair_lines_are_cropped_like_full_ink(self):
        ink = np.zeros((120, 240), np.uint8)
        ink[40:80, 60:180] = 255
        for seed in range(10):
            boxes = [signs._crop(np.random.default_rng(seed), picture, LEVEL) for picture in (ink, ink // 4)]
            assert boxes[0] == boxes[1]

    def test_faint_edges_do_not_count(self):
        """The blur about the letters is no ink."""
        ink = np.zeros((120, 240), np.uint8)
        ink[30:90, 40:200] = 60
        ink[40:80, 60:180] = 255
        sharp = np.where(ink == 255, ink, 0)
        assert signs._crop(np.random.default_rng(1), ink, LEVEL) == signs._crop(np.random.default_rng(1), sharp, LEVEL)

    def test_ink_at_the_border_and_no_ink(self):
        for seed in range(20):
            top, bottom, left, right = signs._crop(np.random.default_rng(seed), np.full((40, 60), 255, np.uint8), LEVEL)
            assert 0 <= top <= 1 and 39 <= bottom <= 40 and 0 <= left <= 1 and 59 <= right <= 60
        assert signs._crop(np.random.default_rng(0), np.zeros((40, 60), np.uint8), LEVEL) == (0, 40, 0, 60)
