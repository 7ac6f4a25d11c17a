"""Writers: a `Page` as a file, in one of several formats.

    from ctpn_crnn.writers import open_writer

    with open_writer("hocr", "contract.hocr") as writer:
        writer.add(page)

To add a format, write a module with one subclass of `DocumentWriter` (of `TextFileWriter` if the file is text) that
defines `suffix` and `_write_page`, and add a line to `_FORMATS`. The console command and the folder job take it from
there; the lists of formats in tests/writers/test_document.py name it too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.writers.document import DocumentWriter
from ctpn_crnn.writers.json_file import read_json

__all__ = ["WRITERS", "DocumentWriter", "open_writer", "read_json"]

_FORMATS = {
    "txt": "text.TextWriter",
    "md": "markdown.MarkdownWriter",
    "json": "json_file.JsonWriter",
    "tsv": "tsv.TsvWriter",
    "hocr": "hocr.HocrWriter",
    "alto": "alto.AltoWriter",
    "pdf": "pdf.PdfWriter",
    "docx": "docx.DocxWriter",
    "xlsx": "xlsx.XlsxWriter",
    "csv": "csv_file.CsvWriter",
    "png": "picture.PictureWriter",
}
"""Name of each format -> module and class of its writer."""


class _Writers(Mapping[str, type[DocumentWriter]]):
    """Name of each format -> class of its writer, which is imported when it is looked up."""

    def __getitem__(self, name: str) -> type[DocumentWriter]:
        module, writer = _FORMATS[name].split(".")
        return getattr(import_module(f"{__name__}.{module}"), writer)

    def __iter__(self) -> Iterator[str]:
        return iter(_FORMATS)

    def __len__(self) -> int:
        return len(_FORMATS)

    def __contains__(self, name: object) -> bool:
        return name in _FORMATS  # Mapping's own would import the writer


WRITERS: Mapping[str, type[DocumentWriter]] = _Writers()
"""The class of each format's writer, by the name of the format."""


def open_writer(format: str, path: str | os.PathLike[str], **options: Any) -> DocumentWriter:  # noqa: A002
    """Open a writer for one document.

    Args:
        format: A key of `WRITERS`.
        path: The file to write.
        options: Keyword arguments of the format's class.

    Raises:
        ConfigError: There is no such format.
        OutputError: `path` cannot be written.
    """
    if format not in WRITERS:
        raise ConfigError(f"there is no format {format!r}; choose from {', '.join(WRITERS)}")
    return WRITERS[format](path, **options)
