"""Detector on a network whose heads encode known lines exactly: what comes out must be those lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.ctpn.line_params import LineParams
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS
from ctpn_crnn.errors import ConfigError, ImageError, WeightsError
from ctpn_crnn.geometry import box_to_quad, quad_iou
from ctpn_crnn.page import Region
from ctpn_crnn.refine.page_lines import DEFAULTS as PAGE_LINES

SURE = 6.0
K = len(ANCHOR_HEIGHTS)


def turned(centre: tuple[float, float], width: float, height: float, degrees: float) -> np.ndarray:
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2 @ turn + centre


def encode(lines: list[tuple[np.ndarray, int]], rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The heads (rows, columns, k, ..) that a perfect network would have for quads of kinds, strip by strip and anchor
    by anchor."""
    scores = np.zeros((rows, columns, K, 3), np.float32)
    scores[..., 0] = SURE
    vertical, side = np.zeros((rows, columns, K, 2), np.float32), np.zeros((rows, columns, K, 1), np.float32)
    for quad, kind in lines:
        left, right = quad[[0, 3], 0].mean(), quad[[1, 2], 0].mean()
        slope = (quad[1, 1] - quad[0, 1]) / (quad[1, 0] - quad[0, 0])
        first = round(left / 16)
        for column in range(max(0, first), min(columns, max(round(right / 16), first + 1))):
            x = column * 16 + 8
            y1 = quad[0, 1] + slope * (x - quad[0, 0])
            y2 = quad[3, 1] + slope * (x - quad[3, 0])
            end = left if x - left <= right - x else right
            overlaps = {}
            for row in range(max(0, int(y1 // 16)), min(rows, int(y2 // 16) + 1)):
                for k, height in enumerate(ANCHOR_HEIGHTS):
                    a1, a2 = row * 16 + 8 - height / 2, row * 16 + 8 + height / 2
                    common = min(y2, a2) - max(y1, a1)
                    overlaps[row, k] = common / (height + y2 - y1 - common)
            best = max(overlaps.values())
            for (row, k), overlap in overlaps.items():
                if overlap > 0.7 or overlap == best:
                    height = ANCHOR_HEIGHTS[k]
                    scores[row, column, k] = 0
                    scores[row, column, k, kind] = SURE + overlap  # the better anchor is the surer one
                    vertical[row, column, k] = ((y1 + y2) / 2 - (row * 16 + 8)) / height, math.log((y2 - y1) / height)
                    side[row, column, k] = (end - x) / 16 if abs(end - x) <= 32 else 0.3
    return scores, vertical, side


class FakeNetwork:
    """Knows its lines by the size of the batch's images, and remembers what it was shown."""

    charset = None

    def __init__(self, lines: list[tuple[np.ndarray, int]] | None = None, config: dict[str, Any] | None = None) -> None:
        self.lines = lines or []
        self.config = config or {}
        self.batches: list[np.ndarray] = []

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        self.batches.append(batch)
        _, height, width, channels = batch.shape
        assert (height % 16, width % 16, channels, batch.dtype) == (0, 0, 3, np.uint8)
        heads = encode(self.lines, height // 16, width // 16)
        return tuple(np.repeat(head[None], len(batch), axis=0) for head in heads)


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height + width).integers(0, 255, (height, width, 3), np.uint8)


def detect(
    truth: list[np.ndarray], height: int = 640, width: int = 800, kinds: list[int] | None = None, **options: Any
) -> list[Region]:
    """What the connector makes of the strips: the ink of the picture, which is noise, is left out."""
    network = FakeNetwork(list(zip(truth, kinds or [1] * len(truth), strict=True)))
    return Detector(large_text=False, network=network, **{"fit_ink": False, **options}).detect(picture(height, width))


def assert_same(regions: list[Region], quads: list[np.ndarray], within: float) -> None:
    assert len(regions) == len(quads)
    for quad in quads:
        nearest = max(regions, key=lambda region: quad_iou(region.quad, quad))
        assert abs(nearest.quad - quad).max() <= within, f"{nearest.quad.tolist()} is not {quad.tolist()}"


def test_columns_rows_cells_and_single_strips_come_back_exactly():
    quads = [
        *(box_to_quad(41, y, 371, y + 24) for y in (40, 70, 100)),
        *(box_to_quad(403, y, 763, y + 24) for y in (40, 70, 100)),  # a second column, 32 px on
        *(box_to_quad(x, 200, x + 51, 219) for x in (53, 149, 245, 341)),  # cells of a table
        box_to_quad(193, 300, 207, 318),  # one strip
        box_to_quad(60, 400, 700, 520),  # a headline
    ]
    regions = detect(quads)
    single = next(r for r in regions if quad_iou(r.quad, quads[10]) > 0.5)
    assert abs(single.quad - quads[10]).max() <= 2  # its one offset moves one end only
    assert_same([r for r in regions if r is not single], quads[:10] + quads[11:], within=0.1)
    assert all(r.kind == "text" and 0.99 < r.score <= 1 and r.quad.dtype == np.float32 for r in regions)


@pytest.mark.parametrize("degrees", [-15, -8, 3, 15])
def test_slanted_lines_come_back_as_rotated_rectangles(degrees):
    quads = [turned((400, 250), 500, 40, degrees), turned((400, 310), 500, 40, degrees)]
    assert_same(detect(quads), quads, within=1.0)


def test_without_side_refinement_ends_lie_on_the_grid():
    (region,) = detect([box_to_quad(41, 100, 371, 130)], lines=LineParams(side_refinement=False))
    assert region.quad[:, 0].tolist() == [48, 368, 368, 48]


def test_lines_at_the_border_stay_inside():
    regions = detect([box_to_quad(-20, -6, 300, 24), box_to_quad(500, 620, 830, 650)])
    assert_same(regions, [box_to_quad(0, 0, 300, 24), box_to_quad(500, 620, 800, 640)], within=4)


def test_a_formula_between_text_is_part_of_its_line():
    line = [box_to_quad(96, 200, 256, 230), box_to_quad(256, 200, 416, 230), box_to_quad(416, 200, 576, 230)]
    regions = detect(line, kinds=[1, 2, 1])
    assert [r.kind for r in regions] == ["text", "formula"]
    assert_same(regions, [box_to_quad(96, 200, 576, 230), line[1]], within=8.5)  # a box of one kind ends on its grid


def test_what_stands_alone_is_a_line_even_where_it_looks_like_a_formula():
    quad = box_to_quad(96, 200, 416, 230)
    regions = detect([quad], kinds=[2])
    assert [r.kind for r in regions] == ["text", "formula"]
    assert_same(regions, [quad, quad], within=0.1)


def test_kinds_are_named_by_the_network():
    network = FakeNetwork([(box_to_quad(96, 200, 416, 230), 2)], config={"classes": ["background", "text", "stamp"]})
    assert [r.kind for r in Detector(large_text=False, network=network).detect(picture(640, 800))] == ["stamp"]


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((1754, 1240), (1760, 1248)),  # A4 at 150 dpi: only padded
        ((600, 900), (608, 912)),
        ((300, 400), (608, 800)),  # enlarged to 600
        ((100, 150), (304, 464)),  # at most threefold
        ((4000, 3000), (1792, 1344)),  # shrunk
        ((40, 3000), (48, 1632)),  # in its own size, in two tiles
    ],
)
def test_what_the_network_sees(size, seen):
    network = FakeNetwork()
    Detector(large_text=False, network=network).detect(picture(*size))
    assert network.batches[0].shape[1:3] == seen


def test_photos_at_the_scale_of_the_authors_code():
    network = FakeNetwork()
    Detector(large_text=False, network=network, short_side=600, max_side=1000).detect(picture(1200, 1600))
    assert network.batches[0].shape[1:3] == (752, 1008)


def test_quads_are_in_source_pixels():
    network = FakeNetwork([(box_to_quad(96, 200, 416, 230), 1)])
    (region,) = Detector(large_text=False, network=network, fit_ink=False).detect(
        picture(300, 400)
    )  # seen twice as large
    assert region.quad == pytest.approx(box_to_quad(48, 100, 208, 115), abs=0.1)


def test_the_network_sees_rgb_and_padding_of_the_mean_colour():
    image = np.empty((600, 602, 3), np.uint8)
    image[:] = 10, 20, 30  # BGR
    image[:300] = 50, 60, 70
    network = FakeNetwork()
    Detector(large_text=False, network=network).detect(image)
    (seen,) = network.batches[0]
    assert seen[0, 0].tolist() == [70, 60, 50]
    assert seen[607, 607].tolist() == [50, 40, 30]


@pytest.mark.parametrize(
    "image", [picture(1, 1), picture(1, 5000), picture(5000, 1), picture(3, 3), np.full((700, 700, 3), 255, np.uint8)]
)
def test_images_that_hold_no_text_give_nothing(image):
    assert Detector(large_text=False, network=FakeNetwork([(box_to_quad(0, 0, 96, 16), 1)])).detect(image) == []


def test_an_unreadable_image_is_an_error():
    with pytest.raises(ImageError):
        Detector(large_text=False, network=FakeNetwork()).detect("no such file.png")


def test_a_batch_keeps_its_order_and_joins_equal_sizes():
    network = FakeNetwork([(box_to_quad(96, 200, 416, 230), 1)])
    sizes = [(600, 640), (640, 600), (600, 640), (2, 2), (600, 640)]
    found = Detector(large_text=False, network=network).detect_batch([picture(*size) for size in sizes])
    assert [len(regions) for regions in found] == [1, 1, 1, 0, 1]
    assert sorted(batch.shape[:3] for batch in network.batches) == [(1, 640, 608), (3, 608, 640)]
    assert Detector(large_text=False, network=network).detect_batch([]) == []


def test_a_batch_of_pages_is_cut_to_bound_the_memory():
    network = FakeNetwork()
    Detector(large_text=False, network=network).detect_batch([picture(1754, 1240)] * 3)
    assert [len(batch) for batch in network.batches] == [1, 1, 1]


@pytest.mark.parametrize("bad", [{"short_side": 0}, {"max_side": 500}, {"min_score": 1.0}, {"nms_overlap": -0.1}])
def test_bad_parameters_are_named(bad):
    with pytest.raises(ConfigError, match=next(iter(bad))):
        Detector(large_text=False, network=FakeNetwork(), **bad)


def test_all_lines_of_a_dense_page_are_found():
    lines = [(box_to_quad(x, y, x + 530, y + 24), 1) for y in range(60, 1700, 36) for x in (70, 640)]
    heads = encode(lines, 110, 78)

    class Ready(FakeNetwork):
        def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
            return tuple(head[None] for head in heads)

    detector, image = Detector(large_text=False, network=Ready(), level=False), picture(1754, 1240)
    regions = detector.detect(image)
    room = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * PAGE_LINES.room * 24
    assert_same(regions, [quad + room for quad, _ in lines], within=0.1)


def test_a_network_of_another_stride_is_refused() -> None:
    network = FakeNetwork(config={"blocks": [{"convolutions": 1, "filters": 8, "pool": 8}]})
    with pytest.raises(WeightsError, match="stride of 8 px"):
        Detector(large_text=False, network=network)
