"""Text that may stand in a file: without characters that formats forbid, and as XML."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
"""All but the characters of XML 1.0 (section 2.2), without those that it discourages: DEL, C1, non-characters."""


def printable(text: str) -> str:
    """Return a text without control characters, lone surrogates and non-characters; tabs and line ends stay."""
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """Return the printable characters of a text, with one space for every run of white space."""
    return " ".join(printable(text).split())


def xml_text(text: str) -> str:
    """Return a text as it stands between XML tags."""
    return escape(printable(text))


def start_tag(name: str, /, **attributes: object) -> str:
    """Return an XML start tag.

    Args:
        name: Name of the element.
        attributes: Attributes in their order; those that are None are left out. In their names a trailing underscore
            is removed ("class_"), and a double one becomes a colon ("xml__lang").
    """
    given = ((key.rstrip("_").replace("__", ":"), value) for key, value in attributes.items() if value is not None)
    return "<" + " ".join([name, *(f"{key}={quoteattr(printable(str(value)))}" for key, value in given)]) + ">"


def empty_tag(name: str, /, **attributes: object) -> str:
    """Return an XML element without content; attributes are those of `start_tag`."""
    return start_tag(name, **attributes)[:-1] + "/>"
