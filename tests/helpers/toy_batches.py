"""Batches of three random numbers and their sum; worker processes import this, so Keras is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctpn_crnn.errors import DatasetError


@dataclass(frozen=True)
class ToyBatches:
    """Makes batches of four samples, as a `BatchMaker`; one sample is left out of each batch of an odd number.

    Attributes:
        damaged: Number of the batch that cannot be made; -1 for none.
        nan: Number of the batch whose sums are NaN; -1 for none.
    """

    damaged: int = -1
    nan: int = -1

    signature = (((None, 3), "float32"), ((None, 1), "float32"))
    smallest = 4

    def size(self, number):
        return 4

    def open(self):
        return self.make

    def make(self, number):
        if number == self.damaged:
            raise DatasetError(f"batch {number} is damaged")
        x = np.random.default_rng(number).normal(size=(4, 3)).astype(np.float32)
        y = x.sum(axis=1, keepdims=True)
        return (x, y * np.float32("nan") if number == self.nan else y), number % 2
