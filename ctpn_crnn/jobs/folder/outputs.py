"""The files of one document, in all formats."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.errors import CtpnCrnnError, DiskFullError
from ctpn_crnn.files import aside_prefix
from ctpn_crnn.jobs.folder.names import unnumbered
from ctpn_crnn.page import Page
from ctpn_crnn.writers import WRITERS, open_writer
from ctpn_crnn.writers.document import DocumentWriter

_LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?:[0-9a-f]{12}\.part|[0-9a-z_]{8}\.parts)")
"""What `written_aside` (a file) and `PdfWriter` (a folder) make beside the file of that name."""


def remove_leftovers(formats: Sequence[str], folder: Path, stems: Iterable[str]) -> None:
    """Remove what a run that was killed left beside the outputs of documents, and nothing else.

    Args:
        formats: Keys of `WRITERS`.
        folder: Of the outputs.
        stems: Their names without suffix.
    """
    if not formats:
        return
    suffixes = [WRITERS[name].suffix for name in formats]
    prefixes = {aside_prefix(stem + suffix) for stem in stems for suffix in suffixes}
    for path in folder.iterdir():
        found = _LEFTOVER.fullmatch(path.name)
        if found and aside_prefix(unnumbered(found["name"])) in prefixes:
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


class Outputs:
    """Writers of one document. One that fails is reported and left out, and the others go on unless the disk is full.

    Nothing appears under its name before `close`; leaving the `with` block without it discards everything.

    Args:
        formats: Keys of `WRITERS`.
        folder: Of the files.
        stem: Their name without suffix.
        options: Format -> options of its writer, where it has any.
        report: Called with what goes wrong.
    """

    def __init__(
        self,
        formats: Sequence[str],
        folder: Path,
        stem: str,
        options: Mapping[str, Mapping[str, Any]],
        report: Callable[[CtpnCrnnError], object],
    ) -> None:
        self._report = report
        self._writers: list[DocumentWriter] = []
        for name in formats:
            path = folder / (stem + WRITERS[name].suffix)
            try:
                self._writers.append(open_writer(name, path, **options.get(name, {})))
            except DiskFullError:
                self.discard()
                raise
            except CtpnCrnnError as error:
                report(error)

    def add(self, page: Page, image: np.ndarray) -> None:
        """Write a page."""
        self._each(lambda writer: writer.add(page, image))

    def close(self) -> None:
        """Complete all files."""
        self._each(lambda writer: writer.close())
        self._writers.clear()

    def discard(self) -> None:
        """Leave no file."""
        for writer in self._writers:
            writer.discard()
        self._writers.clear()

    def _each(self, action: Callable[[DocumentWriter], None]) -> None:
        for writer in list(self._writers):
            try:
                action(writer)
            except CtpnCrnnError as error:  # the writer has discarded what it wrote
                self._writers.remove(writer)
                if isinstance(error, DiskFullError):
                    raise
                self._report(error)
