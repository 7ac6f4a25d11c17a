"""Starts two worker processes, prints their process ids, and waits to be killed; run by test_worker_pool.py."""

from __future__ import annotations

import os
import signal
import threading

from ctpn_crnn.training.worker_pool import WorkerPool


def make(number: int) -> int:
    """The id of the process that makes the item; the first two items are made at the same time."""
    return os.getpid()


def open_maker():
    return make


if __name__ == "__main__":
    pool = WorkerPool(open_maker, processes=2)
    workers = {pool.fetch(number, 100) for number in range(20)}
    print(*workers, flush=True)
    signal.pause() if hasattr(signal, "pause") else threading.Event().wait()
