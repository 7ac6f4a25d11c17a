"""The weights file: arrays of a network, its configuration, its charset, and their origin, in HDF5.

Layout: attributes `format`, `version`, `kind` and `digest`; datasets `config`, `info` (JSON) and, for a reader,
`charset` (its characters in order, without the blank); and `arrays/<variable path>`. Matrices and kernels are float16,
which halves the file. Vectors (biases, batch statistics) stay float32: they are small, and variances can be too small
for float16.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.files import hdf5_written_aside

if TYPE_CHECKING:
    import keras

FORMAT = "ctpn_crnn weights"
VERSION = 1
CALIBRATION = "calibration"
"""Key of a reader's configuration: the power to which the product of a line's character probabilities is raised, to
estimate the probability that the line is right. Optional; 1 without it."""
RANGES = "ranges"
"""Key of a configuration: the greatest value of each convolution's output, by the layer's name, that 8-bit integers
represent. Optional; without it the network cannot be run in them."""

_FLOAT16_MAX = 65504.0
_WANTED = "give an .h5 file that training wrote, or an .onnx file that `ctpn-crnn export` wrote"
"""What the user can do where a file is no weights file."""


@dataclass(frozen=True, eq=False)
class WeightsFile:
    """Content of a weights file.

    Attributes:
        kind: "ctpn" or "crnn".
        config: Architecture (`CTPNSpec` or `CRNNSpec` as JSON types), and `CALIBRATION` and `RANGES` where fitted.
        charset: Characters of a reader, in order, without the blank; None for a detector.
        info: Origin of the weights: data, steps, scores.
        arrays: Float32, keyed by Keras' `variable.path`.
        path: The file.
    """

    kind: str
    config: dict[str, Any]
    charset: str | None
    info: dict[str, Any]
    arrays: dict[str, np.ndarray]
    path: Path

    def apply_to(self, model: keras.Model) -> None:
        """Put the arrays into a model's variables.

        Raises:
            WeightsError: A variable has no array, an array no variable, or shapes differ. The model stays as it was.
        """
        variables = _variables(model)
        self._compare({path: tuple(variable.shape) for path, variable in variables.items()}, model.name)
        for path, variable in variables.items():
            variable.assign(self.arrays[path])

    def expect_charset(self, characters: str) -> None:
        """Check that the weights were trained for these characters, in this order.

        Raises:
            WeightsError: They were not; the message names the first difference.
        """
        mine = self.charset or ""
        if mine == characters:
            return
        at = next((i for i, (a, b) in enumerate(zip(mine, characters)) if a != b), min(len(mine), len(characters)))
        raise WeightsError(
            f"{self.path} was trained for another charset: {len(mine)} characters, not {len(characters)}, "
            f"and the first difference is at {at} ({mine[at : at + 1]!r}, not {characters[at : at + 1]!r}); "
            "use the charset stored in the file, or train for yours"
        )

    def _compare(self, shapes: Mapping[str, tuple[int, ...]], model: str) -> None:
        problems = [f"{path} is missing" for path in shapes if path not in self.arrays]
        problems += [f"{path} is not known to the model" for path in self.arrays if path not in shapes]
        problems += [
            f"{path} is {self.arrays[path].shape}, the model needs {shape}"
            for path, shape in shapes.items()
            if path in self.arrays and self.arrays[path].shape != shape
        ]
        if problems:
            more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
            raise WeightsError(
                f"{self.path} ({self.kind}) does not fit the model {model}: {'; '.join(problems[:3])}{more}. "
                "Build the model from the configuration and charset stored in the file, or use weights of this network"
            )


def save_weights(
    model: keras.Model,
    path: str | os.PathLike[str],
    *,
    kind: str,
    config: Mapping[str, Any],
    charset: str | None,
    info: Mapping[str, Any],
) -> None:
    """Write a model's weights. A file of that name is replaced once the new one is complete.

    Args:
        model: Built.
        path: Of the .h5 file.
        kind: "ctpn" or "crnn".
        config: Architecture, as `to_config` of the specification gives it; JSON types.
        charset: Characters of a reader, in order, without the blank; None for a detector.
        info: Origin of the weights (data, steps, scores); JSON types.

    Raises:
        WeightsError: A weight is NaN or infinite, or two variables share a path.
        ConfigError: `config` or `info` cannot be written as JSON.
        OutputError: The file cannot be written.
    """
    arrays = {name: _compact(name, variable) for name, variable in _variables(model).items()}
    texts = {"config": _to_json("config", config), "info": _to_json("info", info)}
    if charset is not None:
        texts["charset"] = charset
    _write(path, kind, texts, arrays)


def set_calibration(path: str | os.PathLike[str], calibration: float) -> None:
    """Store the calibration of a reader in the configuration of its weights file; the rest stays as it is.

    Shipped weights must be registered again (`register`), as their checksum changes.

    Args:
        path: Of the .h5 file, which is replaced.
        calibration: The power, above 0, see `ctpn_crnn.evaluation.fit_calibration`.

    Raises:
        WeightsError: The file is missing, damaged, or not a reader's.
        ConfigError: The power is not a number above 0.
        OutputError: The file cannot be written.
    """
    if not 0.0 < calibration < math.inf:
        raise ConfigError(f"calibration is {calibration}: give a number above 0")
    _set_config(path, "crnn", {CALIBRATION: float(calibration)})


def set_ranges(path: str | os.PathLike[str], ranges: Mapping[str, float]) -> None:
    """Store the ranges of a network's convolutions in the configuration of its weights file; the rest stays as it is.

    Shipped weights must be registered again (`register`), as their checksum changes.

    Args:
        path: Of the .h5 file, which is replaced.
        ranges: The greatest value by the layer's name, above 0, see `ctpn_crnn.export.fit_ranges`.

    Raises:
        WeightsError: The file is missing or damaged.
        ConfigError: A value is not a number above 0.
        OutputError: The file cannot be written.
    """
    for name, value in ranges.items():
        if not 0.0 < value < math.inf:
            raise ConfigError(f"the range of {name} is {value}: give a number above 0")
    _set_config(path, None, {RANGES: {name: float(value) for name, value in ranges.items()}})


def _set_config(path: str | os.PathLike[str], kind: str | None, changes: Mapping[str, Any]) -> None:
    known = read_weights(path, kind)
    texts = {"config": _to_json("config", {**known.config, **changes})}
    with h5py.File(path, "r") as file:
        texts |= {name: _read_text(file[name]) for name in ("info", "charset") if name in file}
        arrays = _read_arrays(file)
    _write(path, known.kind, texts, arrays)


def read_weights(path: str | os.PathLike[str], kind: str | None = None) -> WeightsFile:
    """Read and check a weights file.

    Args:
        path: Of the .h5 file.
        kind: Network that it must be of, "ctpn" or "crnn"; None for either.

    Raises:
        WeightsError: The file is missing, is not a weights file of this library, is damaged or truncated, was written
            by a later release, or belongs to the other network.
    """
    path = Path(path)
    if path.is_dir():
        raise WeightsError(f"{path} is a folder, not a weights file; {_WANTED}")
    if not path.is_file():
        raise WeightsError(f"the weights file {path} does not exist; check the path")
    try:
        with h5py.File(path, "r") as file:
            attributes = _read_attributes(file, path)
            texts = {name: _read_text(file[name]) for name in ("config", "info", "charset") if name in file}
            stored = _read_arrays(file)
        config, info = json.loads(texts["config"]), json.loads(texts["info"])
    except WeightsError:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, ValueError for what damage does
        raise WeightsError(f"{path} is damaged, truncated, or not an HDF5 file: {error}; {_WANTED}") from error
    if attributes["digest"] != _digest(attributes["kind"], texts, stored):
        raise WeightsError(f"{path} is damaged: its content does not match its checksum; fetch or train it again")
    if kind is not None and attributes["kind"] != kind:
        raise WeightsError(f"{path} holds weights of {attributes['kind']}, not of {kind}; were the two files swapped?")
    arrays = {name: array.astype(np.float32) for name, array in stored.items()}
    return WeightsFile(attributes["kind"], config, texts.get("charset"), info, arrays, path)


def _write(path: str | os.PathLike[str], kind: str, texts: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> None:
    with hdf5_written_aside(path) as file:
        file.attrs.update({"format": FORMAT, "version": VERSION, "kind": kind, "digest": _digest(kind, texts, arrays)})
        for name, text in texts.items():
            file[name] = text.encode("utf-8") or h5py.Empty("S1")
        for name, array in arrays.items():
            # Not compressed: it would save an eighth of the file, and cost more time than all else that loading does.
            file.create_dataset(f"arrays/{name}", data=array)


def _variables(model: keras.Model) -> dict[str, Any]:
    """Return the model's weights by path (no optimizer slots, metrics or random seeds)."""
    variables: dict[str, Any] = {}
    for variable in model.weights:
        if variable.path in variables:
            raise WeightsError(
                f"two variables of {model.name} share the path {variable.path}; give the layers names of their own"
            )
        variables[variable.path] = variable
    return variables


