"""A document as JSON: everything known about it, exactly, each page in the form of `Page.to_dict`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.page import FORMAT_VERSION, Page
from ctpn_crnn.writers.utf8 import Utf8Writer


class JsonWriter(Utf8Writer):
    """A document as JSON: ``{"version": 1, "pages": [...]}``, one page a line of the file.

    docs/schema/document.schema.json and page.schema.json describe it; `read_json` reads it.
    """

    suffix: ClassVar[str] = ".json"
    encoding_errors: ClassVar[str] = "backslashreplace"  # a lone surrogate becomes what JSON itself calls it: \udc80

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        with self._discarding_on_error():
            self.file.write(f'{{"version": {FORMAT_VERSION}, "pages": [')

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        try:
            text = json.dumps(page.to_dict(), ensure_ascii=False, allow_nan=False)
        except ValueError as error:
            where = f"page {self.pages + 1} of {self.path}"
            raise OutputError(f"cannot write {where}: a number in it is not finite; mend the page") from error
        self.file.write((",\n" if self.pages else "\n") + text)

    def _finish(self) -> None:
        self.file.write("\n]}\n")
        super()._finish()


def write_json(page: Page, path: str | os.PathLike[str]) -> None:
    """Write one page with a `JsonWriter`; errors are its."""
    with JsonWriter(path) as writer:
        writer.add(page)


def read_json(path: str | os.PathLike[str]) -> list[Page]:
    """Read what a `JsonWriter` wrote, or the JSON of a single page.

    Raises:
        ConfigError: The file is missing, is not JSON, or is not a document or a page of this form.
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
