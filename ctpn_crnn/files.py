"""Write files atomically: a reader sees the old file or the complete new one."""

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

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_HDF5_ERRNO = re.compile(r"errno = (\d+)")


@contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well, remove it when not.

    The temporary file lies in the same folder, so that the rename is atomic, and is flushed to disk before it. Where
    `path` is a symbolic link, the file that it points to is written and the link stays.

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
    """Give a new, open HDF5 file; it gets its name when the block ends well.

    Raises:
        OutputError: The folder is missing or cannot be written, the disk is full, or `path` is no file.
    """
    import h5py  # here: most of what writes files does without it

    with written_aside(path) as aside, hdf5_errors(path), h5py.File(aside, "w") as file:
        yield file


@contextmanager
def hdf5_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the RuntimeError that HDF5 raises where it cannot write into an OutputError.

    Args:
        path: The file, for the message.
    """
    try:
        yield
    except RuntimeError as error:
        if _HDF5_ERRNO.search(str(error)) is None:
            raise
        raise output_error(path, error) from error


def output_error(
    path: str | os.PathLike[str], error: Exception, advice: str = "check the folder's permissions and free space"
) -> OutputError:
    """Make the exception to raise where writing a file failed.

    Args:
        path: The file.
        error: What was raised: an OSError, or an error of HDF5, whose long message is reduced to its cause.
        advice: What the user can do.

    Returns:
        An OutputError; a DiskFullError where there is no room.
    """
    hdf5 = _HDF5_ERRNO.search(str(error))
    number = int(hdf5[1]) if hdf5 else getattr(error, "errno", None)
    reason = os.strerror(number) if hdf5 else getattr(error, "strerror", None) or str(error)
    kind = DiskFullError if number in _DISK_FULL else OutputError
    return kind(f"cannot write {path}: {reason}; {advice}")


def aside_prefix(name: str) -> str:
    """How the names of temporary files for a file of this name begin: ".NAME.", with a long name shortened."""
    return f".{name[:100]}."


def writable(path: str | os.PathLike[str]) -> Path:
    """Check, before the work begins, that a file can be written; returns it with symbolic links followed.

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
        OutputError: The folder is missing or cannot be written, the disk is full, or `path` is no file.
    """
    with written_aside(path) as aside:
        aside.write_bytes(data)


def _flush(path: Path) -> None:
    """Force the file's bytes to the disk: after a power cut the rename must not outlive the content."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
