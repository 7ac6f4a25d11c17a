"""Batches of training data for `fit`, made ahead by worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any, Protocol

import keras

from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.training.worker_pool import WorkerPool


class BatchMaker(Protocol):
    """Makes the batches of a training; picklable, and without Keras, so that worker processes stay small.

    Attributes:
        signature: A batch in which each array is replaced by (shape, dtype); None for a size that varies.
        smallest: Least number of samples of a batch.
    """

    signature: Any
    smallest: int

    def open(self) -> Callable[[int], tuple[Any, int]]:
        """Load fonts, texts and images.

        Returns:
            Number of a batch -> the batch as `fit` takes it, and how many samples were left out of it. The same number
            always gives the same batch.
        """
        ...

    def size(self, number: int) -> int:
        """Return the number of samples of a batch."""
        ...


class TrainingBatches(keras.utils.PyDataset):
    """Batches `first`, `first` + 1, ... of the endless, reproducible stream of a `BatchMaker`.

    A run that is resumed at step s takes the batches from number s on, and so sees what it would have seen. The number
    of processes does not change the batches. Call `close` at the end.

    Args:
        maker: Makes the batches.
        first: Number of the first batch.
        count: Batches in this data set.
        processes: Worker processes; 0 makes the batches in the calling process.

    Attributes:
        samples: Samples handed out.
        dropped: Samples left out since they cannot be learnt from.
        error: Error of this library that ended the stream; TensorFlow hides it in an error of its own.
    """

    def __init__(self, maker: BatchMaker, first: int, count: int, processes: int = 0) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=2)
        self.maker, self.first, self.count = maker, first, count
        self.samples = self.dropped = 0
        self.error: CtpnCrnnError | None = None
        self._pool = WorkerPool(maker.open, processes)

    @property
    def waited(self) -> float:
        """Seconds spent waiting for batches."""
        return self._pool.waited

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        number = self.first + index
        try:
            batch, dropped = self._pool.fetch(number, self.first + self.count)
        except CtpnCrnnError as error:
            self.error = error
            raise
        self.samples += self.maker.size(number)
        self.dropped += dropped
        return batch

    def as_input(self) -> Any:
        """Return what `fit` is to be given.

        Under TensorFlow it is a `tf.data.Dataset` that declares which sizes vary: Keras guesses the shapes of a
        PyDataset from its first two batches and refuses a later one of another size.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf

        def specify(node: Any) -> Any:
            if isinstance(node[1], str):
                return tf.TensorSpec(*node)
            return tuple(specify(part) for part in node)

        # A batch of inputs alone is a tuple of one.
        signature = tuple(specify(part) for part in self.maker.signature)
        return tf.data.Dataset.from_generator(self._generate, output_signature=signature).prefetch(2)

    def _generate(self) -> Iterator[Any]:
        for index in range(self.count):
            try:
                yield self[index]
            except CancelledError:
                return

    def close(self) -> None:
        """Stop the worker processes."""
        self._pool.close()
