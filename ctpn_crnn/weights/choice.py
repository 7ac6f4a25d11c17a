"""Which weights files a user means: the shipped ones, a folder, a pair, or one of the two."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias, Union

from ctpn_crnn.errors import ConfigError, WeightsError

PathLike: TypeAlias = Union[str, "os.PathLike[str]"]
WeightsChoice: TypeAlias = PathLike | tuple[PathLike, PathLike] | Mapping[str, PathLike | None] | None
"""None: the shipped weights. A folder with ctpn.h5 and crnn.h5. A pair (ctpn, crnn). A mapping with the keys "ctpn" and
"crnn", either of which may be left out."""


def choose_weights(weights: WeightsChoice) -> dict[str, PathLike | None]:
    """Return {"ctpn": path or None, "crnn": path or None}; None stands for the shipped file.

    Raises:
        WeightsError: A folder lacks one of the files.
        ConfigError: The choice makes no sense.
    """
    chosen: dict[str, PathLike | None] = {"ctpn": None, "crnn": None}
    if weights is None:
        return chosen
    if isinstance(weights, Mapping):
        unknown = set(weights) - set(chosen)
        if unknown:
            raise ConfigError(f"weights knows 'ctpn' and 'crnn', not {sorted(map(str, unknown))}")
        return {**chosen, **weights}
    if isinstance(weights, (str, os.PathLike)):
        return {kind: _file_in(Path(weights), kind) for kind in chosen}
    if isinstance(weights, (tuple, list)) and len(weights) == 2:
        return dict(zip(chosen, weights))
    raise ConfigError(f"weights must be a folder, a pair (ctpn, crnn) or a dictionary, not {weights!r}")


def _file_in(folder: Path, kind: str) -> Path:
    """Return the file of one network in a folder, .h5 before .onnx."""
    if folder.is_file():
        raise WeightsError(f"{folder} is one file, but there are two networks; give {{'{kind}': path}} to replace one")
    for path in (folder / f"{kind}.h5", folder / f"{kind}.onnx"):
        if path.is_file():
            return path
    raise WeightsError(
        f"there is no {kind}.h5 or {kind}.onnx in the folder {folder}; give a folder that holds ctpn and crnn"
    )
