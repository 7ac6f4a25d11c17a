"""Line images cut out of pages and read from line lists."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ctpn_crnn.datasets import LabelledLine, PageTruth, TruthRegion
from ctpn_crnn.evaluation.crops import choose, line_crops, page_crops, readable_regions
from ctpn_crnn.geometry import box_to_quad


def page(path: Path) -> PageTruth:
    """A black page with a white box of text, a formula, an ignored region and one of unknown text."""
    image = np.zeros((60, 100, 3), np.uint8)
    image[10:20, 30:70] = 255
    cv2.imwrite(str(path), image)
    boxes = [box_to_quad(30, y, 70, y + 10) for y in (10, 25, 40, 50)]
    return PageTruth(
        path,
        [
            TruthRegion(boxes[1], "x", "formula"),
            TruthRegion(boxes[0], "white"),
            TruthRegion(boxes[2], "y", ignore=True),
            TruthRegion(boxes[3]),
        ],
    )


def test_only_regions_whose_text_is_known_are_cut_out(tmp_path: Path) -> None:
    truth = page(tmp_path / "a.png")
    regions = readable_regions([truth])
    assert regions == [(truth, 1)]
    (crop,) = page_crops(regions, on_skip=lambda *_: None)
    assert (crop.name, crop.text) == (f"{tmp_path / 'a.png'}#line=2", "white")
    assert crop.image.shape == (10, 40, 3) and crop.image.min() > 200


def test_files_that_cannot_be_read_are_reported_and_left_out(tmp_path: Path) -> None:
    truth, bad = page(tmp_path / "a.png"), tmp_path / "bad.png"
    bad.write_text("no image")
    skipped: list[str] = []
    lines = [LabelledLine(bad, "b"), LabelledLine(tmp_path / "a.png", "a")]
    assert [crop.text for crop in line_crops(lines, lambda name, error: skipped.append(name))] == ["a"]
    regions = [(PageTruth(bad, truth.regions), 1), (truth, 1)]
    assert [crop.text for crop in page_crops(regions, lambda name, error: skipped.append(name))] == ["white"]
    assert skipped == [str(bad), str(bad)]


def test_a_choice_keeps_the_order_and_depends_on_its_seed() -> None:
    items = list(range(100))
    chosen = choose(items, 10, seed=3)
    assert len(set(chosen)) == 10 and chosen == sorted(chosen) and chosen == choose(items, 10, seed=3)
    assert chosen != choose(items, 10, seed=4)
    assert choose(items, None, 0) == choose(items, 100, 0) == items
