"""Plain text: the lines of a page in reading order, UTF-8."""

from __future__ import annotations

import os

from ctpn_crnn.files import write_bytes
from ctpn_crnn.page import Page


def write_text(page: Page, path: str | os.PathLike[str]) -> None:
    """Write the text of a page; an empty page gives an empty file.

    Raises:
        OutputError: `path` cannot be written.
    """
    text = page.text
    # A lone surrogate cannot come out of a charset, but a page may have been made by hand.
    write_bytes(path, (text + "\n" if text else "").encode("utf-8", errors="replace"))
