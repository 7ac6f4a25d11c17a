"""The table of a run: its columns, and the files it is written to."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ctpn_crnn.files import written_aside
from ctpn_crnn.jobs.windows.journal import Journal, Row
from ctpn_crnn.jobs.windows.pandas_hdf import write_hdf

WINDOW_COLUMNS = ("ymin", "xmin", "ymax", "xmax")
READ_COLUMNS = ("text", "confidence")
INDEX = "filename"


def columns_of(classes: int, read: Iterable[str] = ()) -> list[str]:
    """The columns of a table beside the file name: window, class0 ... classN, and what a reader adds."""
    return [*WINDOW_COLUMNS, *(f"class{index}" for index in range(classes)), *read]


def save_table(journal: Journal, columns: list[str], path: Path) -> None:
    """Write the rows of a journal as .csv, or as HDF5 under any other name; see `write_hdf` for its layout.

    Raises:
        OutputError: The file cannot be written; what was there before stays.
    """
    writer = _write_csv if path.suffix.lower() == ".csv" else _write_hdf
    writer(journal.rows, columns, path)


def save_failures(journal: Journal, path: Path) -> None:
    """Write the images that could not be done, with the reason, as .csv; without any, remove an earlier one.

    Raises:
        OutputError: The file cannot be written.
    """
    if next(journal.failures(), None) is None:
        path.unlink(missing_ok=True)
        return
    _write_rows(path, [INDEX, "error"], journal.failures())


def _write_csv(rows: Callable[[], Iterator[tuple[str, Row]]], columns: list[str], path: Path) -> None:
    _write_rows(path, [INDEX, *columns], ([name, *map(_cell, row)] for name, row in rows()))


def _write_hdf(rows: Callable[[], Iterator[tuple[str, Row]]], columns: list[str], path: Path) -> None:
    write_hdf(path, rows, columns, strings={"text"}, index=INDEX)


def _write_rows(path: Path, header: list[str], rows: Iterable[Iterable[Any]]) -> None:
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else value
