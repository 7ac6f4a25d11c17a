"""Averages of weights."""

import numpy as np
import pytest

from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.training.averaging import average_weights
from ctpn_crnn.weights import read_weights, save_weights, set_calibration


def reader(path, value: float, charset: str = "ab"):
    """A small reader of which every weight is one value."""
    spec = CRNNSpec(num_classes=len(charset) + 1, lstm_units=4)
    model = CRNN(spec).build_model()
    for variable in model.variables:
        variable.assign(np.full(variable.shape, value, "float32"))
    save_weights(model, path, kind="crnn", config=spec.to_config(), charset=charset, info={"value": value})
    return path


def test_an_average_lies_between_its_weights_and_has_nothing_fitted(tmp_path):
    first, second = reader(tmp_path / "a.h5", 1.0), reader(tmp_path / "b.h5", 2.0)
    set_calibration(second, 0.5)
    average_weights(first, second, 0.75, tmp_path / "c.h5")
    average = read_weights(tmp_path / "c.h5")
    assert all((array == 1.75).all() for array in average.arrays.values())
    assert "calibration" not in average.config
    assert average.info["averaged"]["first"] == {"value": 1.0}


def test_weights_of_another_charset_are_refused(tmp_path):
    first, second = reader(tmp_path / "a.h5", 1.0), reader(tmp_path / "b.h5", 2.0, "ac")
    with pytest.raises(WeightsError, match="another charset"):
        average_weights(first, second, 0.5, tmp_path / "c.h5")
    with pytest.raises(ConfigError, match="--share 2"):
        average_weights(first, first, 2.0, tmp_path / "c.h5")
