"""What the detector shows its network: pages with formulas twice, leaning pages level."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import Rotation
from ctpn_crnn.refine.scales import DEFAULTS


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


def test_senseless_print_height():
    with pytest.raises(ConfigError, match="small_print"):
        Detector(large_text=False, network=object(), small_print=0)


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
    found = Detector(large_text=False, network=network, fit_ink=False).detect_batch([image, photograph()])
    shrunk, closer = network.sizes[0], network.sizes[-1]
    assert len(network.sizes) == 3  # the page twice, the photograph once
    assert closer[0] > 1.3 * shrunk[0] and closer[1] > 1.3 * shrunk[1]
    assert [r.kind for regions in found for r in regions] == ["text", "formula"] * 2
    # What is reported is what the second look saw: the middle of the page is where it was.
    inked = np.argwhere(image[..., 0] < 128)
    assert found[0][0].quad[:, 1].mean() == pytest.approx(inked[:, 0].mean(), abs=16)


def test_a_page_with_formulas_in_small_print_is_enlarged():
    image = page(12)[200:900, 100:900]
    network = SeesAllOver(kind=2)
    Detector(large_text=False, network=network, fit_ink=False).detect(image)
    first, closer = network.sizes
    assert closer[1] / first[1] == pytest.approx(DEFAULTS.formula_enlargement, abs=0.1)  # 22 px would be 1.9 times 12
    network = SeesAllOver(kind=2)
    Detector(large_text=False, network=network, fit_ink=False, max_side=1000).detect(image)
    assert max(network.sizes[-1]) <= 1008  # a multiple of 16


def test_a_page_without_formulas_is_looked_at_once():
    network = SeesAllOver(kind=1)
    Detector(large_text=False, network=network, fit_ink=False).detect(page(15))
    assert len(network.sizes) == 1


def test_pages_shown_as_photographs_are_looked_at_once():
    network = SeesAllOver(kind=2)
    Detector(large_text=False, network=network, fit_ink=False, small_print=None).detect(page(15))
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
    found = Detector(large_text=False, network=network).detect(turn.apply(upright))
    level = Detector(large_text=False, network=network).detect(upright)
    assert len(found) == len(level) == 12
    for a, b in zip(sorted(found, key=middle), sorted(level, key=middle)):
        assert a.quad == pytest.approx(turn.to_turned(b.quad), abs=3)


def test_a_leaning_page_is_looked_at_as_it_is_when_asked_to():
    image = Rotation(12, 1000, 1400).apply(page(15))
    network = SeesInk()
    Detector(large_text=False, network=network, level=False, small_print=None).detect(image)
    (seen,) = network.seen
    assert (seen[0, : image.shape[0], : image.shape[1], ::-1] == image).all()


def middle(region) -> float:
    """Height in the page, of its lines' direction of 12 degrees at most."""
    return region.quad[:, 1].mean()
