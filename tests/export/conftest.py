"""A small random reader, its export, and lines to read."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.weights import save_weights

CHARSET = "abc甲"


def save_reader(path: Path, seed: int) -> Path:
    """Save a reader with random weights."""
    keras.utils.set_random_seed(seed)
    model = CRNN(CRNNSpec(num_classes=5, lstm_units=4)).build_model()
    save_weights(
        model, path, kind="crnn", config={"num_classes": 5, "lstm_units": 4}, charset=CHARSET, info={"steps": 3}
    )
    return path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="session")
def reader(folder: Path) -> Path:
    return save_reader(folder / "reader.h5", seed=0)


@pytest.fixture(scope="session")
def lines(folder: Path) -> list[str]:
    random = np.random.default_rng(0)
    paths = [str(folder / f"line{number}.png") for number in range(2)]
    for path in paths:
        cv2.imwrite(path, random.integers(0, 256, (30, 90), np.uint8))
    return paths


@pytest.fixture(scope="session")
def exported(folder: Path, reader: Path) -> Path:
    from ctpn_crnn.export import export_onnx

    return export_onnx(reader, folder / "reader.onnx")


@pytest.fixture
def other_reader(folder: Path) -> Path:
    return save_reader(folder / "other.h5", seed=1)
