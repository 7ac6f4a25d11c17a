"""Which way up a page is, with a finder and a reader made for the test."""

from dataclasses import dataclass

import numpy as np
import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import TextLine
from ctpn_crnn.refine import orientation
from ctpn_crnn.refine.orientation import CLEARLY_BETTER, FEW_LINES, READABLE, legibility, read_upright

MARK = 200


@dataclass(frozen=True)
class Found:
    quad: np.ndarray
    kind: str = "text"
    score: float = 1.0


def page(degrees: int) -> np.ndarray:
    """White, with a mark at the top left of what stands upright when turned clockwise by `degrees`."""
    image = np.full((60, 40, 3), 255, np.uint8)
    image[:10, :10] = MARK
    return np.ascontiguousarray(np.rot90(image, degrees // 90))


class Eyes:
    """Finds as many lines as told, and reads them with .95 where they stand upright, else with what is told."""

    def __init__(self, lines: int = 20, otherwise: float = 0.4) -> None:
        self.lines, self.otherwise = lines, otherwise
        self.found: list[tuple[int, ...]] = []
        self.read_at_once: list[int] = []

    def find(self, image):
        self.found.append(image.shape)
        return [Found(box_to_quad(5, 2 * i, 30, 2 * i + 2)) for i in range(self.lines)]

    def read(self, image, regions):
        self.read_at_once.append(len(regions))
        return [TextLine("x", self.confidence(image, region.quad), region.quad) for region in regions]

    def confidence(self, image, quad):
        corners = [int(image[y, x, 0]) for y, x in ((2, 2), (2, -2), (-2, -2), (-2, 2))]  # clockwise from the top left
        quarters = (corners.index(MARK) + (2 if quad[0, 0] > quad[1, 0] else 0)) % 4
        return 0.95 if quarters == 0 else self.otherwise


@pytest.fixture(autouse=True)
def on_its_side(monkeypatch):
    """What the print itself tells: these pages have none."""
    monkeypatch.setattr(orientation, "lies_on_its_side", lambda image: image.shape[1] > image.shape[0])


@pytest.mark.parametrize("lines", [3, 20])
def test_an_upright_page_is_looked_at_once_and_each_line_read_once(lines):
    eyes = Eyes(lines)
    found, turn = read_upright(page(0), eyes.find, eyes.read)
    assert turn.degrees == 0 and legibility(found) == pytest.approx(0.95)
    assert [line.quad[0, 1] for line in found] == [2 * i for i in range(lines)]
    assert len(eyes.found) == 1
    assert eyes.read_at_once == [min(lines, FEW_LINES), max(0, lines - FEW_LINES)]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_other_pages_are_turned(degrees):
    eyes = Eyes()
    lines, turn = read_upright(page(degrees), eyes.find, eyes.read)
    assert turn.degrees == degrees
    assert legibility(lines) == pytest.approx(0.95) and len(lines) == 20
    assert turn.size == (40, 60)


def test_only_print_that_stands_in_columns_is_looked_at_by_a_quarter(monkeypatch):
    monkeypatch.setattr(orientation, "lies_on_its_side", lambda image: False)
    eyes = Eyes()
    assert read_upright(page(90), eyes.find, eyes.read)[1].degrees == 0
    assert len(eyes.found) == 1


@pytest.mark.parametrize("degrees", [90, 180])
def test_what_reads_no_better_stays(degrees):
    eyes = Eyes(otherwise=0.95 - CLEARLY_BETTER / 2)
    assert read_upright(page(degrees), eyes.find, eyes.read)[1].degrees == 0


def test_what_cannot_be_read_either_way_stays():
    class Blurred(Eyes):
        def confidence(self, image, quad):
            return min(super().confidence(image, quad), READABLE - 0.01)

    eyes = Blurred(otherwise=0.2)
    assert read_upright(page(180), eyes.find, eyes.read)[1].degrees == 0


@pytest.mark.parametrize("degrees", [0, 90])
def test_a_page_without_lines(degrees):
    eyes = Eyes(lines=0)
    assert read_upright(page(degrees), eyes.find, eyes.read)[0] == []


def test_formulas_have_no_say():
    class WithFormulas(Eyes):
        def find(self, image):
            return [*super().find(image), Found(box_to_quad(5, 50, 17, 51), "formula")]

    eyes = WithFormulas(lines=2)
    assert len(read_upright(page(180), eyes.find, eyes.read)[0]) == 3
    assert eyes.read_at_once == [2, 2, 2, 1]


def test_long_lines_count_more():
    lines = [TextLine("x", c, box_to_quad(0, 0, w, 10)) for c, w in ((0.9, 90), (0.5, 30))]
    assert legibility(lines) == pytest.approx(0.8)
    assert legibility([]) == 0
