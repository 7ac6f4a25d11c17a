from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from toy_pages import BAR, bar_page

from ctpn_crnn.datasets.samples import PageTruth, TruthRegion
from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.training.page_sources import FolderPages, MixedPages


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
