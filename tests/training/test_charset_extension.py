from pathlib import Path

import numpy as np
import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.training.charset_extension import grown_projection, take_over
from ctpn_crnn.weights import read_weights, save_weights


def test_known_characters_keep_their_column_and_new_ones_are_silent():
    kernel = np.arange(12, dtype=np.float32).reshape(3, 4)
    bias = np.array([5, 1, 2, -3], np.float32)
    grown, grown_bias = grown_projection(kernel, bias, Charset("abc"), Charset("cxab"))
    np.testing.assert_array_equal(grown[:, [0, 3, 4, 1]], kernel)
    np.testing.assert_array_equal(grown_bias, [5, -3, -3, 1, 2])
    assert np.abs(grown[:, 2]).max() < kernel.std()


def test_a_grown_reader_reads_what_it_read_before(tmp_path: Path):
    old = CRNN(CRNNSpec(num_classes=4)).build_model()
    save_weights(old, tmp_path / "old.h5", kind="crnn", config={"num_classes": 4}, charset="abc", info={})
    weights = read_weights(tmp_path / "old.h5")
    new = CRNN(CRNNSpec(num_classes=6)).build_model()
    take_over(new, Charset("zacby"), weights)
    weights.apply_to(old)  # Both from the float16 file.
    line = np.random.default_rng(0).uniform(0, 255, (1, 32, 40, 1)).astype("float32")
    before, after = np.asarray(old(line)), np.asarray(new(line))
    np.testing.assert_allclose(after[..., [0, 2, 4, 3]], before, atol=1e-4)


def test_a_detector_is_no_reader(tmp_path: Path):
    model = CRNN(CRNNSpec(num_classes=4)).build_model()
    save_weights(model, tmp_path / "x.h5", kind="ctpn", config={}, charset=None, info={})
    with pytest.raises(WeightsError, match="reader"):
        take_over(model, Charset("abc"), read_weights(tmp_path / "x.h5"))
