"""Malformed samples: raise the error, or skip the sample and collect the error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from ctpn_crnn.errors import ConfigError, DatasetError

OnError = Literal["raise", "skip"]
"""Argument of all readers of data sets."""

_logger = logging.getLogger(__name__)
_Item = TypeVar("_Item")
_Sample = TypeVar("_Sample")


def read_each(
    items: Iterable[_Item],
    read: Callable[[_Item], _Sample],
    on_error: OnError,
    skipped: list[DatasetError] | None = None,
) -> list[_Sample]:
    """Read samples one by one and raise or skip the errors of those that cannot be read.

    A sample is a line of a line list, but a whole page of a detection set: a page without one of its regions would
    teach a detector that there is nothing.

    Args:
        items: The items to read, such as the lines of a file.
        read: Turns an item into a sample, or raises `DatasetError`.
        on_error: "raise" raises the first error; "skip" logs each error as a warning and continues.
        skipped: Collects the errors that were skipped, if given.

    Returns:
        The samples that could be read, in their order.

    Raises:
        ConfigError: `on_error` is neither "raise" nor "skip".
        DatasetError: An item cannot be read, and `on_error` is "raise".
    """
    if on_error not in ("raise", "skip"):
        raise ConfigError(f"on_error must be 'raise' or 'skip', not {on_error!r}")
    samples = []
    for item in items:
        try:
            samples.append(read(item))
        except DatasetError as problem:
            if on_error == "raise":
                raise
            _logger.warning("skipped: %s", problem)
            if skipped is not None:
                skipped.append(problem)
    return samples
