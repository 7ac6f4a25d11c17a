"""Pages, written down: one writer a format, all of them `DocumentWriter`s.

    from ctpn_crnn.writers import open_writer

    with open_writer("hocr", "contract.hocr") as writer:
        writer.add(page)

Each format is imported when it is first asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ctpn_crnn.errors import ConfigError

if TYPE_CHECKING:
    from ctpn_crnn.writers.document import DocumentWriter, FileWriter
    from ctpn_crnn.writers.json_file import read_json, write_json
    from ctpn_crnn.writers.picture import draw_page, write_picture
    from ctpn_crnn.writers.text import write_text

__all__ = [
    "WRITERS",
    "DocumentWriter",
    "FileWriter",
    "draw_page",
    "open_writer",
    "read_json",
    "write_json",
    "write_picture",
    "write_text",
]

_HOME = {
    "DocumentWriter": "document",
    "FileWriter": "document",
    "draw_page": "picture",
    "read_json": "json_file",
    "write_json": "json_file",
    "write_picture": "picture",
    "write_text": "text",
}


class _Writers(Mapping[str, "type[DocumentWriter]"]):
    """Format name -> class of its writer, imported when it is looked up."""

    _HOMES = {
        "txt": ("text", "TextWriter"),
        "md": ("markdown", "MarkdownWriter"),
        "json": ("json_file", "JsonWriter"),
        "tsv": ("tsv", "TsvWriter"),
        "hocr": ("hocr", "HocrWriter"),
        "alto": ("alto", "AltoWriter"),
        "pdf": ("pdf", "PdfWriter"),
        "png": ("picture", "PictureWriter"),
    }

    def __getitem__(self, name: str) -> type[DocumentWriter]:
        module, attribute = self._HOMES[name]
        return getattr(import_module(f"{__name__}.{module}"), attribute)

    def __iter__(self) -> Iterator[str]:
        return iter(self._HOMES)

    def __len__(self) -> int:
        return len(self._HOMES)

    def __contains__(self, name: object) -> bool:
        return name in self._HOMES  # Mapping's own would import the writer


WRITERS: Mapping[str, type[DocumentWriter]] = _Writers()
"""The class of each format's writer: "txt", "md", "json", "tsv", "hocr", "alto", "pdf", "png"."""


def open_writer(format: str, path: str | os.PathLike[str], **options: Any) -> DocumentWriter:  # noqa: A002
    """A writer of one document.

    Args:
        format: A key of `WRITERS`.
        path: The file to write.
        options: Those of the format's class.

    Raises:
        ConfigError: There is no such format.
        OutputError: `path` cannot be written.
    """
    if format not in WRITERS:
        raise ConfigError(f"there is no format {format!r}; choose from {', '.join(WRITERS)}")
    return WRITERS[format](path, **options)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
