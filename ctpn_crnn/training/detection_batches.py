"""Batches of CTPN training crops for `fit`, made ahead by worker processes."""

from __future__ import annotations

import collections
import multiprocessing
import signal
import time
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import cv2
import keras
import numpy as np

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training.detection_samples import CropSampler

Batch = tuple[tuple[np.ndarray, np.ndarray]]


class DetectionBatches(keras.utils.PyDataset):
    """Batches `first_batch`, `first_batch` + 1, ... of an endless, reproducible stream of crops.

    Batch number b holds the crops b * batch_size and on, whoever makes them and wherever the stream was entered, so a
    training that resumes at step s with `first_batch=s` sees exactly what it would have seen.

    The processes are started afresh (not forked, which is unsafe once TensorFlow runs its threads) and import neither
    Keras nor TensorFlow. Call `close` at the end.

    Args:
        sampler: makes the crops.
        batch_size: crops a batch.
        batches: batches in this data set.
        first_batch: number of the first one.
        processes: worker processes; 0 makes the crops in the calling process.
        ahead: batches that are made ahead.

    Attributes:
        waited: seconds that callers have waited for crops so far.

    Raises:
        ConfigError: a number that makes no sense.
    """

    def __init__(
        self,
        sampler: CropSampler,
        batch_size: int,
        batches: int,
        first_batch: int = 0,
        processes: int = 0,
        ahead: int = 4,
        **kwargs: Any,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False, **kwargs)
        for name, value, least in (("batch_size", batch_size, 1), ("batches", batches, 1), ("processes", processes, 0)):
            if value < least:
                raise ConfigError(f"DetectionBatches({name}={value}): give at least {least}.")
        self.sampler = sampler
        self.batch_size = batch_size
        self.batches = batches
        self.first_batch = first_batch
        self.processes = processes
        self.ahead = max(ahead, 1)
        self.waited = 0.0
        self._pool: ProcessPoolExecutor | None = None
        self._coming: collections.OrderedDict[int, Future] = collections.OrderedDict()

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> Batch:
        """Return `((images, strips),)`: uint8 (batch, size, size, 3) RGB, float32 (batch, M, 7)."""
        began = time.perf_counter()
        made = self._make(index) if self.processes == 0 else self._fetch(index)
        self.waited += time.perf_counter() - began
        return (made,)

    def close(self) -> None:
        """Stop the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        self._coming.clear()

    def _make(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return self.sampler.batch((self.first_batch + index) * self.batch_size, self.batch_size)

    def _fetch(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Take a batch from the workers, and have the next ones begun."""
        pool = self._started_pool()
        for number in range(index, min(index + self.ahead, self.batches)):
            if number not in self._coming:
                first = (self.first_batch + number) * self.batch_size
                self._coming[number] = pool.submit(_worker_batch, first, self.batch_size)
        made = self._coming.pop(index).result()
        for number in [n for n in self._coming if not index < n < index + self.ahead]:
            self._coming.pop(number).cancel()
        return made

    def _started_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_worker,
                initargs=(self.sampler,),
            )
        return self._pool


_worker_sampler: CropSampler | None = None


def _start_worker(sampler: CropSampler) -> None:
    """Keep the sampler in the worker process, and leave the other cores and Ctrl-C to the parent."""
    global _worker_sampler
    _worker_sampler = sampler
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _worker_batch(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    return _worker_sampler.batch(first, count)
