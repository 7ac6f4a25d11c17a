from __future__ import annotations

import numpy as np

from ctpn_crnn.ctpn.anchors import not_class
from ctpn_crnn.training.crop_batches import CropSettings, take_crop
from ctpn_crnn.training.labelled_regions import LabelledRegion, unlabelled_ink


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
