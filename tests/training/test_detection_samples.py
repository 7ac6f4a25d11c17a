from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ctpn_crnn.ctpn.anchors import IGNORE, not_class
from ctpn_crnn.datasets.samples import PageTruth, TruthRegion
from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.training.detection_batches import DetectionBatches
from ctpn_crnn.training.detection_samples import (
    CropSampler,
    CropSettings,
    FolderPages,
    LabelledRegion,
    MixedPages,
    take_crop,
    unlabelled_ink,
)

BAR = np.float32([[60, 100], [260, 100], [260, 140], [60, 140]])


def bar_page(rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
    """A red bar on white, always at the same place."""
    image = np.full((240, 320, 3), 255, np.uint8)
    image[100:140, 60:260] = (0, 0, 255)
    return image, [LabelledRegion(BAR)]


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


def test_worker_processes_give_what_the_calling_process_gives() -> None:
    sampler = CropSampler(bar_page, CropSettings(size=32), seed=1)
    inside = DetectionBatches(sampler, 2, batches=4, first_batch=3)
    outside = DetectionBatches(sampler, 2, batches=4, first_batch=3, processes=1, ahead=2)
    try:
        for index in (0, 1, 0, 1, 2, 3):
            for a, b in zip(inside[index][0], outside[index][0]):
                np.testing.assert_array_equal(a, b)
    finally:
        outside.close()
    np.testing.assert_array_equal(inside[0][0][0], sampler.batch(6, 2)[0])
    assert len(inside) == 4
    assert inside.waited > 0


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


def test_ink_that_is_not_annotated() -> None:
    image = np.full((200, 300, 3), 240, np.uint8)
    image[20:40, 30:150:4] = 20  # strokes, as writing has them
    image[120:150, 60:250:4] = 20
    found = unlabelled_ink(image, [LabelledRegion(np.float32([[28, 18], [152, 18], [152, 42], [28, 42]]), "formula")])
    assert len(found) == 1
    assert found[0].ignore
    np.testing.assert_allclose(found[0].quad, [[60, 120], [250, 120], [250, 150], [60, 150]], atol=6)


def test_ink_beside_an_annotated_region_is_not_of_its_kind() -> None:
    image = np.full((200, 400, 3), 240, np.uint8)
    image[20:40, 60:100:4] = 20  # words before a formula
    image[20:40, 110:250:4] = 20  # the formula
    image[60:80, 110:250:4] = 20  # what stands below it
    formula = LabelledRegion(np.float32([[108, 16], [252, 16], [252, 44], [108, 44]]), "formula")
    words, below = sorted(unlabelled_ink(image, [formula]), key=lambda r: r.quad[0, 1])
    assert (words.other, words.ignore, words.kind) == (True, False, "formula")
    assert below.ignore
    crop, strips = take_crop(np.random.default_rng(1), image[:64, :128], [words], CropSettings(size=128, rotation=0))
    assert not_class(2) in set(strips[:, 4])
    assert 2.0 not in set(strips[:, 4])


def test_folder_pages(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((50, 60, 3), 7, np.uint8))
    (tmp_path / "b.png").write_text("not an image")
    pages = [
        PageTruth(tmp_path / "a.png", [TruthRegion(BAR, kind="formula")]),
        PageTruth(tmp_path / "b.png", [TruthRegion(BAR)]),
    ]
    for seed in range(5):
        image, regions = FolderPages(pages)(np.random.default_rng(seed))
        assert image.shape == (50, 60, 3)
        assert [r.kind for r in regions] == ["formula"]
    with pytest.raises(ImageError, match=r"b\.png"):
        FolderPages(pages[1:])(np.random.default_rng(0))


def test_mixture() -> None:
    def other(rng: np.random.Generator):
        return np.zeros((1, 1, 3), np.uint8), []

    mixed = MixedPages([bar_page, other], [1.0, 3.0])
    rng = np.random.default_rng(0)
    assert 60 < sum(len(mixed(rng)[1]) for _ in range(400)) < 140
    for sources, weights in (([], []), ([other], [1.0, 2.0]), ([other], [0.0]), ([other, other], [1.0, -1.0])):
        with pytest.raises(ConfigError):
            MixedPages(sources, weights)


@pytest.mark.parametrize("wrong", [{"size": 100}, {"size": 0}, {"scale": (2.0, 1.0)}, {"scale": (0.0, 1.0)}])
def test_senseless_settings(wrong: dict) -> None:
    with pytest.raises(ConfigError):
        CropSettings(**wrong)
    with pytest.raises(ConfigError):
        DetectionBatches(CropSampler(bar_page), 0, 1)
