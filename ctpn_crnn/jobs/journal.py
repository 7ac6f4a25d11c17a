"""The journal of a job: what it has done so far, so that an interrupted job can continue."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from ctpn_crnn.errors import OutputError
from ctpn_crnn.files import output_error

try:
    import fcntl
except ImportError:  # Windows: nothing prevents two jobs from writing the same output
    fcntl = None  # type: ignore[assignment]

_FORMAT = "ctpn_crnn batch journal"
_VERSION = 1


class Journal:
    """An append-only file of JSON objects, one a line; a context manager, which closes the file.

    A record counts when its line is complete. A half-written last line, which a killed job may leave, is dropped.
    Other lines that are no JSON objects are ignored.

    Args:
        path: The file. Its folder must exist. An existing journal is continued.
        settings: What all records depend on, by the names that a user knows; JSON types. They are kept in the first
            line, and must be the same when the journal is continued. None: there is no such line.

    Raises:
        OutputError: The file cannot be written, is in use, is not a journal, or belongs to a job with other settings.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self._file = _open_locked(path)
        self._start = self._end = 0
        try:
            if settings is not None:
                self._start = self._begin(json.loads(json.dumps(settings)))
            self._end = self._end_of_last_line()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record; it is in the hands of the operating system when this returns.

        Raises:
            OutputError: It could not be written. The journal is as it was before.
        """
        line = _encode(record)
        try:
            self._file.truncate(self._end)  # removes a half-written line
            self._file.seek(self._end)
            written = 0
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)
            raise output_error(
                self.path,
                error,
                "what was done so far is kept in it: make room, and run the same command again to go on",
            ) from error
        self._end += len(line)

    def records(self) -> Iterator[dict[str, Any]]:
        """All records in their order, read from the file one at a time."""
        with open(self.path, "rb") as file:
            file.seek(self._start)
            yield from (record for record in map(_decode, file) if record is not None)

    def close(self) -> None:
        """Close the file and keep it; an empty one is removed."""
        if not self._file.closed and os.fstat(self._file.fileno()).st_size == 0:
            self.remove()
        self._file.close()

    def remove(self) -> None:
        """Delete the file: it is no longer needed."""
        if fcntl is None:
            self._file.close()  # Windows deletes no open file
        with suppress(OSError):
            self.path.unlink()
        self._file.close()

    def _begin(self, settings: dict[str, Any]) -> int:
        """Check the first line, or write it where the file is new; returns where it ends."""
        line = _encode({"format": _FORMAT, "version": _VERSION, "settings": settings})
        with open(self.path, "rb") as file:
            present = file.readline()
        if line.startswith(present) and present != line:  # a new file, or one whose first line is half-written
            self.append({"format": _FORMAT, "version": _VERSION, "settings": settings})
            return self._end
        heading = _decode(present) or {}
        before = heading.get("settings")
        if heading.get("format") != _FORMAT or heading.get("version") != _VERSION or not isinstance(before, dict):
            raise OutputError(
                f"{self.path} is in the way: it is no journal of this version; move it, or choose another output"
            )
        changed = sorted(name for name in {*before, *settings} if before.get(name) != settings.get(name))
        if changed:
            raise OutputError(
                f"{self.path} is of an interrupted run with another {', '.join(changed)}; give what it was begun with "
                "to go on, or delete the file to begin anew"
            )
        return len(present)

    def _end_of_last_line(self) -> int:
        with open(self.path, "rb") as file:
            return sum(len(line) for line in file if line.endswith(b"\n"))


def _open_locked(path: Path) -> FileIO:
    """Open a file for reading and writing without emptying it, and keep other processes from doing the same."""
    try:
        # Unbuffered, so that closing the file has nothing left to write.
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+")
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"cannot write the journal {path}: {reason}; choose an output in a folder that you can write"
        ) from error
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise OutputError(f"{path} is in use: another run writes the same output; wait for it") from None
        except OSError:
            pass  # a file system without locks
    return file


def _encode(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _decode(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None when the line is incomplete or holds something else."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
