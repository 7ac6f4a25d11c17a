"""The connector against lines whose strips are worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ctpn_crnn.ctpn import strip_chains, text_lines
from ctpn_crnn.ctpn.line_params import LineParams
from ctpn_crnn.ctpn.text_lines import connect
from ctpn_crnn.geometry import quad_iou

PAGE = (1000, 1600)


def level(x1: float, x2: float, y1: float, y2: float, score: float = 0.95) -> np.ndarray:
    """Strips (n, 6) x1, y1, x2, y2, score, side of a level line: every column that it covers by half; side to the
    nearer end."""
    columns = np.arange(round(x1 / 16), round(x2 / 16))
    centre = columns * 16 + 8
    side = np.where(centre - x1 <= x2 - centre, x1 - centre, x2 - centre) / 16
    side = np.where(abs(side) <= 2, side, 0.3)  # further in, the network says anything
    full = np.ones(len(columns))
    return np.stack([columns * 16, y1 * full, columns * 16 + 16, y2 * full, score * full, side], axis=1)


def slanted(centre: tuple[float, float], length: float, height: float, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Return strips (n, 6) and quad (4, 2) of a rotated rectangle; degrees count clockwise on the screen."""
    angle = math.radians(degrees)
    along, down = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
    quad = (
        np.array([s * along * length / 2 + t * down * height / 2 for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
        + centre
    )
    strips = level(centre[0] - length / 2 * along[0], centre[0] + length / 2 * along[0], 0, 1)
    middle = centre[1] + math.tan(angle) * (strips[:, 0] + 8 - centre[0])
    strips[:, 1] = middle - height / 2 / math.cos(angle)
    strips[:, 3] = middle + height / 2 / math.cos(angle)
    return strips, quad


def lines_of(*strips: np.ndarray, size: tuple[int, int] = PAGE, **params: float) -> list[tuple[np.ndarray, float]]:
    all_strips = np.concatenate(strips)
    mixed = all_strips[np.random.default_rng(3).permutation(len(all_strips))]
    return connect(mixed[:, :4], mixed[:, 4], mixed[:, 5], size, LineParams(**params))


def boxes(lines: list[tuple[np.ndarray, float]]) -> list[list[float]]:
    return sorted([*quad.min(axis=0).tolist(), *quad.max(axis=0).tolist()] for quad, _ in lines)


def test_no_strips_no_lines():
    empty = np.zeros((0, 4)), np.zeros(0), np.zeros(0)
    assert connect(*empty, PAGE) == []


def test_level_line_ends_where_its_sides_say():
    ((quad, score),) = lines_of(level(37, 410, 100, 130))
    assert quad.dtype == np.float32
    assert quad == pytest.approx(np.array([[37, 100], [410, 100], [410, 130], [37, 130]]), abs=1e-3)
    assert score == pytest.approx(0.95)


def test_without_side_refinement_ends_lie_on_the_grid():
    ((quad, _),) = lines_of(level(37, 410, 100, 130), side_refinement=False)
    # 37 / 16 = 2.3 and 410 / 16 = 25.6: columns 2 to 25
    assert quad == pytest.approx(np.array([[32, 100], [416, 100], [416, 130], [32, 130]]))


def test_a_missing_end_strip_is_made_good():
    ((quad, _),) = lines_of(level(37, 410, 100, 130)[:-1])
    assert quad[:, 0].max() == pytest.approx(410)


@pytest.mark.parametrize("degrees", [-15, -7, -1, 1, 4, 15])
@pytest.mark.parametrize("length", [120, 700])
def test_slanted_lines_are_rotated_rectangles(degrees, length):
    strips, truth = slanted((650, 480), length, 32, degrees)
    ((quad, _),) = lines_of(strips)
    if abs(math.tan(math.radians(degrees))) * length > 5:  # else it counts as level
        assert abs(quad - truth).max() < 1.0
    assert quad_iou(quad, truth) > 0.9


def test_slant_survives_noise_and_wrong_strips():
    rng = np.random.default_rng(0)
    strips, truth = slanted((650, 480), 700, 32, 12)
    strips[:, [1, 3]] += rng.normal(0, 1.0, (len(strips), 2))
    strips[::9, 1] -= 9
    ((quad, _),) = lines_of(strips)
    assert abs(quad - truth).max() < 2.0


def test_small_noise_does_not_tilt_a_short_line():
    strips = level(160, 224, 100, 130)
    strips[:, [1, 3]] += np.array([-1, 0.5, 0, 1])[:, None]
    ((quad, _),) = lines_of(strips)
    assert quad[0, 1] == quad[1, 1]
    assert quad[0, 1] == pytest.approx(100.25)  # the median of -1, 0, .5, 1 is .25


def test_height_is_robust():
    strips = level(160, 800, 100, 130)
    strips[::5, 3] += 10
    strips[3, 1] += 4
    ((quad, _),) = lines_of(strips)
    assert quad == pytest.approx(np.array([[160, 100], [800, 100], [800, 130], [160, 130]]), abs=0.1)


def test_perspective_gives_top_and_bottom_their_own_slopes():
    strips = level(160, 800, 0, 1)
    x = strips[:, 0] + 8
    strips[:, 1], strips[:, 3] = 200 - 0.02 * (x - 160), 240 + 0.03 * (x - 160)
    ((quad, _),) = lines_of(strips)
    assert abs(quad - [[160, 200], [800, 187.2], [800, 259.2], [160, 240]]).max() < 1.0


def test_columns_of_a_table_stay_apart_and_large_spaced_letters_join():
    cells = [level(160 + 112 * i, 160 + 112 * i + 80, 300, 320) for i in range(5)]  # gaps of 32 px, text of 20 px
    letters = [level(160 + 112 * i, 160 + 112 * i + 64, 600, 664) for i in range(5)]  # gaps of 48 px, text of 64 px
    found = boxes(lines_of(*cells, *letters))
    assert len(found) == 6
    assert [160, 600, 160 + 4 * 112 + 64, 664] in [pytest.approx(b) for b in found]


def test_cells_without_an_empty_column_between_them_are_parted_by_their_sides():
    # 26 px apart, yet 165..240 owns the columns 10..14 and 266..380 the columns 17..; 15 and 16 are found as well.
    left, right = level(165, 240, 300, 320), level(266, 380, 300, 320)
    between = level(240, 272, 300, 320)
    between[:, 5] = (240 - 248) / 16, (266 - 264) / 16
    assert boxes(lines_of(left, between, right)) == [
        pytest.approx([165, 300, 240, 320]),
        pytest.approx([266, 300, 380, 320]),
    ]
    assert len(lines_of(left, between, right, break_ratio=1.4)) == 1  # 26 px are 1.3 heights
    assert len(lines_of(left, between, right, side_refinement=False)) == 1


def test_one_strip_that_sees_an_end_does_not_break_a_line():
    strips = level(160, 480, 300, 320)
    strips[8, 5], strips[9, 5] = 0.4, -0.4
    assert len(lines_of(strips)) == 1


def test_gap_ratio():
    pair = level(160, 256, 300, 364), level(320, 416, 300, 364)  # a gap of 64 px beside text of 64 px
    assert len(lines_of(*pair, gap_ratio=0.9)) == 2
    assert len(lines_of(*pair, gap_ratio=1.0, side_refinement=False)) == 1
    assert len(lines_of(level(160, 256, 9, 20), level(256, 416, 9, 20), gap_ratio=0)) == 1


def test_neighbouring_rows_and_other_sizes_do_not_join():
    small, below, large = level(160, 320, 100, 120), level(320, 480, 116, 136), level(480, 640, 105, 155)
    assert len(lines_of(small, below, large)) == 3


def test_two_pages_of_text_side_by_side():
    rows = [level(x, x + 490, y, y + 22) for y in range(40, 900, 30) for x in (51, 590)]
    found = boxes(lines_of(*rows))
    expected = sorted([x, y, x + 490, y + 22] for y in range(40, 900, 30) for x in (51, 590))
    assert len(found) == len(expected)
    assert np.allclose(found, expected, atol=1e-3)


def test_a_fork_is_settled_by_mutual_best():
    # Two strips compete for the neighbour at 176: the one at the same height wins, the other one stays alone.
    line = level(176, 320, 100, 130)
    good, bad = level(160, 176, 100, 130, 0.91), level(160, 176, 107, 137, 0.99)
    found = boxes(lines_of(line, good, bad, max_line_overlap=1.0, side_refinement=False))
    assert found == [[160, 100, 320, 130], [160, 107, 176, 137]]


def test_a_line_inside_a_stronger_one_is_dropped():
    line, doubled = level(160, 640, 100, 140), level(320, 352, 104, 130, 0.99)
    assert boxes(lines_of(line, doubled)) == [pytest.approx([160, 100, 640, 140])]


def test_a_steep_line_of_small_print_stays_whole():
    """At 25 degrees each strip of a 20 px line is 7 px lower than the one before it."""
    strips, truth = slanted((650, 480), 400, 20, 25)
    assert len(lines_of(strips, min_overlap=0.7)) > 10
    ((found, _),) = lines_of(strips)
    assert quad_iou(found, truth) > 0.9


def test_slanted_neighbours_do_not_suppress_each_other():
    a, quad_a = slanted((650, 400), 700, 30, 14)
    b, quad_b = slanted((650, 436), 700, 30, 14)  # their upright boxes overlap almost wholly
    found = lines_of(a, b)
    assert len(found) == 2
    for truth in (quad_a, quad_b):
        assert max(quad_iou(quad, truth) for quad, _ in found) > 0.95


def test_single_strips():
    assert lines_of(level(160, 176, 100, 116, 0.89)) == []
    ((quad, score),) = lines_of(level(160, 176, 100, 116, 0.91), side_refinement=False)
    assert quad == pytest.approx(np.array([[160, 100], [176, 100], [176, 116], [160, 116]]))
    assert score == pytest.approx(0.91)
    assert len(lines_of(level(160, 176, 100, 116, 0.8), min_single_score=0.75, min_line_score=0.7)) == 1
    assert lines_of(level(160, 176, 100, 116, 0.8), min_single_score=0.75) == []  # no more than a line is


def test_the_offset_of_a_single_strip_moves_the_nearer_end():
    strip = level(160, 176, 100, 116)
    for offset, ends in ((-0.25, [164, 176]), (0.25, [160, 172])):
        strip[0, 5] = offset
        ((quad, _),) = lines_of(strip)
        assert [quad[:, 0].min(), quad[:, 0].max()] == ends


def test_line_score_is_the_mean_and_weak_lines_go():
    strong = level(160, 320, 100, 130)
    strong[:5, 4], strong[5:, 4] = 0.97, 0.77
    weak = level(160, 320, 300, 330, 0.84)
    ((_, score),) = lines_of(strong, weak)
    assert score == pytest.approx(0.87)
    assert len(lines_of(strong, weak, min_line_score=0.8)) == 2


def test_a_title_is_a_line_without_the_weak_leader_dots_behind_it():
    title, dots, number = (
        level(*ends, 100, 126, score) for *ends, score in ((64, 208, 1), (208, 608, 0.6), (608, 624, 1))
    )
    assert boxes(lines_of(title, dots, number, side_refinement=False)) == [[64, 100, 208, 126], [608, 100, 624, 126]]
    weaker = [part - [0, 0, 0, 0, 0.05, 0] for part in (title, number)]  # no strip is sure by itself
    assert lines_of(weaker[0], dots, weaker[1], side_refinement=False) == []


def test_one_uniform_score_keeps_every_line():
    assert len(lines_of(*(level(160, 640, y, y + 24, 0.86) for y in range(40, 900, 40)))) == 22


def test_nothing_leaves_the_image():
    strips, _ = slanted((200, 12), 380, 24, 6)
    for quad, _ in lines_of(strips, level(0, 400, 190, 215), size=(200, 390)):
        assert quad.min() >= 0
        assert quad[:, 0].max() <= 390
        assert quad[:, 1].max() <= 200
    assert lines_of(level(400, 480, 10, 30), size=(200, 390)) == []  # wholly in the padding


def test_broken_strips_are_passed_over():
    strips = level(160, 320, 100, 130)
    broken = strips.copy()
    broken[0, 1] = np.nan
    broken[1, 3] = np.inf
    broken[2, 3] = broken[2, 1] - 5
    ((quad, _),) = lines_of(strips, broken)
    assert quad[:, 0].tolist() == pytest.approx([160, 320, 320, 160])


@pytest.fixture
def pairs(monkeypatch) -> list[int]:
    """How many pairs of strips each search of the connector compared."""
    found = []

    def counted(*arguments):
        i, j = strip_chains_pairs_at(*arguments)
        found.append(len(i))
        return i, j

    strip_chains_pairs_at = strip_chains.pairs_at
    monkeypatch.setattr(strip_chains, "pairs_at", counted)
    monkeypatch.setattr(text_lines, "pairs_at", counted)
    return found


def test_on_a_dense_page_a_strip_is_compared_to_its_neighbours_only(pairs):
    # Rows are 24 px apart and strips 20 px high, which look 20 * .7 / .6 = 23 px up and down: one strip on each side,
    # and itself in its own column.
    strips = np.concatenate([level(x, x + 480, y, y + 20) for y in range(10, 4000, 24) for x in (16, 532)])
    assert len(connect(strips[:, :4], strips[:, 4], strips[:, 5], (4016, 1040))) == 2 * 167
    assert 9_900 < len(strips) < 10_300
    assert sum(pairs) < 4 * len(strips)


def test_ten_thousand_random_strips_are_compared_to_few_others_each(pairs):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 100, 10_000) * 16
    y = rng.uniform(0, 4000, 10_000)
    strips = np.stack(
        [x, y, x + 16, y + rng.uniform(11, 60, 10_000), rng.uniform(0.7, 1, 10_000), rng.normal(0, 1, 10_000)], axis=1
    )
    connect(strips[:, :4], strips[:, 4], strips[:, 5], (4100, 1600))
    # About two strips of a column lie within reach; at most five columns are searched on each side.
    assert 10_000 < sum(pairs) < 25 * 10_000
