"""A weights file to a TensorFlow SavedModel."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from ctpn_crnn.errors import OutputError
from ctpn_crnn.runtime import require_keras
from ctpn_crnn.weights import read_weights

ASSET = "ctpn_crnn.json"
"""Beside saved_model.pb: kind, config and charset."""


def export_saved_model(weights: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Path:
    """Write the network as a SavedModel with the signature "serving_default": "image" in, the heads or logits out.

    Args:
        weights: A weights file.
        folder: Of the SavedModel; must not exist, or be empty.

    Returns:
        The folder.

    Raises:
        WeightsError: The weights are missing or damaged.
        ConfigError: TensorFlow is not installed, or Keras does not run on it.
        OutputError: The folder is not empty or cannot be written.
    """
    require_keras("exporting", ("tensorflow",))
    import keras
    import tensorflow as tf

    from ctpn_crnn.export.keras_model import OUTPUT_NAMES, load_model, serving

    file, folder = read_weights(weights), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} exists and is no empty folder: give the name of a new one")
    model = load_model(file)
    archive = keras.export.ExportArchive()
    archive.track(model)
    serve = serving(model, OUTPUT_NAMES[file.kind])
    archive.add_endpoint("serve", serve, input_signature=serve.input_signature)
    description = {"kind": file.kind, "config": file.config, "charset": file.charset}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
            archive.write_out(f"{aside}/model", verbose=False)
            (Path(aside) / "model" / ASSET).write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
            if folder.exists():
                folder.rmdir()
            shutil.move(f"{aside}/model", folder)
    except (OSError, tf.errors.OpError) as error:
        raise OutputError(f"cannot write the SavedModel {folder}: {error}; check permissions and free space") from error
    return folder
