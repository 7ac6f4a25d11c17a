import numpy as np

from ctpn_crnn.training.recolouring import ColourStyle, recolour

IMAGE = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
NEVER = ColourStyle(
    grey=0, inverted=0, permuted=0, gain=(0, 0), channel_gain=0, offset=0, blurred=0, noisy=0, compressed=0
)


def test_without_strength_or_with_a_style_of_nothing_the_image_stays():
    rng = np.random.default_rng(0)
    assert recolour(rng, IMAGE, 0.0) is IMAGE
    np.testing.assert_array_equal(recolour(rng, IMAGE, 1.0, NEVER), IMAGE)


def test_single_changes_by_hand():
    rng = np.random.default_rng(0)
    inverted = ColourStyle(**{**vars(NEVER), "inverted": 1})
    np.testing.assert_array_equal(recolour(rng, IMAGE, 1.0, inverted), 255 - IMAGE)
    grey = recolour(rng, IMAGE, 1.0, ColourStyle(**{**vars(NEVER), "grey": 1}))
    np.testing.assert_array_equal(grey, np.repeat(IMAGE[..., 1:2], 3, axis=2))  # the mean of n, n + 1 and n + 2


def test_all_changes_keep_shape_and_type():
    rng = np.random.default_rng(1)
    for _ in range(40):
        out = recolour(rng, IMAGE, 1.0)
        assert out.shape == IMAGE.shape and out.dtype == np.uint8
