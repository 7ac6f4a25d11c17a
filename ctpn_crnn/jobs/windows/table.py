"""The table of a run: rows are kept in the journal image by image, and written as one CSV or HDF5 file at the end."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.files import hdf5_errors, output_error, written_aside
from ctpn_crnn.jobs.journal import Journal

if TYPE_CHECKING:
    import pandas

Row = list[Any]
"""A row without the file name: window, class probabilities, and where it was read text and confidence."""

WINDOW_COLUMNS = ("ymin", "xmin", "ymax", "xmax")
READ_COLUMNS = ("text", "confidence")
INDEX = "filename"
HDF_KEY = "df"

_STRING_COLUMNS = frozenset({"text"})
_ROWS_AT_ONCE = 4096
"""Rows that are written to HDF5 at once, which bounds the memory."""

_MISSING_TEXT = "\uffff"
"""What pandas stores for a missing string. Its default is "nan", which a line of text may say."""


def columns_of(classes: int, read: Iterable[str] = ()) -> list[str]:
    """Name the columns of a table after the file name: the window, class0 to classN, and those of a reader."""
    return [*WINDOW_COLUMNS, *(f"class{index}" for index in range(classes)), *read]


def check_format(path: Path) -> None:
    """Check that a table can be written under this name.

    Raises:
        ConfigError: It is to be HDF5, and pandas or PyTables is not installed.
    """
    if not _is_csv(path) and not (find_spec("pandas") and find_spec("tables")):
        raise ConfigError(
            f"{path} would be written as HDF5, which needs pandas and PyTables: pip install pandas tables, or give a "
            "name that ends with .csv"
        )


class Table:
    """The results of the images that are finished, in the order in which they were finished.

    Args:
        journal: Keeps them; those of an earlier, interrupted run count.
        columns: See `columns_of`.

    Attributes:
        done: Names of the finished images, with windows or failed.
    """

    def __init__(self, journal: Journal, columns: Sequence[str]) -> None:
        self._journal = journal
        self._columns = list(columns)
        self.done = {record["image"] for record in self._records()}

    def add(self, image: str, rows: Sequence[Row]) -> None:
        """Add the rows of an image.

        Raises:
            OutputError: The journal cannot be written.
        """
        self._journal.append({"image": image, "rows": rows})
        self.done.add(image)

    def add_failure(self, image: str, reason: str) -> None:
        """Add an image that could not be processed.

        Raises:
            OutputError: The journal cannot be written.
        """
        self._journal.append({"image": image, "error": reason})
        self.done.add(image)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(image, row) of all windows; the rows of one image are in memory at a time."""
        for record in self._records():
            for row in record.get("rows", ()):
                yield record["image"], row

    def failures(self) -> Iterator[tuple[str, str]]:
        """(image, reason) of the images that could not be processed."""
        return ((record["image"], record["error"]) for record in self._records() if "error" in record)

    def save(self, path: Path) -> None:
        """Write the table as .csv, or under any other name as HDF5, which `pandas.read_hdf(path, "df")` reads.

        Raises:
            OutputError: The file cannot be written; an earlier file of this name stays.
        """
        if _is_csv(path):
            _write_csv(path, [INDEX, *self._columns], ([name, *map(_cell, row)] for name, row in self.rows()))
        else:
            self._write_hdf(path)

    def save_failures(self, path: Path) -> None:
        """Write the failures as .csv; where there are none, remove the file of an earlier run.

        Raises:
            OutputError: The file cannot be written.
        """
        if next(self.failures(), None) is None:
            path.unlink(missing_ok=True)
        else:
            _write_csv(path, [INDEX, "error"], self.failures())

    def _records(self) -> Iterator[dict[str, Any]]:
        return (record for record in self._journal.records() if isinstance(record.get("image"), str))

    def _write_hdf(self, path: Path) -> None:
        import pandas

        how = {"data_columns": True, "index": False, "nan_rep": _MISSING_TEXT, "errors": "backslashreplace"}
        longest = self._longest_strings()
        rows, count = self.rows(), 0
        with written_aside(path) as aside:
            with hdf5_errors(path), pandas.HDFStore(str(aside), "w", complevel=5, complib="zlib") as store:
                while part := list(islice(rows, _ROWS_AT_ONCE)):
                    store.append(HDF_KEY, self._frame(part), min_itemsize=longest, **how)
                    count += len(part)
                if not count:  # pandas does not store an empty frame: store one row, and remove it
                    placeholder = ["" if name in _STRING_COLUMNS else 0.0 for name in self._columns]
                    store.append(HDF_KEY, self._frame([("", placeholder)]), min_itemsize=longest, **how)
                    store.remove(HDF_KEY, start=0, stop=1)
            if not _is_complete(aside, count):
                raise output_error(path, OSError("the written file is incomplete"))

    def _longest_strings(self) -> dict[str, int]:
        """Column -> bytes of its longest string; the column of the file names is "index"."""
        strings = [(name, place) for place, name in enumerate(self._columns) if name in _STRING_COLUMNS]
        longest = {"index": 1, **{name: 1 for name, _ in strings}}
        for image, row in self.rows():
            longest["index"] = max(longest["index"], _length(image))
            for name, place in strings:
                longest[name] = max(longest[name], _length(row[place]))
        return longest

    def _frame(self, rows: Sequence[tuple[str, Row]]) -> pandas.DataFrame:
        import pandas

        values = dict(zip(self._columns, zip(*(row for _, row in rows))))
        types = {name: object if name in _STRING_COLUMNS else np.float64 for name in self._columns}
        return pandas.DataFrame(
            {name: np.array(values[name], types[name]) for name in self._columns},
            index=pandas.Index([image for image, _ in rows], dtype=object, name=INDEX),
        )


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _is_complete(path: Path, count: int) -> bool:
    """Whether all rows can be read back from HDF5: PyTables ignores write errors when it closes a file."""
    try:
        with h5py.File(path) as file:
            table = file[f"{HDF_KEY}/table"]
            return (
                len(table) == count == sum(len(table[at : at + _ROWS_AT_ONCE]) for at in range(0, count, _ROWS_AT_ONCE))
            )
    except (OSError, RuntimeError, KeyError):
        return False


def _length(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def _write_csv(path: Path, header: list[str], rows: Iterable[Iterable[Any]]) -> None:
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else value
