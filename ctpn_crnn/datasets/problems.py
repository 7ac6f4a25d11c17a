"""What becomes of a malformed sample: raised, or skipped and remembered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from ctpn_crnn.errors import ConfigError, DatasetError

OnError = Literal["raise", "skip"]
"""What the readers of this room take as ``on_error``."""

_logger = logging.getLogger(__name__)
_Item = TypeVar("_Item")
_Sample = TypeVar("_Sample")


def read_each(
    items: Iterable[_Item],
    read: Callable[[_Item], _Sample],
    on_error: OnError,
    skipped: list[DatasetError] | None = None,
) -> list[_Sample]:
    """Read samples one at a time and deal with those that cannot be read.

    The unit that is skipped is a sample: a line of a line list, but a whole page of a detection set, because a page
    that lost one of its regions would teach a detector that there is nothing there.

    Args:
        items: What `read` turns into samples.
        read: Returns a sample or raises `DatasetError`.
        on_error: "raise" passes the first problem on; "skip" logs each as a warning and goes on.
        skipped: A list that collects the problems that were skipped, or None.

    Returns:
        The samples that could be read, in order.

    Raises:
        ConfigError: `on_error` is neither of the two.
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
