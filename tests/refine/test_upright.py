"""How an image has to be turned, on drawn pages and with a reader made for the test."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ctpn_crnn.geometry import Rotation
from ctpn_crnn.refine import upright
from ctpn_crnn.refine.paper import Paper
from ctpn_crnn.refine.upright import DEFAULTS, lean_turn, set_upright

MARK = 200


def marked(degrees: int) -> np.ndarray:
    """White, with a mark at the top left of what stands upright when turned clockwise by `degrees`."""
    image = np.full((60, 40, 3), 255, np.uint8)
    image[:10, :10] = MARK
    return np.ascontiguousarray(np.rot90(image, degrees // 90))


class Eyes:
    """Sees .95 in what stands upright, else what it was made with; notes each image and each reading asked for."""

    def __init__(self, otherwise: float = 0.4, upright: float = 0.95) -> None:
        self.legible = (upright, otherwise)
        self.looks: list[tuple[int, ...]] = []
        self.reversed_reads = 0

    def set_upright(self, image: np.ndarray, **options: object) -> tuple[Rotation, Eyes.Sight]:
        def look(turn: Rotation) -> Eyes.Sight:
            self.looks.append(turn.size)
            return self.Sight(self, turn.apply(image))

        return set_upright(image, look, **options)

    class Sight:
        def __init__(self, eyes: Eyes, image: np.ndarray) -> None:
            self.eyes = eyes
            corners = [int(image[y, x, 0]) for y, x in ((2, 2), (2, -2), (-2, -2), (-2, 2))]  # clockwise
            self.quarters = corners.index(MARK)

        @property
        def legibility(self) -> float:
            return self.eyes.legible[self.quarters != 0]

        @property
        def legibility_upside_down(self) -> float:
            self.eyes.reversed_reads += 1
            return self.eyes.legible[self.quarters != 2]


class TestQuarterTurns:
    @pytest.fixture(autouse=True)
    def on_its_side(self, monkeypatch):
        """Stand in for what the print tells: these images have none."""
        monkeypatch.setattr(upright, "lies_on_its_side", lambda image: image.shape[1] > image.shape[0])

    def test_an_upright_image_is_looked_at_once_and_not_read_upside_down(self):
        eyes = Eyes()
        turn, sight = eyes.set_upright(marked(0))
        assert (turn.degrees, sight.legibility) == (0, 0.95)
        assert (len(eyes.looks), eyes.reversed_reads) == (1, 0)

    @pytest.mark.parametrize("degrees", [90, 180, 270])
    def test_other_images_are_turned(self, degrees):
        turn, sight = Eyes().set_upright(marked(degrees))
        assert turn.degrees == degrees
        assert turn.size == (40, 60)
        assert sight.legibility == 0.95

    @pytest.mark.parametrize("degrees", [90, 180, 270])
    def test_quarter_turns_can_be_ruled_out(self, degrees):
        eyes = Eyes()
        assert eyes.set_upright(marked(degrees), quarter_turns=False)[0].degrees == 0
        assert (len(eyes.looks), eyes.reversed_reads) == (1, 0)

    def test_a_quarter_turn_is_tried_only_where_the_print_runs_from_top_to_bottom(self, monkeypatch):
        monkeypatch.setattr(upright, "lies_on_its_side", lambda image: False)
        eyes = Eyes()
        assert eyes.set_upright(marked(90))[0].degrees == 0
        assert len(eyes.looks) == 1

    @pytest.mark.parametrize("degrees", [90, 180])
    def test_an_image_that_reads_no_better_turned_stays(self, degrees):
        eyes = Eyes(otherwise=0.95 - DEFAULTS.clearly_better / 2)
        assert eyes.set_upright(marked(degrees))[0].degrees == 0

    @pytest.mark.parametrize("degrees", [0, 90])
    def test_an_image_without_lines_stays(self, degrees):
        assert Eyes(otherwise=0.0, upright=0.0).set_upright(marked(degrees))[0].degrees == 0

    def test_thresholds_can_be_given(self):
        params = replace(DEFAULTS, clearly_better=0.6)
        assert Eyes().set_upright(marked(180), params=params)[0].degrees == 0


def page(cap_height: int, lines: int = 12, size: tuple[int, int] = (1400, 1000)) -> np.ndarray:
    """Words in capitals of a height, in the middle of white paper."""
    image = np.full((*size, 3), 250, np.uint8)
    scale = cap_height / 21  # of the font at scale 1
    for line in range(lines):
        at = (150, 300 + line * cap_height * 2)
        cv2.putText(image, "SMALL WORDS IN A ROW", at, cv2.FONT_HERSHEY_SIMPLEX, scale, (20, 20, 20), 2, cv2.LINE_AA)
    return image


def photograph(size: tuple[int, int] = (700, 900)) -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 255, (size[0] // 8, size[1] // 8, 3), np.uint8)
    return cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC)


class TestLean:
    @pytest.mark.parametrize("lean", [-25, -6, 3, 12, 25])
    def test_a_leaning_page_is_set_upright(self, lean):
        turn = lean_turn(Rotation(lean, 1000, 1400).apply(page(15)))
        assert turn.degrees == pytest.approx(-lean, abs=0.5)

    def test_dense_text_is_set_upright_on_a_ground_that_is_not_even(self):
        image = page(12, lines=40)[:1300].astype(int) // 2 + 60
        image += np.random.default_rng(5).integers(-35, 36, image.shape)
        image = Rotation(5.0, 1000, 1300).apply(image.clip(0, 255).astype(np.uint8))
        assert not Paper(image[..., 0]).is_page
        assert lean_turn(image).degrees == pytest.approx(-5.0, abs=0.5)

    def test_level_pages_and_photographs_are_left_alone(self):
        assert lean_turn(page(15)).degrees == 0
        assert lean_turn(Rotation(1.0, 1000, 1400).apply(page(15))).degrees == 0
        assert lean_turn(photograph()).degrees == 0

    def test_an_image_too_long_to_be_warped_is_left_alone(self, monkeypatch):
        monkeypatch.setattr(upright, "estimate_skew", lambda *_: 5.0)
        assert lean_turn(np.zeros((40_000, 4, 3), np.uint8)).degrees == 0


class Seen:
    """Sees the same in every image."""

    def __init__(self, image: np.ndarray, legible: float) -> None:
        self.image, self.legibility, self.legibility_upside_down = image, legible, 0.95


def test_a_small_lean_is_taken_out_when_asked_for():
    image = Rotation(1.0, 1000, 1400).apply(page(15))
    assert set_upright(image, lambda turn: Seen(turn.apply(image), 0.95))[0].degrees == 0
    turn, seen = set_upright(image, lambda turn: Seen(turn.apply(image), 0.95), any_lean=True)
    assert turn.degrees == pytest.approx(-1.0, abs=0.1)
    assert seen.image.shape[1::-1] == turn.size


def test_lean_and_half_turn_are_one_turn():
    leaning = Rotation(6.0, 1000, 1400)
    upside_down = Rotation(186.0, 1000, 1400).apply(page(15))
    looks = []

    def look(turn: Rotation) -> Seen:
        looks.append(turn)
        return Seen(turn.apply(upside_down), 0.4 if len(looks) == 1 else 0.95)

    turn, seen = set_upright(upside_down, look)
    assert turn.degrees == pytest.approx(174.0, abs=0.5)
    assert (turn.width, turn.height) == leaning.size
    # The page stands in the middle again, the way up in which it was drawn.
    left, top = ((np.array(turn.size) - (1000, 1400)) / 2).round().astype(int)
    back = seen.image[top : top + 1400, left : left + 1000, 0]
    rows = [int(np.flatnonzero((image < 128).any(axis=1))[0]) for image in (back, page(15)[..., 0])]
    assert abs(rows[0] - rows[1]) <= 6
