"""JSON: everything that is known of a document, without rounding."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.page import FORMAT_VERSION, Page
from ctpn_crnn.writers.document import TextFileWriter


class JsonWriter(TextFileWriter):
    """A document as JSON: ``{"version": 1, "pages": [...]}``, with each page on a line of its own.

    Pages have the form of `Page.to_dict`. docs/schema/ describes the form; `read_json` reads it.
    """

    suffix: ClassVar[str] = ".json"
    encoding_errors: ClassVar[str] = "backslashreplace"  # a lone surrogate becomes an escape of JSON, such as \udc80

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        with self._discarding_on_error():
            self.file.write(f'{{"version": {FORMAT_VERSION}, "pages": [')

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        try:
            text = json.dumps(page.to_dict(), ensure_ascii=False, allow_nan=False)
        except ValueError as error:
            where = f"page {self.pages + 1} of {self.path}"
            raise OutputError(f"cannot write {where}: a number in it is not finite; correct the page") from error
        self.file.write((",\n" if self.pages else "\n") + text)

    def _finish(self) -> None:
        self.file.write("\n]}\n")
        super()._finish()


def read_json(path: str | os.PathLike[str]) -> list[Page]:
    """Read the pages of a file that a `JsonWriter` wrote, or of one that holds the dictionary of a single page.

    Raises:
        ConfigError: The file is missing, is not JSON, or does not have this form.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as the JSON of pages: {error}") from error
    if not isinstance(data, dict) or "pages" not in data:
        return [Page.from_dict(data)]
    return [Page.from_dict(page) for page in _pages_of(data, path)]


def _pages_of(data: dict[str, Any], path: str | os.PathLike[str]) -> list[Any]:
    if data.get("version") != FORMAT_VERSION:
        version = data.get("version")
        raise ConfigError(f"{path} has form version {version!r}; this release reads version {FORMAT_VERSION}")
    if not isinstance(data["pages"], list):
        raise ConfigError(f"'pages' of {path} must be a list, not {type(data['pages']).__name__}")
    return data["pages"]
