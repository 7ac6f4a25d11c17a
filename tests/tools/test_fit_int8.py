import cv2
import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.weights import read_weights, save_weights


@pytest.fixture(scope="module")
def tool(load_tool):
    return load_tool("fit_int8")


def test_ranges_of_each_convolution_are_stored(tool, tmp_path, capsys):
    keras.utils.set_random_seed(0)
    weights, image = tmp_path / "reader.h5", tmp_path / "line.png"
    model = CRNN(CRNNSpec(num_classes=3, lstm_units=4)).build_model()
    save_weights(model, weights, kind="crnn", config={"num_classes": 3, "lstm_units": 4}, charset="ab", info={})
    cv2.imwrite(str(image), np.random.default_rng(0).integers(0, 256, (30, 90), np.uint8))
    assert tool.main([str(weights), str(image)]) == 0
    ranges = read_weights(weights).config["ranges"]
    assert list(ranges) == [f"conv{number}" for number in range(1, 8)] and min(ranges.values()) > 0
    assert f"conv7 {ranges['conv7']:.1f}" in capsys.readouterr().out


def test_bad_input_is_one_sentence(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path / "none.h5"), "a.png"]) == 2
    error = capsys.readouterr().err
    assert "does not exist" in error and error.count("\n") == 1
