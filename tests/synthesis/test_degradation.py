import numpy as np
import pytest

from ctpn_crnn.synthesis.degradation import _STEPS, degrade


@pytest.mark.parametrize("shape", [(32, 100), (32, 100, 3), (2, 2), (1, 50), (33, 1, 3)])
@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_shape_and_type_stay(shape, strength):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for seed in range(15):
        result = degrade(np.random.default_rng(seed), image, strength)
        assert result.shape == shape and result.dtype == np.uint8


def test_no_strength_no_change():
    image = np.random.default_rng(0).integers(0, 256, (32, 64)).astype(np.uint8)
    assert degrade(np.random.default_rng(0), image, 0) is image


def test_the_same_seed_gives_the_same_picture_and_the_source_is_left_alone():
    image = np.random.default_rng(0).integers(0, 256, (32, 64)).astype(np.uint8)
    kept = image.copy()
    one, two = (degrade(np.random.default_rng(7), image, 1.0) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(image, kept)


@pytest.mark.parametrize("step", [step for _, step in _STEPS], ids=lambda step: step.__name__)
def test_every_step_leaves_things_where_they_are(step):
    """A black square on white stays where it was: photometric steps only."""
    image = np.full((60, 80), 255, np.uint8)
    image[20:40, 30:50] = 0
    result = step(np.random.default_rng(3), image, 0.6).astype(float)
    inside, outside = result[24:36, 34:46].mean(), np.r_[result[:14].ravel(), result[46:].ravel()].mean()
    assert outside - inside > 60
