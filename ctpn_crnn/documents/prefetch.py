"""Work ahead in a thread: the next page is loaded or rendered while the current one is read."""

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
    """The result of the work on one item.

    Attributes:
        item: The item.
        value: What the work returned, or None when it failed.
        error: The exception that it raised, or None.
    """

    item: Item
    value: Value | None = None
    error: Exception | None = None

    def get(self) -> Value:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # None is a value too where the work returns it


def prefetch(items: Iterable[Item], work: Callable[[Item], Value], ahead: int = 1) -> Iterator[Outcome[Item, Value]]:
    """Work on items in a second thread, at most `ahead` items before they are asked for.

    Items are taken and worked on one at a time and in order. Where the work on an item fails, its outcome holds the
    error, and the other items follow. Where taking an item fails, that exception is raised after the outcomes of the
    items before it. To stop early, close the iterator or drop it: no further item is taken, the work in progress is
    awaited, and a generator given as `items` is closed.

    Example:
        >>> [outcome.get() for outcome in prefetch([1, 2, 3], lambda number: number * 10, ahead=2)]
        [10, 20, 30]

    Args:
        items: What to work on; with `ahead` > 0 it is iterated in the other thread.
        work: Item -> value. The thread pays where the work waits or releases Python's lock, as decoding and rendering
            of images do.
        ahead: Largest number of items taken before they are asked for, which bounds the memory. 0: nothing is done
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
    # Each `next` adds a place: the first one lets the thread take that item and `ahead` more.
    places = threading.Semaphore(ahead)
    stopped = threading.Event()
    done: queue.SimpleQueue[Outcome[Item, Value] | _End] = queue.SimpleQueue()

    def produce() -> None:
        error = None
        try:
            for outcome in _until(stopped, places, items, work):
                done.put(outcome)
        except BaseException as caught:  # noqa: BLE001 - raised again in the thread of the caller
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
            del outcome  # frees a page of pixels before the next one is awaited
    finally:
        stopped.set()
        places.release()
        thread.join()


def _until(
    stopped: threading.Event, places: threading.Semaphore, items: Iterable[Item], work: Callable[[Item], Value]
) -> Iterator[Outcome[Item, Value]]:
    """Yield outcomes, each once a place is free, until the items end or the caller stops."""
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
    except Exception as error:  # noqa: BLE001 - the error belongs to this item; the others must not be lost
        return Outcome(item, error=error)


def _close(items: Iterable) -> None:
    if inspect.isgenerator(items):
        items.close()
