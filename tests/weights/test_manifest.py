"""The shipped weights: registered, found, and refused when damaged."""

import hashlib
import json

import keras
import pytest

from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.weights import read_manifest, register, save_weights, shipped


@pytest.fixture
def trained(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dense(3, name="projection")(inputs))
    path = tmp_path / "best.h5"
    save_weights(
        model, path, kind="crnn", config={"num_classes": 3}, charset="ab", info={"steps": 5, "data": "rendered"}
    )
    return path


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    return folder


def test_register_then_shipped(trained, folder):
    target = register("crnn", trained, {"scores": {"exact": 0.5}, "steps": 6}, folder)
    assert shipped("crnn", folder) == target == folder / "crnn.h5"
    assert target.read_bytes() == trained.read_bytes()
    data = trained.read_bytes()
    assert json.loads((folder / "manifest.json").read_text())["weights"]["crnn"] == {
        "file": "crnn.h5",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "kind": "crnn",
        "characters": 2,
        "data": "rendered",
        "steps": 6,
        "scores": {"exact": 0.5},
    }


def test_registering_one_network_keeps_the_other(trained, folder):
    entry = {"file": "ctpn.h5", "sha256": "0"}
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "weights": {"ctpn": entry}}))
    register("crnn", trained, folder=folder)
    assert read_manifest(folder)["weights"]["ctpn"] == entry


def test_refused_before_anything_changes(trained, folder, tmp_path):
    with pytest.raises(WeightsError, match="not of ctpn"):
        register("ctpn", trained, folder=folder)
    with pytest.raises(WeightsError, match="does not exist"):
        register("crnn", tmp_path / "none.h5", folder=folder)
    with pytest.raises(ConfigError, match="JSON"):
        register("crnn", trained, {"data": object()}, folder)
    assert list(folder.iterdir()) == []


def test_damaged_or_missing(trained, folder):
    target = register("crnn", trained, folder=folder)
    target.write_bytes(target.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="SHA-256"):
        shipped("crnn", folder)
    target.unlink()
    with pytest.raises(WeightsError, match="is missing"):
        shipped("crnn", folder)
    with pytest.raises(WeightsError, match="no weights for 'ctpn'"):
        shipped("ctpn", folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "weights": {}}', '{"version": 1, "weights": {"a": 1}}']
)
def test_malformed_manifest(text, folder):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(WeightsError, match="manifest"):
        shipped("crnn", folder)


def test_no_manifest(folder):
    with pytest.raises(WeightsError, match="cannot be read"):
        shipped("crnn", folder)


def test_what_is_in_the_package_is_sound():
    for kind, entry in read_manifest()["weights"].items():
        assert shipped(kind).stat().st_size == entry["bytes"]
