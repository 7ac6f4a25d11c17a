from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.jobs.windows.finders import SearchLimits, SelectiveSearch


class FakeSearch:
    """Proposes fixed rectangles x, y, w, h."""

    rectangles = np.array([[10, 20, 30, 40], [0, 0, 100, 50], [10, 20, 30, 40], [5, 5, 1, 40]], np.int32)
    seen = None

    def setBaseImage(self, image):  # noqa: N802 - OpenCV's name
        FakeSearch.seen = image.shape

    def switchToSelectiveSearchFast(self):  # noqa: N802
        pass

    def process(self):
        return self.rectangles


@pytest.fixture
def fake(monkeypatch):
    segmentation = SimpleNamespace(createSelectiveSearchSegmentation=FakeSearch)
    monkeypatch.setattr(cv2, "ximgproc", SimpleNamespace(segmentation=segmentation), raising=False)


def test_rectangles_become_windows_once_and_large_enough(fake):
    windows = SelectiveSearch().propose(np.zeros((50, 100, 3), np.uint8))
    assert windows.tolist() == [[20, 10, 50, 40], [0, 0, 50, 100]]  # cut at the image's edge


def test_large_images_are_searched_smaller(fake):
    windows = SelectiveSearch().propose(np.zeros((800, 1600, 3), np.uint8))
    assert FakeSearch.seen == (400, 800, 3)
    assert windows[0].tolist() == [40, 20, 120, 80]


def test_only_so_many(fake, monkeypatch):
    most = SearchLimits().windows
    many = np.array([[0, i % 90, 10 + i // 90, 10] for i in range(most + 100)])
    monkeypatch.setattr(FakeSearch, "rectangles", many)
    assert len(SelectiveSearch().propose(np.zeros((100, 100, 3), np.uint8))) == most


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 500, 3)])
def test_nothing_to_see(fake, shape):
    assert SelectiveSearch().propose(np.zeros(shape, np.uint8)).shape == (0, 4)


def test_nothing_proposed(fake, monkeypatch):
    monkeypatch.setattr(FakeSearch, "rectangles", ())
    assert SelectiveSearch().propose(np.zeros((50, 50, 3), np.uint8)).shape == (0, 4)


def test_without_the_contrib_modules(monkeypatch):
    monkeypatch.delattr(cv2, "ximgproc", raising=False)
    with pytest.raises(ConfigError, match="opencv-contrib-python"):
        SelectiveSearch()


@pytest.mark.skipif(not hasattr(cv2, "ximgproc"), reason="this OpenCV is without its contrib modules")
def test_a_black_bar_is_proposed():
    image = np.full((120, 200, 3), 255, np.uint8)
    image[40:70, 50:150] = 0
    windows = SelectiveSearch().propose(image)
    assert abs(windows - [40, 50, 70, 150]).max(axis=1).min() <= 2