def _compact(name: str, variable: Any) -> np.ndarray:
    """Return the values of a variable, in float16 if they are a matrix or kernel and fit its range."""
    import keras  # here: reading a file needs no backend

    array = np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float32)
    if not np.isfinite(array).all():
        raise WeightsError(
            f"the weights {name} are NaN or infinite: training has diverged; go back to an earlier checkpoint"
        )
    if array.ndim < 2 or np.abs(array).max(initial=0) > _FLOAT16_MAX:
        return array
    return array.astype(np.float16)


def _digest(kind: str, texts: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of kind, texts and arrays, independent of the layout of the HDF5 file."""
    total = hashlib.sha256(kind.encode("utf-8"))
    for name in sorted(texts):
        total.update(f"\n{name}\n{texts[name]}".encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name], dtype=arrays[name].dtype.newbyteorder("<"))
        total.update(f"\n{name} {array.shape} {array.dtype.str}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _to_json(name: str, value: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(value), ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} of a weights file must consist of JSON types: {error}") from error


def _read_attributes(file: h5py.File, path: Path) -> dict[str, Any]:
    if file.attrs.get("format") != FORMAT:
        raise WeightsError(
            f"{path} is an HDF5 file, but not a weights file of ctpn_crnn (a Keras file?); write one with save_weights"
        )
    if file.attrs["version"] > VERSION:
        version = file.attrs["version"]
        raise WeightsError(f"{path} was written by a later release (format version {version}); update ctpn_crnn")
    return {name: file.attrs[name] for name in ("kind", "digest")}


def _read_text(dataset: h5py.Dataset) -> str:
    value = dataset[()]
    return "" if isinstance(value, h5py.Empty) else bytes(value).decode("utf-8")


def _read_arrays(file: h5py.File) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    prefix = len("arrays/")

    def collect(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and name.startswith("arrays/"):
            arrays[name[prefix:]] = item[()]

    file.visititems(collect)
    return arrays
