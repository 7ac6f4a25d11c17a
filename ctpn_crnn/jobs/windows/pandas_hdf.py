"""A table in HDF5 that h5py writes and reads plainly, and that `pandas.read_hdf` reads as a DataFrame.

Layout: the group `df` holds one dataset `table`, a one-dimensional array of records. The field `index` is the row's
label, strings are UTF-8 bytes padded with zeros, everything else is float64; a missing number is NaN. The attributes
are those by which PyTables and pandas know a table of the form that `DataFrame.to_hdf(..., format="table",
data_columns=True)` writes (pandas 0.15.2 and later), so that rows can also be chosen while reading, as in
`where="class1 > 0.9"`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ctpn_crnn.files import hdf5_written_aside

KEY = "df"
ROWS_AT_ONCE = 4096
_NEVER_A_TEXT = "\uffff"
"""What pandas takes for a missing string: by default "nan", which a line of text may well say."""

Rows = Callable[[], Iterator[tuple[str, Sequence[Any]]]]
"""Gives (label, values in the order of the columns) from the start, each time it is called."""


def write_hdf(path: Path, rows: Rows, columns: Sequence[str], strings: Collection[str], index: str) -> None:
    """Write a table, a part at a time.

    Args:
        path: The file.
        rows: Gives the rows; called twice, to measure and to write.
        columns: Names of the columns.
        strings: Those of them that hold text; the others hold numbers, or None.
        index: Name of the row labels.

    Raises:
        OutputError: The file cannot be written.
    """
    fields, count = _measure(rows, columns, strings)
    with hdf5_written_aside(path) as file:
        group = _group(file, columns, index)
        table = _table(group, fields, count)
        for start, part in _parts(rows(), fields):
            table[start : start + len(part)] = part


def _measure(rows: Rows, columns: Sequence[str], strings: Collection[str]) -> tuple[np.dtype, int]:
    """The record type that holds every row, and how many there are."""
    longest = {name: 1 for name in ("index", *columns) if name == "index" or name in strings}
    places = [(name, columns.index(name)) for name in columns if name in strings]
    count = 0
    for label, values in rows():
        count += 1
        longest["index"] = max(longest["index"], len(_bytes(label)))
        for name, place in places:
            longest[name] = max(longest[name], len(_bytes(values[place])))
    names = ["index", *columns]
    return np.dtype([(name, f"S{longest[name]}" if name in longest else "<f8") for name in names]), count


def _parts(rows: Iterator[tuple[str, Sequence[Any]]], fields: np.dtype) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, records) of as many rows at once as memory likes."""
    start = 0
    while part := [tuple(map(_value, (label, *values))) for label, values in islice(rows, ROWS_AT_ONCE)]:
        yield start, np.array(part, fields)
        start += len(part)


def _value(value: Any) -> Any:
    if value is None:
        return np.nan
    return _bytes(value) if isinstance(value, str) else value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _group(file: h5py.File, columns: Sequence[str], index: str) -> h5py.Group:
    _describe(file, CLASS="GROUP", PYTABLES_FORMAT_VERSION="2.1", TITLE="", VERSION="1.0")
    group = file.create_group(KEY)
    _describe(
        group,
        CLASS="GROUP",
        TITLE="",
        VERSION="1.0",
        pandas_type="frame_table",
        pandas_version="0.15.2",
        table_type="appendable_frame",
        encoding="UTF-8",
        errors="strict",
        levels=np.int64(1),
        nan_rep=_NEVER_A_TEXT,
        index_cols=_pickled([(0, "index")]),
        non_index_axes=_pickled([(1, list(columns))]),
        values_cols=_pickled(list(columns)),
        data_columns=_pickled(list(columns)),
        info=_pickled({1: {"names": [None], "type": "Index"}, "index": {"index_name": index}}),
    )
    return group


def _table(group: h5py.Group, fields: np.dtype, count: int) -> h5py.Dataset:
    table = group.create_dataset(
        "table", (count,), fields, chunks=(ROWS_AT_ONCE,), maxshape=(None,), compression="gzip", shuffle=True
    )
    _describe(table, CLASS="TABLE", TITLE="", VERSION="2.7", NROWS=np.int64(count), index_kind="string")
    _describe(table, **{f"FIELD_{number}_NAME": name for number, name in enumerate(fields.names or ())})
    for name in (fields.names or ())[1:]:
        kind = fields[name]
        described = "float64" if kind.kind == "f" else f"bytes{8 * kind.itemsize}"
        _describe(
            table, **{f"{name}_kind": _pickled([name]), f"{name}_dtype": described, f"{name}_meta": _pickled(None)}
        )
    return table


def _describe(item: h5py.HLObject, **attributes: Any) -> None:
    """Set attributes; texts in the form that PyTables gives back as texts: of fixed length, marked as UTF-8."""
    for name, value in attributes.items():
        if not isinstance(value, str):
            item.attrs[name] = value
        elif value:
            data = value.encode("utf-8")
            item.attrs.create(name, np.bytes_(data), dtype=h5py.string_dtype("utf-8", len(data)))
        else:
            item.attrs[name] = h5py.Empty("S1")


def _pickled(value: Any) -> np.bytes_:
    """How PyTables stores what HDF5 has no type for; pandas reads its lists back from it."""
    return np.bytes_(pickle.dumps(value, protocol=0))
