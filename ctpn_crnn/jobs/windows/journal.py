"""What a run has done so far, kept beside its output: an interrupted run goes on from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from ctpn_crnn.errors import OutputError

try:
    import fcntl
except ImportError:  # not on Windows: two runs into one output are then the user's to avoid
    fcntl = None  # type: ignore[assignment]

Row = list[Any]
"""A row of the table without the file name: window, class probabilities, and with a reader text and confidence."""

_FORMAT = "ctpn_crnn batch journal"
_VERSION = 1


class Journal:
    """A file of JSON lines: a heading, then one line for each image that is finished, read or not.

    A context manager, which closes it. A line counts when it is whole: what a kill left half-written is dropped when
    the journal is opened again.

    Args:
        path: The journal. Its folder must exist. If it is there already, it is continued.
        settings: What the results depend on, by name; JSON types. Must be those that the journal was begun with.

    Attributes:
        done: Names of the images that are finished.

    Raises:
        OutputError: The file cannot be written, is no journal, is of a run with other settings, or is in use.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self.done: set[str] = set()
        try:
            self._file = _open(path)
        except OutputError:
            raise
        except OSError as error:
            reason = error.strerror or error
            raise OutputError(
                f"cannot write {path}: {reason}; choose an output in a folder that you can write"
            ) from error
        try:
            self._end = self._continue(json.loads(json.dumps(settings)))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def add(self, name: str, rows: Sequence[Row]) -> None:
        """Note the windows of an image; the line is out of this process's hands when this returns.

        Raises:
            OutputError: It could not be written. The journal is as it was before.
        """
        self._append(_line({"image": name, "rows": rows}))
        self.done.add(name)

    def add_failure(self, name: str, error: str) -> None:
        """Note why an image could not be done.

        Raises:
            OutputError: As for `add`.
        """
        self._append(_line({"image": name, "error": error}))
        self.done.add(name)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(image, row) of all windows, an image at a time in memory."""
        for record in self._records():
            for row in record.get("rows", ()):
                yield record["image"], row

    def failures(self) -> Iterator[tuple[str, str]]:
        """(image, reason) of the images that could not be done."""
        return ((record["image"], record["error"]) for record in self._records() if "error" in record)

    def remove(self) -> None:
        """Delete the journal: the output is complete."""
        with suppress(OSError):
            self.path.unlink()
        self.close()

    def close(self) -> None:
        """Close the file; it stays where it is."""
        self._file.close()

    def _continue(self, settings: dict[str, Any]) -> int:
        """Read what is there, or write the heading; returns where the last whole line ends."""
        begin = _line({"format": _FORMAT, "version": _VERSION, "settings": settings})
        with open(self.path, "rb") as file:
            heading = file.readline()
            if begin.startswith(heading) and heading != begin:  # nothing yet, or killed while writing the heading
                self._end = 0
                self._append(begin)
                return self._end
            self._check_heading(heading, settings)
            end = len(heading)
            for line in file:
                record = _parsed(line)
                if record is None:
                    break
                self.done.add(record["image"])
                end += len(line)
        return end

    def _check_heading(self, line: bytes, settings: dict[str, Any]) -> None:
        try:
            heading = json.loads(line)
            known = heading["format"] == _FORMAT and heading["version"] == _VERSION
            before = dict(heading["settings"])
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            raise self._foreign()
        changed = sorted(name for name in {*before, *settings} if before.get(name) != settings.get(name))
        if changed:
            raise OutputError(
                f"{self.path} is of an interrupted run with another {', '.join(changed)}; give what it was begun with "
                "to go on, or delete the file to begin anew"
            )

    def _foreign(self) -> OutputError:
        return OutputError(
            f"{self.path} is in the way: it is no journal of this version; move it, or choose another output"
        )

    def _append(self, line: bytes) -> None:
        try:
            # What lies behind the last whole line goes: half a line of a run that was killed.
            self._file.truncate(self._end)
            self._file.seek(self._end)
            written = 0
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._end)
            reason = error.strerror or error
            raise OutputError(
                f"cannot write {self.path}: {reason}; what was done so far is kept in it: make room, and run the same "
                "command again to go on"
            ) from error
        self._end += len(line)

    def _records(self) -> Iterator[dict[str, Any]]:
        with open(self.path, "rb") as file:
            next(file)
            yield from (record for record in map(_parsed, file) if record is not None)


def _open(path: Path) -> FileIO:
    """Open for reading and writing without emptying it, and keep other runs out."""
    # Unbuffered: nothing is left to be written, or to fail, when the file is closed.
    file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+")
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise OutputError(f"{path} is in use: another run writes the same output; wait for it") from None
        except OSError:
            pass  # a file system without locks
    return file


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None when it is not whole."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("image"), str) else None
