from __future__ import annotations

import numpy as np
import pytest
from toy_pages import BAR, bar_page

from ctpn_crnn.ctpn.anchors import IGNORE
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training.batches import TrainingBatches
from ctpn_crnn.training.crop_batches import CropBatches, CropSampler, CropSettings, take_crop
from ctpn_crnn.training.labelled_regions import LabelledRegion

PLAIN = CropSettings(size=128, colour=0.0)


@pytest.mark.parametrize("number", range(12))
def test_the_truth_moves_with_the_picture(number: int) -> None:
    """Every scored strip must lie on red, and the red in its column must lie in it, however the crop was turned."""
    images, strips = CropSampler(bar_page, PLAIN, seed=3).batch(number, 1)
    assert images.shape == (1, 128, 128, 3)
    red = (images[0, ..., 0] > 128) & (images[0, ..., 2] < 128)
    scored = strips[0][strips[0][:, 4] > 0]
    for x1, y1, x2, y2, *_ in scored:
        # A line may end in the middle of its last strip: look where there is most of it.
        columns = red[:, int(x1) : int(x2)]
        rows = np.flatnonzero(columns[:, columns.sum(axis=0).argmax()])
        assert abs(rows.min() - y1) < 2
        assert abs(rows.max() + 1 - y2) < 2


def test_the_same_number_gives_the_same_crop() -> None:
    sampler = CropSampler(bar_page, CropSettings(size=64), seed=1, crops_per_page=2)
    images, strips = sampler.batch(0, 6)
    for number in range(6):
        alone = sampler.batch(number, 1)
        np.testing.assert_array_equal(alone[0][0], images[number])
        np.testing.assert_array_equal(alone[1][0], strips[number])
    assert (images[0] != images[1]).any()
    assert (CropSampler(bar_page, CropSettings(size=64), seed=2).batch(0, 1)[0][0] != images[0]).any()


def test_batches_are_the_crops_in_order() -> None:
    batches = CropBatches(
        CropSampler(
            bar_page,
            CropSettings(
                size=32,
            ),
            seed=1,
        ),
        2,
    )
    ((images, strips),), dropped = batches.open()(3)
    expected = batches.sampler.batch(6, 2)
    np.testing.assert_array_equal(images, expected[0])
    np.testing.assert_array_equal(strips, expected[1])
    assert dropped == 0
    assert (batches.size(3), batches.smallest) == (2, 2)
    assert batches.signature == ((((None, 32, 32, 3), "uint8"), ((None, 8, 7), "float32")),)
    assert strips.shape == (2, 8, 7)


def test_a_worker_process_makes_the_same_crops() -> None:
    maker = CropBatches(CropSampler(bar_page, CropSettings(size=32), seed=1), 2)
    outside = TrainingBatches(maker, first=3, count=4, processes=1)
    try:
        for index in (0, 1, 0, 2):
            for mine, theirs in zip(outside[index][0], maker.make(3 + index)[0][0]):
                np.testing.assert_array_equal(mine, theirs)
    finally:
        outside.close()


def test_colours_are_rgb_and_jitter_keeps_the_shape() -> None:
    rng = np.random.default_rng(0)
    image, regions = bar_page(rng)
    crop, _ = take_crop(rng, image, regions, CropSettings(size=64, scale=(1.0, 1.0), colour=1.0))
    assert crop.shape == (64, 64, 3)
    assert crop.dtype == np.uint8


def test_pages_without_text_and_tiny_pages() -> None:
    for size in ((300, 300), (1, 1), (5, 900)):
        image = np.full((*size, 3), 90, np.uint8)
        for seed in range(4):
            crop, strips = take_crop(np.random.default_rng(seed), image, [], CropSettings(size=64))
            assert crop.shape == (64, 64, 3)
            assert len(strips) == 0


def test_ignored_regions_stay_ignored() -> None:
    image, _ = bar_page(np.random.default_rng(0))
    regions = [LabelledRegion(BAR, "text", ignore=True)]
    kinds = set()
    for seed in range(8):
        kinds |= set(take_crop(np.random.default_rng(seed), image, regions, PLAIN)[1][:, 4])
    assert kinds == {float(IGNORE)}


@pytest.mark.parametrize("wrong", [{"size": 100}, {"size": 0}, {"scale": (2.0, 1.0)}, {"scale": (0.0, 1.0)}])
def test_senseless_settings(wrong: dict) -> None:
    with pytest.raises(ConfigError):
        CropSettings(**wrong)
    with pytest.raises(ConfigError):
        CropBatches(CropSampler(bar_page), 0)
