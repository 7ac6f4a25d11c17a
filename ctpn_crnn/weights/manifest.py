"""The manifest of the shipped weights and language model: file names, SHA-256, origin, scores."""

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
_VERSION = 1  # of the manifest's format


def shipped(kind: str, folder: str | os.PathLike[str] = FOLDER) -> Path:
    """Return the shipped weights file of a network, or the language model, checked against the manifest.

    Args:
        kind: "ctpn", "crnn" or "language_model".
        folder: Where manifest and weights lie.

    Raises:
        WeightsError: The manifest names no such file, or the file is missing or differs from the one named there.
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
    """Read the manifest: {"version": 1, "weights": {kind: {"file", "sha256", "bytes", "kind", ... `info`}}}.

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
    if not _is_manifest(manifest):
        raise WeightsError(f"{path} is not a manifest of version {_VERSION}; install the package again")
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
        info: Entries of the manifest (data, steps, scores), JSON types; they replace those stored in the file.
        folder: Where manifest and weights lie.

    Returns:
        Where the file lies now.

    Raises:
        WeightsError: The file is missing, damaged, or of another kind.
        ConfigError: `info` cannot be written as JSON.
        OutputError: The folder cannot be written.
    """
    folder = Path(folder)
    description = _describe_language_model(Path(path)) if kind == LANGUAGE_MODEL else _describe_weights(path, kind)
    target = folder / f"{kind}{'.npz' if kind == LANGUAGE_MODEL else '.h5'}"
    data = Path(path).read_bytes()
    manifest = read_manifest(folder) if (folder / MANIFEST).exists() else {"version": _VERSION, "weights": {}}
    manifest["weights"][kind] = {
        **description,
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


def _describe_weights(path: str | os.PathLike[str], kind: str) -> dict[str, Any]:
    known = read_weights(path, kind)
    return {**known.info, "characters": None if known.charset is None else len(known.charset)}


def _describe_language_model(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {"order": int(file["order"]), "characters": len(str(file["alphabet"]))}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path} is not a language model ({error}): see tools/build_language_model.py") from error


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()


def _is_manifest(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("version") != _VERSION or not isinstance(value.get("weights"), dict):
        return False
    return all(isinstance(entry, dict) and {"file", "sha256"} <= entry.keys() for entry in value["weights"].values())
