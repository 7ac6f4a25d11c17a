"""Tiles: a large view gives what the network would have said of it as a whole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ctpn_crnn.refine.tiles import CONTEXT, predict_in_tiles, spans

STRIDE = 16


@pytest.mark.parametrize("length", [112, 113, 200, 500, 1251])
def test_the_used_parts_follow_each_other_and_keep_their_distance_from_cuts(length):
    tiles = spans(length, 112)
    assert [tile.first for tile in tiles[1:]] == [tile.last for tile in tiles[:-1]]
    assert (tiles[0].first, tiles[-1].last) == (tiles[0].start, tiles[-1].stop) == (0, length)
    assert len({tile.stop - tile.start for tile in tiles}) == 1 and tiles[0].stop <= 112
    for tile in tiles:
        assert tile.start == 0 or tile.first - tile.start >= CONTEXT
        assert tile.stop == length or tile.stop - tile.last >= CONTEXT


def test_tiles_cost_little_more_than_the_whole():
    seen = sum(tile.stop - tile.start for tile in spans(2000, 112))
    assert 2000 < seen < 1.25 * 2000


class BlurNetwork:
    """A network whose outputs depend on 7 strides around them, with zeros around the image, as convolutions do."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.shapes.append(batch.shape)
        cells = batch[..., 0].reshape(len(batch), batch.shape[1] // STRIDE, STRIDE, -1, STRIDE).mean(axis=(2, 4))
        around = np.stack([cv2.blur(c.astype(np.float64), (15, 15), borderType=cv2.BORDER_CONSTANT) for c in cells])
        return around[..., None, None].repeat(3, axis=3), cells[..., None]


@pytest.mark.parametrize("size", [(64, 640), (640, 64), (480, 480), (656, 448)])
def test_joined_outputs_are_those_of_the_whole_image(size):
    pixels = np.random.default_rng(1).integers(0, 256, (2, *size, 3)).astype(np.uint8)
    network = BlurNetwork()
    tiled = predict_in_tiles(network, pixels, STRIDE, 320)
    assert len(network.shapes) > 1 and max(max(shape[1:3]) for shape in network.shapes) <= 320
    for joined, whole in zip(tiled, BlurNetwork()(pixels), strict=True):
        assert joined.shape == whole.shape
        np.testing.assert_allclose(joined, whole)


def test_an_image_within_reach_is_shown_once_and_whole():
    pixels = np.zeros((1, 320, 160, 3), np.uint8)
    network = BlurNetwork()
    predict_in_tiles(network, pixels, STRIDE, 310)  # 320: the next multiple of the stride
    assert network.shapes == [(1, 320, 160, 3)]
