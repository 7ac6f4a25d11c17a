"""Scene words: cropped to the ink whatever the view, with the characters' places known."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.lines import signs
from ctpn_crnn.synthesis.lines.line_drawing import LineStyle
from ctpn_crnn.synthesis.lines.sign_surroundings import SignCrop
from ctpn_crnn.synthesis.lines.signs import render_sign

CLEAN = LineStyle(strength=0)


@pytest.fixture
def black_on_white(monkeypatch):
    """Only the letters' shapes: no colours that hide where the ink is, and sharp."""
    monkeypatch.setattr(signs, "_colour", lambda rng, crop, size, backgrounds: 255 - crop.ink)
    monkeypatch.setattr(signs, "_FAR", 0.0)


@pytest.fixture
def letters_alone(monkeypatch):
    """Nothing beside the letters, for which the crop would be higher."""
    monkeypatch.setattr(signs, "with_surroundings", lambda rng, ink: bare(ink))


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
            rows = np.flatnonzero(ink_of(render_sign(np.random.default_rng(seed), fonts, text, CLEAN)).max(1) > 90)
            margins.append((rows[0], 31 - rows[-1]))
        assert np.max(margins) <= 10
        assert np.median(margins) <= 3 and np.mean(np.max(margins, 1) <= 5) > 0.6

    def test_a_dash_is_not_blown_up(self, fonts, letters_alone):
        for seed in range(30):
            inked = ink_of(render_sign(np.random.default_rng(seed), fonts, "-", CLEAN)).max(1) > 90
            assert 1 <= inked.sum() <= 16

    def test_spans_stand_on_their_character(self, fonts):
        """Frames of three characters apart, each one piece of ink about the middle of its span."""
        errors, tilted = [], 0
        for seed in range(80):
            sample = render_sign(np.random.default_rng(seed), fonts, "口   口   口", CLEAN)
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
            sample = render_sign(rng, fonts, drawable_sign(rng, fonts, corpus), CLEAN)
            ink = ink_of(sample)
            for character, (left, right) in zip(sample.text, sample.spans):
                assert character == " " or ink[:, int(left) : int(np.ceil(right))].max() > 60


def drawable_sign(rng, fonts, corpus):
    """A sign that the one face of these tests draws, which lacks traditional characters."""
    return next(text for text in iter(lambda: corpus.sign(rng, 11), None) if fonts.fonts[0].covers(text))


def dots(places, shape):
    """Ink of 5 x 5 dots about (x, y)."""
    ink = np.zeros(shape, np.uint8)
    for x, y in places:
        ink[y - 2 : y + 3, x - 2 : x + 3] = 255
    return ink


def centres(ink):
    """The middle (x, y) of each dot, from left to right."""
    _, _, _, found = cv2.connectedComponentsWithStats((ink > 100).astype(np.uint8))
    return found[1:][np.argsort(found[1:, 0])]


class TestView:
    PLACES = ((30, 50), (80, 50), (150, 50), (230, 50), (270, 50), (310, 50))
    EDGES = np.array(PLACES, np.float32).reshape(3, 2, 2)

    def test_an_arc_moves_edges_and_ink_alike(self):
        ink = dots(self.PLACES, (100, 340))
        sags = []
        for seed in range(120):
            moved, edges = signs._bend(np.random.default_rng(seed), ink, self.EDGES, 60)
            points = edges.reshape(-1, 2)
            np.testing.assert_allclose(points, centres(moved), atol=1.0)
            chord = np.linalg.norm(points[-1] - points[0])
            sags.append((points[2:4, 1].mean() - points[[0, -1], 1].mean()) / chord)
            # Along a circle, distances between neighbours keep their proportions, but for arc against chord.
            steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
            np.testing.assert_allclose(steps, np.diff(self.EDGES[..., 0].ravel()), rtol=0.04)
        up, down = sum(sag < -0.02 for sag in sags), sum(sag > 0.02 for sag in sags)
        assert 10 <= up + down <= 34 and up > down > 0  # 18 % of 120, but for the flattest.

    def test_letters_turn_with_the_arc(self):
        """A bar stands square to the circle: its two ends are nearer to each other on the inner side."""
        ink = dots([(40, 30), (40, 70), (300, 30), (300, 70), (170, 50)], (100, 340))
        edges = np.float32([[[40, 50], [170, 50]], [[170, 50], [300, 50]]])
        for seed in range(60):
            moved, _ = signs._bend(np.random.default_rng(seed), ink, edges, 60)
            found = centres(moved)
            lean = [np.diff(pair[np.argsort(pair[:, 1])], axis=0)[0, 0] for pair in (found[:2], found[-2:])]
            if moved.shape != ink.shape:
                assert abs(lean[0]) > 2 and lean[0] == pytest.approx(-lean[1], abs=1)  # left, and right
                break
        else:
            pytest.fail("no arc was drawn")

    def test_a_view_from_the_side_moves_edges_and_ink_alike(self):
        ink = dots(self.PLACES, (100, 340))
        scales = []
        for seed in range(60):
            moved, edges = signs._view(np.random.default_rng(seed), ink, self.EDGES, freely=seed % 2 == 0)
            np.testing.assert_allclose(edges.reshape(-1, 2), centres(moved), atol=1.0)
            x = edges[..., 0].ravel()
            scales.append((x[1] - x[0]) / (x[5] - x[4]) * 40 / 50)  # 1 without perspective.
        assert max(scales) > 1.15 and min(scales) < 0.87


