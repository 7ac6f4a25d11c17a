"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ctpn_crnn.errors import DiskFullError, OutputError

if TYPE_CHECKING:
    import h5py

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_HDF5_ERRNO = re.compile(r"errno = (\d+)")


@contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well, remove it when not.

    The temporary file lies in the same folder, so that the rename is atomic, and is flushed to disk before it. Of a
    symbolic link the file that it points at is written, and the link stays.

    Args:
        path: The file to write. Its folder must exist.

    Yields:
        The path to write to. It does not exist yet.

    Raises:
        OutputError: The folder is missing or cannot be written, the disk is full, or `path` is no file.
    """
    target = writable(path)
    aside = target.with_name(f"{aside_prefix(target.name)}{secrets.token_hex(6)}.part")
    try:
        yield aside
        _flush(aside)
        os.replace(aside, target)
    except OutputError:
        raise
    except OSError as error:
        raise output_error(target, error) from error
    finally:
        with suppress(OSError):
            aside.unlink()


@contextmanager
def hdf5_written_aside(path: str | os.PathLike[str]) -> Iterator[h5py.File]:
    """Give a new HDF5 file, open, that gets its name as `written_aside` does it; errors are its too."""
    import h5py  # here: most of what writes files does without it

    with written_aside(path) as aside:
        try:
            with h5py.File(aside, "w") as file:
                yield file
        except RuntimeError as error:  # HDF5, of a disk that is full when the file is closed
            if _HDF5_ERRNO.search(str(error)) is None:
                raise
            raise output_error(path, error) from error


def output_error(path: str | os.PathLike[str], error: Exception) -> OutputError:
    """What to raise of an error while `path` was written: one sentence, also of the paragraphs that HDF5 makes."""
    told = _HDF5_ERRNO.search(str(error))
    number = int(told[1]) if told else getattr(error, "errno", None)
    reason = os.strerror(number) if told else getattr(error, "strerror", None) or str(error)
    kind = DiskFullError if number in _NO_ROOM else OutputError
    return kind(f"cannot write {path}: {reason}; check the folder's permissions and free space")


def aside_prefix(name: str) -> str:
    """What the names begin with of what is written aside for a file of this name, which may be long: ".NAME."."""
    return f".{name[:100]}."


def writable(path: str | os.PathLike[str]) -> Path:
    """The file that writing to `path` makes or replaces, links followed; to fail before the work rather than after it.

    Raises:
        OutputError: Its folder does not exist, or `path` is a folder, a device or a pipe.
    """
    if os.path.isdir(path):  # unlike Path.is_dir, also False for names that no file can have
        raise OutputError(f"cannot write {path}: it is a folder; give a file name")
    if os.path.exists(path) and not os.path.isfile(path):  # replacing /dev/null would harm the whole machine
        raise OutputError(f"cannot write {path}: it is a device or a pipe; give a file name")
    target = Path(os.path.realpath(path) if os.path.islink(path) else path)
    if not os.path.isdir(target.parent):
        raise OutputError(f"cannot write {path}: the folder {target.parent} does not exist; make it first")
    return target


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` atomically.

    Raises:
        OutputError: See `written_aside`.
    """
    with written_aside(path) as aside:
        aside.write_bytes(data)


def _flush(path: Path) -> None:
    """Force the file's bytes to the disk: after a power cut the rename must not outlive the content."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
