"""`Proposal` against a slow reference that knows nothing of columns, and against `decode_heads`."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from boxes import iou

from ctpn_crnn.ctpn.anchors import anchor_grid
from ctpn_crnn.ctpn.decode import decode_heads
from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.export.proposal import Proposal


def random_heads(rng: np.random.Generator, batch: int, rows: int, cols: int) -> list[np.ndarray]:
    grid = (batch, rows, cols, len(ANCHOR_HEIGHTS))
    spread = {3: 3.0, 2: 0.4, 1: 1.0}
    return [(rng.standard_normal((*grid, n)) * s).astype(np.float32) for n, s in spread.items()]


def reference_proposals(
    heads: list[np.ndarray], image: int, min_score: float, max_overlap: float
) -> list[tuple[np.ndarray, float]]:
    """Decode every anchor of one image by the paper's formulas, then the greedy loop over all of them."""
    scores, vertical, side = (h[image] for h in heads)
    rows, cols, k, _ = scores.shape
    anchors = anchor_grid(rows, cols)
    found = []
    for place in np.ndindex(rows, cols, k):
        e = np.exp(scores[place] - scores[place].max())
        p = e / e.sum()
        kind = 1 + int(np.argmax(p[1:]))
        if p[1:].sum() < min_score:
            continue
        x1, y1, x2, y2 = anchors[place]
        height = np.exp(min(vertical[place][1], math.log(4))) * (y2 - y1)
        centre = vertical[place][0] * (y2 - y1) + (y1 + y2) / 2
        strip = np.array([x1, centre - height / 2, x2, centre + height / 2, p[1:].sum(), kind])
        found.append((strip, float(side[place][0])))
    found.sort(key=lambda f: -f[0][4])
    kept: list[tuple[np.ndarray, float]] = []
    for strip, o in found:
        if all(iou(strip[:4], other[:4]) <= max_overlap for other, _ in kept if other[5] == strip[5]):
            kept.append((strip, o))
    return kept


@pytest.mark.parametrize("min_score", [0.2, 0.7])
def test_proposals_agree_with_the_reference(min_score: float) -> None:
    heads = random_heads(np.random.default_rng(4), 2, 5, 4)
    strips, sides = (keras.ops.convert_to_numpy(t) for t in Proposal(min_score=min_score, max_proposals=400)(heads))
    for i in range(2):
        want = reference_proposals(heads, i, min_score, 0.3)
        found = strips[i][strips[i][:, 4] > 0]
        assert len(found) == len(want) > 5
        np.testing.assert_allclose(found, [s for s, _ in want], atol=1e-3)
        np.testing.assert_allclose(sides[i][: len(want)], [o for _, o in want], atol=1e-5)
        assert not strips[i][len(want) :].any()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "spread", ["plain", "ties", "big"], ids=["plain", "many equal scores", "saturated scores and extreme heights"]
)
def test_layer_and_numpy_find_the_same_strips(spread: str, seed: int) -> None:
    heads = random_heads(np.random.default_rng(seed), 2, 8, 6)
    if spread == "ties":
        heads[0], heads[1] = np.round(heads[0]), np.round(heads[1], 1)
    if spread == "big":
        heads = [heads[0] * 40, heads[1] * 50, heads[2] * 100]
    strips, sides = (keras.ops.convert_to_numpy(t) for t in Proposal(min_score=0.6)(heads))
    for image, expected in enumerate(decode_heads(*heads, min_score=0.6)):
        scores = strips[image][:, 4]
        assert (np.diff(scores) <= 0).all()  # best first, unused rows last
        found = np.column_stack([strips[image], sides[image]])[scores > 0]
        wanted = np.column_stack([expected.boxes, expected.scores, expected.kinds, expected.sides])
        assert len(found) == len(wanted) > 20
        np.testing.assert_allclose(in_order(found), in_order(wanted), atol=1e-3)


def test_layer_and_numpy_agree_on_a_tall_page() -> None:
    heads = random_heads(np.random.default_rng(11), 1, 112, 2)  # 1792 px, as high as an image is shown to the network
    strips, _ = (keras.ops.convert_to_numpy(t) for t in Proposal(per_column=112 * len(ANCHOR_HEIGHTS))(heads))
    (expected,) = decode_heads(*heads)
    found = strips[0][strips[0][:, 4] > 0]
    wanted = np.column_stack([expected.boxes, expected.scores, expected.kinds])
    assert wanted[:, 3].max() > 1700
    np.testing.assert_allclose(in_order(found), in_order(wanted), atol=5e-4)


def in_order(strips: np.ndarray) -> np.ndarray:
    """Strips sorted by column, class, upper and lower edge."""
    return strips[np.lexsort(np.round(strips[:, [3, 1, 5, 0]].T, 2))]


def test_no_proposals_and_too_many() -> None:
    heads = random_heads(np.random.default_rng(1), 1, 3, 3)
    heads[0][..., 0] = 50
    strips, sides = Proposal(max_proposals=7)(heads)
    assert tuple(strips.shape) == (1, 7, 6)
    assert not np.asarray(strips).any()
    assert not np.asarray(sides).any()
    heads[0][..., 0] = -50
    strips, _ = Proposal(min_score=0.5, max_proposals=7)(heads)
    scores = np.asarray(strips)[0, :, 4]
    assert (scores > 0.5).all()
    assert (np.diff(scores) <= 0).all()


def test_config_round_trip() -> None:
    layer = Proposal(min_score=0.4, per_column=9)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is Proposal
    assert again.get_config() == layer.get_config()


def test_symbolic_shapes() -> None:
    heads = [keras.Input((None, None, 10, n)) for n in (3, 2, 1)]
    assert [tuple(t.shape) for t in Proposal(max_proposals=50)(heads)] == [(None, 50, 6), (None, 50)]


@pytest.mark.parametrize("make", [lambda: Proposal(min_score=1.5), lambda: Proposal(max_proposals=0)])
def test_senseless_arguments(make) -> None:
    with pytest.raises(ConfigError):
        make()
