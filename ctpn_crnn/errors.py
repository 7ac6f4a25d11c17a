"""The errors that a user can cause. Each message says what is wrong, where, and what to do."""

from __future__ import annotations

import re


class CtpnCrnnError(Exception):
    """Base of all errors of this library: catch this one to catch them all."""


class ImageError(CtpnCrnnError, ValueError):
    """The source is missing, is not an image, is damaged, or is too large."""


class DatasetError(CtpnCrnnError, ValueError):
    """A ground-truth file is missing or malformed; the message names file and line."""


class WeightsError(CtpnCrnnError, ValueError):
    """A weights file is missing, damaged, or belongs to another network or charset."""


class CharsetError(CtpnCrnnError, ValueError):
    """A charset file is malformed, or a text holds a character that the charset lacks."""


class OutputError(CtpnCrnnError, OSError):
    """A result could not be written."""


class DiskFullError(OutputError):
    """The disk is full or a quota is used up, so that no further result can be written either."""


class SynthesisError(CtpnCrnnError, RuntimeError):
    """Training images cannot be rendered, for example because no font covers the text."""


class ConfigError(CtpnCrnnError, ValueError):
    """An argument has a value that makes no sense; the message names it and the values allowed."""


class DependencyError(CtpnCrnnError, ImportError):
    """A package that this library cannot do without is missing or broken; the message says what to install."""


def with_name(name: str, message: object) -> str:
    """Put the name of a file before a message, unless the message contains it."""
    if not name or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(message)):
        return str(message)
    return f"{name}: {message}"
