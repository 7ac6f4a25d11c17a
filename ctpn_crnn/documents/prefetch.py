"""Doing a thing ahead: the next page is loaded or rendered while the present one is read."""

from __future__ import annotations

import inspect
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from ctpn_crnn.errors import ConfigError

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Outcome(Generic[Item, Value]):
    """What became of one item.

    Attributes:
        item: The item.
        value: What the work gave, or None when it failed.
        error: Why it failed, or None.
    """

    item: Item
    value: Value | None = None
    error: Exception | None = None

    def get(self) -> Value:
        """The value; raises the error when there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # None is a value too when the work gives it


def prefetch(items: Iterable[Item], work: Callable[[Item], Value], ahead: int = 1) -> Iterator[Outcome[Item, Value]]:
    """Do some work on each item, in one thread beside the caller's and at most `ahead` items before it is asked for.

    Items are taken and worked on one at a time and in order. An item whose work fails gives an outcome with the error,
    in its place, and the others go on. When taking an item fails, that exception is raised after the outcomes of the
    items before it. To stop early, close the iterator (or let go of it): no further item is taken, the item in work is
    waited for, and a generator given as `items` is closed.

    Example:
        >>> [outcome.get() for outcome in prefetch([1, 2, 3], lambda number: number * 10, ahead=2)]
        [10, 20, 30]

    Args:
        items: What to work on; with `ahead` > 0 it is iterated in the other thread.
        work: Item -> value. It gains from the thread when it waits or leaves Python's lock, as decoding and rendering
            images do.
        ahead: The largest number of items taken before they are asked for, which bounds the memory. 0: nothing is done
            ahead, and no thread is started.

    Yields:
        Outcomes in the order of the items.

    Raises:
        ConfigError: `ahead` is negative.
    """
    if ahead < 0:
        raise ConfigError(f"the number of pages to load ahead must be 0 or more, not {ahead}")
    return _ahead(items, work, ahead) if ahead else _one_by_one(items, work)


def _one_by_one(items: Iterable[Item], work: Callable[[Item], Value]) -> Iterator[Outcome[Item, Value]]:
    try:
        for item in items:
            yield _outcome(item, work)
    finally:
        _close(items)


def _ahead(items: Iterable[Item], work: Callable[[Item], Value], ahead: int) -> Iterator[Outcome[Item, Value]]:
    # What is asked for now counts as well: the first `next` lets the thread take that item and `ahead` more.
    places = threading.Semaphore(ahead)
    stopped = threading.Event()
    done: queue.SimpleQueue[Outcome[Item, Value] | _End] = queue.SimpleQueue()

    def produce() -> None:
        error = None
        try:
            for outcome in _until(stopped, places, items, work):
                done.put(outcome)
        except BaseException as caught:  # noqa: BLE001 - it is raised where the items are asked for
            error = caught
        finally:
            _close(items)
            done.put(_End(error))

    thread = threading.Thread(target=produce, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            places.release()
            outcome = done.get()
            if isinstance(outcome, _End):
                if outcome.error is not None:
                    raise outcome.error
                return
            yield outcome
            del outcome  # a page of pixels: not kept while the next one is waited for
    finally:
        stopped.set()
        places.release()
        thread.join()


def _until(
    stopped: threading.Event, places: threading.Semaphore, items: Iterable[Item], work: Callable[[Item], Value]
) -> Iterator[Outcome[Item, Value]]:
    """Outcomes, each after a place for it is free, until the items end or the caller stops."""
    iterator = iter(items)
    while True:
        places.acquire()
        if stopped.is_set():
            return
        try:
            item = next(iterator)
        except StopIteration:
            return
        yield _outcome(item, work)


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def _outcome(item: Item, work: Callable[[Item], Value]) -> Outcome[Item, Value]:
    try:
        return Outcome(item, value=work(item))
    except Exception as error:  # noqa: BLE001 - belongs to this item; the others must not be lost
        return Outcome(item, error=error)


def _close(items: Iterable) -> None:
    if inspect.isgenerator(items):
        items.close()
