"""Windows on a network whose answer is known for every anchor."""

import math

import numpy as np
import pytest

from ctpn_crnn.ctpn.anchors import anchor_grid
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.jobs.windows.scoring import WindowLayout, WindowScorer, cut, place_window

FILL = np.array([1.0, 2.0, 3.0], np.float32)


class TellsWhereItIs:
    """Its logits are a number for each anchor of each input, so that it shows which were taken."""

    config = {}
    charset = None

    def __init__(self, logits):
        self.logits = logits
        self.batches = []

    def predict(self, batch):
        self.batches.append(batch)
        count, height, width, _ = batch.shape
        assert height % 16 == width % 16 == 0
        shape = (height // 16, width // 16, len(ANCHOR_HEIGHTS), 3)
        return (np.stack([self.logits(*shape) for _ in range(count)]), None, None)


def picture(height=200, width=300):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def text_where(good):
    """Logits that are sure of text at the anchors (row, column, k) where `good`, and of background elsewhere."""

    def logits(rows, columns, k, classes):
        values = np.zeros((rows, columns, k, classes), np.float32)
        index = np.meshgrid(np.arange(rows), np.arange(columns), np.arange(k), indexing="ij")
        values[..., 1] = np.where(good(*index), 50, -50)
        values[..., 2] = -50
        return values

    return logits


@pytest.mark.parametrize("pad", [0, 1, 7, 16, 30])
@pytest.mark.parametrize("window", [(10, 20, 58, 220), (10.3, 20.7, 30.2, 50), (0, 0, 200, 300), (50, 5, 53, 8)])
def test_the_anchor_that_is_asked_fits_the_window_best(window, pad):
    place = place_window(window, pad)
    assert place.top >= pad and place.left >= pad and place.left % 16 == 0
    grid = anchor_grid(place.size[0] // 16, 1)[:, 0].astype(float)  # slow and plain: overlap of every anchor
    low, high = place.top, place.top + place.height
    common = np.minimum(grid[..., 3], high) - np.maximum(grid[..., 1], low)
    overlap = common / (grid[..., 3] - grid[..., 1] + high - low - common)
    best = np.unravel_index(overlap.argmax(), overlap.shape)
    assert overlap[best] > 0.8  # "positive" in the paper is .7
    network = TellsWhereItIs(text_where(lambda row, column, k: (row == best[0]) & (k == best[1])))
    ((background, text, formula),) = WindowScorer(network, pad, FILL).score(picture(), np.array([window]))
    assert text == pytest.approx(1) and background + formula == pytest.approx(0)


def test_columns_count_by_how_much_of_them_is_covered():
    # 48 high, so not scaled; 40 wide from column 1 on: two columns and a half, of which the last is text.
    network = TellsWhereItIs(text_where(lambda row, column, k: column == 3))
    scores = WindowScorer(network, 16, FILL).score(picture(), np.array([[20, 30, 68, 70]]))
    assert scores[0] == pytest.approx([0.8, 0.2, 0.0], abs=1e-6)


def test_probabilities_are_those_of_the_logits():
    probabilities = np.array([0.2, 0.5, 0.3])
    network = TellsWhereItIs(lambda *shape: np.broadcast_to(np.log(probabilities), shape).astype(np.float32))
    scores = WindowScorer(network, 16, FILL).score(picture(), np.array([[0, 0, 20, 30], [5, 5, 190, 290]]))
    np.testing.assert_allclose(scores, [probabilities] * 2, rtol=1e-6)


def test_windows_of_one_size_go_together_and_come_back_in_order():
    network = TellsWhereItIs(lambda rows, columns, k, classes: np.full((rows, columns, k, classes), 0, np.float32))
    windows = np.array([[0, 0, 48, 100], [0, 0, 48, 290], [9, 9, 57, 109]])
    scorer = WindowScorer(network, 16, FILL)
    together = scorer.score(picture(), windows)
    assert sorted(batch.shape[0] for batch in network.batches) == [1, 2]
    assert together.shape == (3, 3)
    assert scorer.score(picture(), windows[:0]).shape == (0, 0)


def test_no_scaling_gives_the_pixels_themselves_with_their_context():
    image = picture()
    window = (40, 50, 88, 150)  # as high as the network wants it
    place = place_window(window, 16)
    assert (place.top, place.left, place.height, place.width, place.size) == (16, 16, 48, 100, (80, 192))
    crop = cut(image, window, place, 16, FILL)
    np.testing.assert_array_equal(crop[:80, :132], image[24:104, 34:166, ::-1])
    assert (crop[:, 132:] == FILL).all()


def test_outside_of_the_image_is_the_fill():
    image = picture(60, 60)
    place = place_window((0, 0, 48, 48), 16)
    crop = cut(image, (0, 0, 48, 48), place, 16, FILL)
    assert (crop[:16] == FILL).all() and (crop[:, :16] == FILL).all()
    np.testing.assert_array_equal(crop[16:76, 16:76], image[:60, :60, ::-1])
    assert (crop[76:] == FILL).all()


@pytest.mark.parametrize("height", [24, 96, 33.5])
def test_context_is_counted_in_pixels_of_the_input(height):
    # The window is black, its surroundings white: after scaling, exactly the middle is black.
    image = np.full((400, 400, 3), 255, np.uint8)
    ymin, xmin, ymax, xmax = 100, 100, 100 + height, 100 + 2 * height
    image[int(ymin) : round(ymax), int(xmin) : round(xmax)] = 0
    place = place_window((ymin, xmin, ymax, xmax), 16)
    crop = cut(image, (ymin, xmin, ymax, xmax), place, 16, np.zeros(3, np.float32))[..., 0]
    inside = crop[place.top + 2 : place.top + place.height - 2, place.left + 2 : place.left + place.width - 2]
    assert place.height == WindowLayout().height and inside.max() < 40
    ring = crop[place.top - 16 : place.top - 2, place.left : place.left + place.width]
    assert ring.min() > 215 and (crop[: place.top - 16] == 0).all()


def test_shrinking_averages():
    image = np.zeros((960, 960, 3), np.uint8)
    image[::2, ::2] = image[1::2, 1::2] = 200  # a chessboard: on average 100
    place = place_window((0, 0, 960, 960), 0)
    crop = cut(image, (0, 0, 960, 960), place, 0, FILL)
    window = crop[place.top : place.top + 48, place.left : place.left + 48]
    assert abs(window - 100).max() < 2


@pytest.mark.parametrize(
    "window, shape", [((0, 0, 1, 5000), (1, 5000)), ((0, 0, 5000, 1), (5000, 1)), ((0, 0, 1, 1), (1, 1))]
)
def test_odd_windows(window, shape):
    network = TellsWhereItIs(lambda *shape: np.zeros(shape, np.float32))
    scores = WindowScorer(network, 16, FILL).score(picture(*shape), np.array([window], float))
    assert scores[0] == pytest.approx([1 / 3] * 3)
    assert network.batches[0].shape[2] <= 1856
    assert np.isfinite(network.batches[0]).all()


@pytest.mark.parametrize("pad", [-1, 257])
def test_context_pad_is_checked(pad):
    with pytest.raises(ConfigError, match="context_pad"):
        WindowScorer(TellsWhereItIs(None), pad, FILL)


def test_heights_of_the_network_count():
    network = TellsWhereItIs(text_where(lambda row, column, k: k == 0))
    network.config = {"heights": [48.0, *(math.e**i for i in range(9))]}
    ((_, text, _),) = WindowScorer(network, 16, FILL).score(picture(), np.array([[0, 0, 48, 48]]))
    assert text == pytest.approx(1)
