"""Views: what the network is shown of pages and of photographs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ctpn_crnn.ctpn.detector import FORMULA_ENLARGEMENT, Detector
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import Rotation
from ctpn_crnn.refine.views import (
    LEAST_SCALE,
    MARGIN,
    content_box,
    groups_of,
    is_page,
    print_height,
    view_of,
)


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


@pytest.mark.parametrize("height", [12, 16, 24, 30])
def test_print_height_is_that_of_the_ink(height):
    assert print_height(page(height)[..., 0]) == pytest.approx(height, abs=4)


def test_the_smaller_print_of_a_page_counts():
    image = page(40, lines=4)
    image[600:] = page(14, lines=16)[200:1000]
    assert print_height(image[..., 0]) == pytest.approx(14, abs=4)


def test_photographs_and_pages_with_hardly_a_word_have_no_print():
    assert print_height(photograph()[..., 0]) is None
    assert print_height(page(20, lines=1)[..., 0]) is None
    assert print_height(np.full((300, 300), 7, np.uint8)) is None


def test_print_of_a_shadowed_page_is_found():
    shadow = np.linspace(1.0, 0.6, 1000)[None, :, None]
    assert print_height((page(20) * shadow).astype(np.uint8)[..., 0]) == pytest.approx(20, abs=4)


def test_paper_is_a_page_in_shadow_too_and_a_photograph_is_none():
    shadow = np.linspace(1.0, 0.6, 1000)[None, :, None]
    assert is_page(page(20)[..., 0]) and is_page((page(20) * shadow).astype(np.uint8)[..., 0])
    assert is_page(255 - page(20)[..., 0])
    assert not is_page(photograph()[..., 0])


def noisy(image: np.ndarray) -> np.ndarray:
    grain = np.random.default_rng(5).integers(-25, 26, image.shape[:2])[..., None]
    return (image.astype(int) // 2 + 60 + grain).clip(0, 255).astype(np.uint8)


def test_what_is_full_of_lines_is_a_page_on_any_ground():
    full, few = (noisy(page(16, lines=lines, size=(1500, 1000))) for lines in (40, 6))
    assert is_page(full[..., 0]) and not is_page(few[..., 0])
    assert print_height(full[..., 0]) == pytest.approx(16, abs=5) and print_height(few[..., 0]) is None
    assert view_of(full, 600, 1792, 9).page and not view_of(few, 600, 1792, 9).page


def test_margins_go_and_come_back_in_the_quads():
    image = page(15)
    view = view_of(image, 600, 1792, small_print=100)  # so much would be no reason to shrink it
    inked = np.argwhere(image[..., 0] < 128)
    (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0)
    assert view.scales == (1.0, 1.0)
    assert view.corner == pytest.approx((left - MARGIN, top - MARGIN), abs=6)
    assert view.size == pytest.approx((bottom - top + 2 * MARGIN, right - left + 2 * MARGIN), abs=12)
    x, y = view.corner
    quad = np.float32([[left - x, top - y], [right - x, top - y], [right - x, bottom - y], [left - x, bottom - y]])
    assert view.to_source(quad) == pytest.approx(
        np.float32([[left, top], [right, top], [right, bottom], [left, bottom]])
    )
    assert (view.pixels[int(top) - y : int(bottom) - y, int(left) - x : int(right) - x, 0] < 128).any()


def test_a_page_is_shrunk_to_its_small_print_but_not_too_far():
    assert view_of(page(15), 600, 1792, small_print=12).scales[0] == pytest.approx(12 / 15, abs=0.2)
    assert view_of(page(30), 600, 1792, small_print=12).scales[0] == pytest.approx(LEAST_SCALE, abs=0.01)
    assert view_of(page(15), 600, 1792, small_print=None).scales == (1.0, 1.0)
    assert view_of(page(15), 600, 1792, small_print=None).size == (1400, 1000)


def test_points_survive_the_way_there_and_back():
    image = page(30)
    image[500:510, 400:440] = (0, 0, 255)
    view = view_of(image, 600, 1792, small_print=12)
    red = (view.pixels[..., 0].astype(int) - view.pixels[..., 1]) > 120
    (y1, x1), (y2, x2) = np.argwhere(red).min(axis=0), np.argwhere(red).max(axis=0) + 1
    quad = view.to_source(np.float32([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]))
    assert quad == pytest.approx(np.float32([[400, 500], [440, 500], [440, 510], [400, 510]]), abs=3)


def test_photographs_are_shown_whole_as_in_the_paper():
    view = view_of(photograph((500, 800)), 600, 1792, small_print=9)
    assert view.size == (600, 960)
    assert view.corner == (0, 0)
    assert max(view_of(photograph((1500, 3000)), 600, 1792, small_print=9).size) == 1792


def test_content_box_of_blank_and_busy_images_is_all_of_them():
    assert content_box(np.full((80, 90), 200, np.uint8), 5) == (0, 0, 90, 80)
    assert content_box(photograph()[..., 0], 5) == (0, 0, 900, 700)


def test_faint_thin_writing_is_no_margin():
    grey = np.full((400, 400), 255, np.uint8)
    grey[300:316:2, 40:360:3] = 220
    x1, y1, x2, y2 = content_box(grey, 4)
    assert x1 <= 40 and y1 <= 300 and x2 >= 360 and y2 >= 316
    assert y1 > 200


def test_nothing_to_see():
    assert view_of(np.full((3, 500, 3), 9, np.uint8), 600, 1792, None) is None
    assert view_of(np.full((300, 500, 3), 9, np.uint8), 600, 1792, 9) is None


def test_groups_are_of_one_size_and_within_the_memory():
    views = [view_of(photograph((640, w)), 600, 1792, 9) for w in (640, 800, 640, 640)] + [None]
    assert sorted(map(sorted, groups_of(views, 2 * 640 * 640))) == [[0, 2], [1], [3]]


def test_senseless_print_height():
    with pytest.raises(ConfigError, match="small_print"):
        Detector(network=object(), small_print=0)


class SeesAllOver:
    """A network that sees strips of one class in the middle of every view."""

    charset = None

    def __init__(self, kind: int) -> None:
        self.kind, self.config, self.sizes = kind, {}, []

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        count, height, width, _ = batch.shape
        self.sizes.append((height, width))
        rows, columns = height // 16, width // 16
        scores = np.zeros((count, rows, columns, 10, 3), np.float32)
        scores[..., 0] = 9
        scores[:, rows // 2, columns // 4 : columns // 2, 1] = np.eye(3)[self.kind] * 9
        return scores, np.zeros((count, rows, columns, 10, 2), np.float32), np.zeros((count, rows, columns, 10, 1))


def test_a_page_with_formulas_is_looked_at_again_in_its_own_size():
    image = page(15)
    network = SeesAllOver(kind=2)
    found = Detector(network=network, fit_ink=False).detect_batch([image, photograph()])
    shrunk, closer = network.sizes[0], network.sizes[-1]
    assert len(network.sizes) == 3  # the page twice, the photograph once
    assert closer[0] > 1.3 * shrunk[0] and closer[1] > 1.3 * shrunk[1]
    assert [r.kind for regions in found for r in regions] == ["formula", "formula"]
    # What is reported is what the second look saw: the middle of the page is where it was.
    inked = np.argwhere(image[..., 0] < 128)
    assert found[0][0].quad[:, 1].mean() == pytest.approx(inked[:, 0].mean(), abs=16)


def test_a_page_with_formulas_in_small_print_is_enlarged():
    image = page(12)[200:900, 100:900]
    network = SeesAllOver(kind=2)
    Detector(network=network, fit_ink=False).detect(image)
    first, closer = network.sizes
    assert closer[1] / first[1] == pytest.approx(FORMULA_ENLARGEMENT, abs=0.1)  # 22 px would be 1.9 times 12
    network = SeesAllOver(kind=2)
    Detector(network=network, fit_ink=False, max_side=1000).detect(image)
    assert max(network.sizes[-1]) <= 1008  # a multiple of 16


def test_print_is_enlarged_as_far_as_asked_and_not_beyond():
    image = page(15)[200:900, 100:900]
    scales = [view_of(image, 600, 1792, 22, most).scales[1] for most in (1.0, 1.2, 3.0)]
    assert scales == pytest.approx([1, 1.2, 22 / print_height(image[..., 0])], abs=0.01)


def test_a_page_without_formulas_is_looked_at_once():
    network = SeesAllOver(kind=1)
    Detector(network=network, fit_ink=False).detect(page(15))
    assert len(network.sizes) == 1


def test_pages_shown_as_photographs_are_looked_at_once():
    network = SeesAllOver(kind=2)
    Detector(network=network, fit_ink=False, small_print=None).detect(page(15))
    assert len(network.sizes) == 1


class SeesInk:
    """A network that takes every strip with ink for text of 16 pixels."""

    charset, config = None, {}

    def __init__(self) -> None:
        self.seen = []

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        self.seen.append(batch)
        count, height, width, _ = batch.shape
        rows, columns = height // 16, width // 16
        inked = (batch.min(axis=-1) < 128).reshape(count, rows, 16, columns, 16).mean(axis=(2, 4)) > 0.03
        scores = np.zeros((count, rows, columns, 10, 3), np.float32)
        scores[..., 0] = 9
        scores[..., 1, 1] = np.where(inked, 18, 0)
        return scores, np.zeros((count, rows, columns, 10, 2), np.float32), np.zeros((count, rows, columns, 10, 1))


def test_lines_of_a_leaning_page_come_back_in_pixels_of_the_page():
    upright = page(15)
    turn = Rotation(12, 1000, 1400)
    network = SeesInk()
    found = Detector(network=network).detect(turn.apply(upright))
    level = Detector(network=network).detect(upright)
    assert len(found) == len(level) == 12
    for a, b in zip(sorted(found, key=middle), sorted(level, key=middle)):
        assert a.quad == pytest.approx(turn.to_turned(b.quad), abs=3)


def test_a_leaning_page_is_looked_at_as_it_is_when_asked_to():
    image = Rotation(12, 1000, 1400).apply(page(15))
    network = SeesInk()
    Detector(network=network, level=False, small_print=None).detect(image)
    (seen,) = network.seen
    assert (seen[0, : image.shape[0], : image.shape[1], ::-1] == image).all()


def middle(region) -> float:
    """Height in the page, of its lines' direction of 12 degrees at most."""
    return region.quad[:, 1].mean()
