"""Writers whose document is text."""

from __future__ import annotations

import os
from typing import ClassVar, TextIO

from ctpn_crnn.writers.document import FileWriter


class Utf8Writer(FileWriter):
    """A document that is UTF-8 text with Unix line ends; a subclass writes to `self.file`.

    Attributes:
        file: The open file.
    """

    encoding_errors: ClassVar[str] = "replace"
    """What becomes of lone surrogates: no charset has them, but a page may have been made by hand."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        with self._discarding_on_error():
            self.file: TextIO = self.resources.enter_context(
                open(self.aside, "w", encoding="utf-8", errors=self.encoding_errors, newline="\n")
            )
