"""The files of one document, in all formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.page import Page
from ctpn_crnn.writers import WRITERS, open_writer
from ctpn_crnn.writers.document import DocumentWriter


class Outputs:
    """Writers of one document. One that fails is reported and left out; the others go on.

    Nothing appears under its name before `close`; leaving the `with` block without it discards everything.

    Args:
        formats: Keys of `WRITERS`.
        folder: Of the files.
        stem: Their name without suffix.
        dpi: Pixels an inch of the first page, or None; for formats that have a paper size.
        report: Called with what goes wrong.
        flow: Of the text in "txt", see `TextWriter`.
    """

    def __init__(
        self,
        formats: Sequence[str],
        folder: Path,
        stem: str,
        dpi: float | None,
        report: Callable[[CtpnCrnnError], object],
        flow: str = "lines",
    ) -> None:
        self._report = report
        self._writers: list[DocumentWriter] = []
        for name in formats:
            options = {"dpi": dpi} if name == "pdf" and dpi else {"flow": flow} if name == "txt" else {}
            try:
                self._writers.append(open_writer(name, folder / (stem + WRITERS[name].suffix), **options))
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
                self._report(error)
