import cv2
import numpy as np

from ctpn_crnn.synthesis.pages import PageSynthesizer
from ctpn_crnn.synthesis.pages.backgrounds import ink_color, luminance


def test_backgrounds_are_used(fonts, corpus, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 60, 3), (10, 200, 30), np.uint8))
    synthesizer = PageSynthesizer(fonts, corpus, [tmp_path / "a.png"], (128, 128), {"scene": 1})
    close = [
        np.abs(synthesizer(np.random.default_rng(s)).image - np.array([10, 200, 30.0])).max(2) < 40 for s in range(4)
    ]
    assert np.mean(close) > 0.5


def test_ink_stands_out():
    rng = np.random.default_rng(0)
    for ground in (0, 60, 120, 130, 200, 255):
        for _ in range(30):
            assert abs(luminance(ink_color(rng, ground)) - ground) > 35