class TestCrop:
    def test_close_to_the_ink(self):
        """Ink 40 rows high: 1.2 rows may be cut, 14 (.35 of 40) may be left; sideways one column may be cut."""
        ink = np.zeros((120, 240), np.uint8)
        ink[40:80, 60:180] = 255
        boxes = np.array([signs._crop(np.random.default_rng(seed), ink) for seed in range(300)])
        rooms = boxes * [-1, 1, -1, 1] + [40, -80, 60, -180]
        assert rooms[:, :2].min() == -1 and rooms[:, 2:].min() == -1 and rooms.max() == 14
        # 70 % of the crops leave at most .12 of 40 rows on any side.
        assert 0.6 < (rooms.max(1) <= 5).mean() < 0.85

    def test_low_ink_keeps_the_height_of_a_letter(self):
        ink = np.zeros((120, 90), np.uint8)
        ink[70:73, 30:60] = 255
        for seed in range(50):
            top, bottom, _, _ = signs._crop(np.random.default_rng(seed), ink)
            assert top <= 70 and bottom >= 73 and 19 <= bottom - top <= 23

    def test_hair_lines_are_cropped_like_full_ink(self):
        ink = np.zeros((120, 240), np.uint8)
        ink[40:80, 60:180] = 255
        for seed in range(10):
            boxes = [signs._crop(np.random.default_rng(seed), picture) for picture in (ink, ink // 4)]
            assert boxes[0] == boxes[1]

    def test_faint_edges_do_not_count(self):
        """The blur about the letters is no ink."""
        ink = np.zeros((120, 240), np.uint8)
        ink[30:90, 40:200] = 60
        ink[40:80, 60:180] = 255
        sharp = np.where(ink == 255, ink, 0)
        assert signs._crop(np.random.default_rng(1), ink) == signs._crop(np.random.default_rng(1), sharp)

    def test_ink_at_the_border_and_no_ink(self):
        for seed in range(20):
            top, bottom, left, right = signs._crop(np.random.default_rng(seed), np.full((40, 60), 255, np.uint8))
            assert 0 <= top <= 1 and 39 <= bottom <= 40 and 0 <= left <= 1 and 59 <= right <= 60
        assert signs._crop(np.random.default_rng(0), np.zeros((40, 60), np.uint8)) == (0, 40, 0, 60)


class TestColour:
    def test_letters_stand_out(self):
        """A bar of ink against the ground that is not beside it (shadows and outlines are)."""
        ink = np.zeros((40, 200), np.uint8)
        ink[12:28, 60:140] = 255
        contrasts, inverted = [], 0
        for seed in range(200):
            image = signs._colour(np.random.default_rng(seed), bare(ink), 24, ()).astype(float)
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
            image = signs._colour(np.random.default_rng(seed), SignCrop(ink, 0, marks, beyond), 24, ()).astype(float)
            board = image[:, 30:50].mean()
            assert abs(image[:, 8:22].mean() - board) > 10
            assert abs(image[:, 172:].mean() - board) > 10

    @pytest.mark.parametrize("other", [0, 100, 126, 128, 255])
    def test_an_outline_is_never_in_the_letters_tone(self, other):
        for tone in range(0, 256, 5):
            chosen = signs._apart(float(tone), float(other))
            assert abs(chosen - other) > 45 and 0 <= chosen <= 255
            assert chosen == tone or abs(tone - other) <= 45

    def test_photographs_are_used(self):
        ink = np.zeros((32, 80), np.uint8)
        photo = np.random.default_rng(9).integers(0, 256, (64, 160)).astype(np.uint8)
        differ = [
            not np.array_equal(*(signs._colour(np.random.default_rng(seed), bare(ink), 20, b) for b in ((), (photo,))))
            for seed in range(60)
        ]
        assert 0.25 < np.mean(differ) < 0.8
