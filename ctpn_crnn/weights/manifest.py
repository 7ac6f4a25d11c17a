"""What ships with the package, weights and language model: files, SHA-256, where they came from, how well they do."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import write_bytes
from ctpn_crnn.weights.store import read_weights

FOLDER = Path(__file__).parent
MANIFEST = "manifest.json"
LANGUAGE_MODEL = "language_model"
_VERSION = 1


def shipped(kind: str, folder: str | os.PathLike[str] = FOLDER) -> Path:
    """The shipped weights file of a network, or the shipped language model, checked against the manifest.

    Args:
        kind: "ctpn", "crnn" or "language_model".
        folder: Where manifest and weights lie.

    Raises:
        WeightsError: None is shipped, or it is missing or not the file that the manifest describes.
    """
    folder = Path(folder)
    entries = read_manifest(folder)["weights"]
    if kind not in entries:
        raise WeightsError(
            f"no weights for {kind!r} are shipped ({sorted(entries) or 'none at all'}); give a weights file"
        )
    path = folder / entries[kind]["file"]
    again = "install the package again (from a clone: check that large files were fetched), or give a weights file"
    if not path.is_file():
        raise WeightsError(f"the shipped weights file {path} is missing; {again}")
    if sha256_of(path) != entries[kind]["sha256"]:
        raise WeightsError(f"the shipped weights file {path} is damaged or was replaced: its SHA-256 differs; {again}")
    return path


def read_manifest(folder: str | os.PathLike[str] = FOLDER) -> dict[str, Any]:
    """The manifest: {"version": 1, "weights": {kind: {"file", "sha256", "bytes", "kind", ... what `register` got}}}.

    Raises:
        WeightsError: It is missing or malformed.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}; install the package again") from error
    except ValueError as error:
        raise WeightsError(f"{path} is not valid JSON: {error}; install the package again") from error
    if not isinstance(manifest, dict) or manifest.get("version") != _VERSION or not _is_sound(manifest.get("weights")):
        raise WeightsError(f"{path} is not a manifest of form {_VERSION}; install the package again")
    return manifest


def register(
    kind: str,
    path: str | os.PathLike[str],
    info: Mapping[str, Any] | None = None,
    folder: str | os.PathLike[str] = FOLDER,
) -> Path:
    """Make a file the shipped one of its kind: copy it and describe it in the manifest.

    Args:
        kind: "ctpn", "crnn" or "language_model"; must be what the file holds.
        path: The weights file, or the language model.
        info: Further facts for the manifest (data, steps, scores), over those stored in the file; JSON types.
        folder: Where manifest and weights lie.

    Returns:
        Where the file lies now.

    Raises:
        WeightsError: The file is missing, damaged, or of another kind.
        ConfigError: `info` cannot be written as JSON.
        OutputError: The folder cannot be written.
    """
    folder = Path(folder)
    facts = _facts_of_model(Path(path)) if kind == LANGUAGE_MODEL else _facts_of_weights(path, kind)
    target = folder / f"{kind}{'.npz' if kind == LANGUAGE_MODEL else '.h5'}"
    data = Path(path).read_bytes()
    manifest = read_manifest(folder) if (folder / MANIFEST).exists() else {"version": _VERSION, "weights": {}}
    manifest["weights"][kind] = {
        **facts,
        **(info or {}),
        "file": target.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "kind": kind,
    }
    try:
        text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    except (TypeError, ValueError) as error:
        raise ConfigError(f"info must consist of JSON types: {error}") from error
    write_bytes(target, data)
    write_bytes(folder / MANIFEST, text.encode("utf-8"))
    return target


def _facts_of_weights(path: str | os.PathLike[str], kind: str) -> dict[str, Any]:
    known = read_weights(path, kind)
    return {**known.info, "characters": None if known.charset is None else len(known.charset)}


def _facts_of_model(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {"order": int(file["order"]), "characters": len(str(file["alphabet"]))}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path} is no language model: {error}") from error


def sha256_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hexadecimal."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()


def _is_sound(entries: Any) -> bool:
    return isinstance(entries, dict) and all(
        isinstance(entry, dict) and {"file", "sha256"} <= entry.keys() for entry in entries.values()
    )
