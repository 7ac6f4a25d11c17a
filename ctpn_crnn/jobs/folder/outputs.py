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
from ctpn_crnn.page import Page
from ctpn_crnn.writers import WRITERS, open_writer
from ctpn_crnn.writers.document import DocumentWriter

_LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?:[0-9a-f]{12}\.part|[0-9a-z_]{8}\.parts)")
"""Names of the temporary file of `written_aside` and of the temporary folder of `PdfWriter`."""


def without_page_number(path: Path) -> Path:
    """The picture of a page as it would be named if it were the only one: "a-ocr-12.png" -> "a-ocr.png"."""
    name = re.sub(r"(-ocr)-\d+(?=\.png$)", r"\1", path.name)
    return path.with_name(name) if name else path


def remove_leftovers(formats: Sequence[str], folder: Path, stems: Iterable[str]) -> None:
    """Remove the temporary files that a killed run left beside the outputs of documents, and nothing else.

    Args:
        formats: Keys of `WRITERS`.
        folder: Of the outputs.
        stems: The names of the outputs, without suffix.
    """
    if not formats:
        return
    suffixes = [WRITERS[name].suffix for name in formats]
    prefixes = {aside_prefix(stem + suffix) for stem in stems for suffix in suffixes}
    for path in folder.iterdir():
        found = _LEFTOVER.fullmatch(path.name)
        if found and aside_prefix(without_page_number(Path(found["name"])).name) in prefixes:
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


class Outputs:
    """The writers of one document. One that fails is reported and dropped; the others continue unless the disk is full.

    No file appears under its name before `close`.

    Args:
        formats: Keys of `WRITERS`.
        folder: Of the files.
        stem: Their name without suffix.
        options: Format -> options of its writer.
        report: Called with each error.
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
