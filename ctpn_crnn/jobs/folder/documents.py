"""The documents of a job: one for each file, in the order given."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ctpn_crnn.documents.sources import STDIN, sources
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.recognizer import Failure


@dataclass(frozen=True)
class Document:
    """A source document of one or more pages.

    Attributes:
        source: A path, "path#page=N" or "-" (standard input).
        key: Identifies it in a journal: its absolute path, with a number where a job is given it more than once. None
            for standard input, which cannot be recognised again.
    """

    source: str
    key: str | None

    @property
    def path(self) -> Path:
        """The file, without the number of a page."""
        return Path(self.source.partition("#page=")[0] if not os.path.exists(self.source) else self.source)

    @property
    def stem(self) -> str:
        """The preferred name of its outputs, without suffix."""
        if self.source == STDIN:
            return "stdin"
        number = self.page_number
        return (self.path.stem or "document") + (f"-p{number}" if number is not None else "")

    @property
    def page_number(self) -> int | None:
        """The number of the one page that it is of its file ("path#page=N"); None for all pages."""
        number = self.source[len(str(self.path)) :].removeprefix("#page=")
        return int(number) if number.isdecimal() else None

    def signature(self) -> list[int] | None:
        """The signature of its file, by which a change is noticed; None for standard input or a missing file."""
        return None if self.key is None else file_signature(self.path)


def file_signature(path: str | os.PathLike[str]) -> list[int] | None:
    """Size (bytes) and modification time (ns) of a file; None where there is no such file."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return [state.st_size, state.st_mtime_ns]


def expand(given: Iterable[str]) -> tuple[list[Document], list[Failure]]:
    """List the documents among files, folders and patterns.

    Args:
        given: Paths of files and folders, patterns, "path#page=N", or "-".

    Returns:
        The documents in order, and the failures: what cannot be listed, such as a folder without permission.
    """
    documents: list[Document] = []
    failures: list[Failure] = []
    seen: Counter[str] = Counter()
    for one in given:
        try:
            for source in map(str, sources(one)):
                documents.append(_document(source, seen))
        except CtpnCrnnError as error:
            failures.append(Failure(str(one), error))
    return documents, failures


def _document(source: str, seen: Counter[str]) -> Document:
    if source == STDIN:
        return Document(source, None)
    key = os.path.abspath(source)
    seen[key] += 1
    return Document(source, key if seen[key] == 1 else f"{key} ({seen[key]})")
