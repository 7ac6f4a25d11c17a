"""Characters that may stand in a file, and the marks of XML."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

_CONTROLS = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
"""Everything outside the characters of XML 1.0 (section 2.2); also DEL, C1 controls and non-characters, which it
discourages."""


def printable(text: str) -> str:
    """Text without control characters, lone surrogates and non-characters; tab and line ends stay."""
    return _CONTROLS.sub("", text)


def one_line(text: str) -> str:
    """Printable text in which every run of white space is one space: nothing that could end a row or a cell."""
    return " ".join(printable(text).split())


def xml_text(text: str) -> str:
    """Text as it stands between XML tags."""
    return escape(printable(text))


def start_tag(name: str, /, **attributes: object) -> str:
    """A start tag.

    Args:
        name: The element's.
        attributes: In the order of the file; those that are None are left out. A trailing underscore is removed
            ("class_"), a double one becomes a colon ("xml__lang").
    """
    given = ((key.rstrip("_").replace("__", ":"), value) for key, value in attributes.items() if value is not None)
    return "<" + " ".join([name, *(f"{key}={quoteattr(printable(str(value)))}" for key, value in given)]) + ">"


def empty_tag(name: str, /, **attributes: object) -> str:
    """An element without content; attributes as for `start_tag`."""
    return start_tag(name, **attributes)[:-1] + "/>"
