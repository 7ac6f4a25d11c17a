"""Small random networks and their weights files."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.weights import save_weights

CHARSET = "abc甲"
HEIGHTS = (11.0, 32.0, 90.0)


def rounded(model: keras.Model) -> keras.Model:
    """Cut the weights to float16, as the file does."""
    model.set_weights([w.astype(np.float16).astype(np.float32) if w.ndim > 1 else w for w in model.get_weights()])
    return model


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    keras.utils.set_random_seed(0)
    model = rounded(CRNN(CRNNSpec(num_classes=5, lstm_units=8)).build_model())
    random = np.random.default_rng(0)
    for number in (5, 6):  # as after training: nothing that a forgotten part of batch normalisation would leave as is
        layer = model.get_layer(f"bn{number}")
        layer.set_weights([random.uniform(0.5, 2, 512).astype(np.float32) for _ in range(4)])
    path = tmp_path_factory.mktemp("weights") / "reader.h5"
    save_weights(model, path, kind="crnn", config={"num_classes": 5, "lstm_units": 8}, charset=CHARSET, info={})
    return model, path


@pytest.fixture(scope="session")
def detector(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    keras.utils.set_random_seed(0)
    network = CTPN(CTPNSpec(classes=("background", "text"), heights=HEIGHTS))
    model = rounded(network.build_model())
    path = tmp_path_factory.mktemp("weights") / "detector.h5"
    save_weights(model, path, kind="ctpn", config=network.spec.to_config(), charset=None, info={})
    return model, path
