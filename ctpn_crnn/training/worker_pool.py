"""Worker processes that make numbered items ahead of their use.

Workers import neither Keras nor TensorFlow, and leave by themselves when the process that started them is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any

import cv2

from ctpn_crnn.training.options import TrainingError

Maker = Callable[[int], Any]
"""Makes the item of a number; the same number always gives the same item."""


class WorkerPool:
    """Makes items 0, 1, 2, ... in worker processes, a few of them ahead of the one asked for.

    Args:
        open_maker: Loads what making items needs; called once in each process. It must be picklable.
        processes: Worker processes; 0 makes the items in the calling process.
        ahead: Items begun ahead.

    Attributes:
        waited: Seconds that `fetch` has waited for items.
    """

    def __init__(self, open_maker: Callable[[], Maker], processes: int, ahead: int = 4) -> None:
        self.waited = 0.0
        self._open_maker = open_maker
        self._ahead = max(ahead, 2 * processes)
        self._coming: dict[int, Future] = {}
        self._local: Maker | None = None
        self._executor: ProcessPoolExecutor | None = None
        if processes:
            # Spawned, not forked: the threads of TensorFlow do not survive a fork.
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(processes, context, _start_worker, (open_maker,))

    def fetch(self, number: int, count: int) -> Any:
        """Return an item, and have the next ones begun.

        Args:
            number: Of the item.
            count: Items in all; none is begun from this number on.

        Raises:
            TrainingError: A worker process has died.
        """
        began = time.perf_counter()
        try:
            if self._executor is None:
                self._local = self._local or self._open_maker()
                return self._local(number)
            for wanted in range(number, min(number + self._ahead, count)):
                if wanted not in self._coming:
                    self._coming[wanted] = self._executor.submit(_make_item, wanted)
            for passed in [n for n in self._coming if n < number]:
                self._coming.pop(passed).cancel()
            return self._coming[number].result()
        except BrokenProcessPool as error:
            raise TrainingError(
                "A process that makes training batches has died, perhaps for want of memory: try fewer --processes."
            ) from error
        finally:
            self.waited += time.perf_counter() - began

    def close(self) -> None:
        """Stop the worker processes."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)


_make: Maker | None = None  # A process pool has no other place for what its workers keep.


def _start_worker(open_maker: Callable[[], Maker]) -> None:
    """Prepare a worker process: load the maker, and leave Ctrl-C and the other cores to the parent."""
    global _make
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    try:
        _make = open_maker()
    except Exception as error:  # reported with the first item: an error here would only break the pool
        failure = error

        def fail(number: int) -> Any:
            raise failure

        _make = fail


def _leave_with_parent() -> None:
    """End this process when its parent has ended, however that came about."""
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def _make_item(number: int) -> Any:
    return _make(number)
