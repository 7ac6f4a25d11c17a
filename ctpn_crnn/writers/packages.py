"""Packages that only some formats need, and that are not imported before."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from ctpn_crnn.errors import ConfigError


class Package(NamedTuple):
    """A package that a format needs.

    Attributes:
        module: What is imported.
        name: What pip installs.
        files: What is written with it.
    """

    module: str
    name: str
    files: str

    def load(self) -> Any:
        """Import the package.

        Raises:
            ConfigError: It is not installed.
        """
        try:
            return importlib.import_module(self.module)
        except ImportError as error:
            raise ConfigError(f"writing {self.files} needs {self.name}: pip install {self.name}") from error


DOCX = Package("docx", "python-docx", "Word files")
OPENPYXL = Package("openpyxl", "openpyxl", "Excel files")
PIKEPDF = Package("pikepdf", "pikepdf", "PDFs")
IMG2PDF = Package("img2pdf", "img2pdf", "PDFs of images")
