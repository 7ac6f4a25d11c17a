"""A page as JSON: everything known about it, exactly, in the form of `Page.to_dict`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.files import write_bytes
from ctpn_crnn.page import Page


def write_json(page: Page, path: str | os.PathLike[str]) -> None:
    """Write a page as JSON (UTF-8, indented).

    Raises:
        OutputError: `path` cannot be written.
    """
    text = json.dumps(page.to_dict(), ensure_ascii=False, indent=1) + "\n"
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def read_json(path: str | os.PathLike[str]) -> Page:
    """Read what `write_json` wrote.

    Raises:
        ConfigError: The file is missing, is not JSON, or is not a page of this form.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as the JSON of a page: {error}") from error
    return Page.from_dict(data)
