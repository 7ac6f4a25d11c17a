from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from toy_batches import ToyBatches

from ctpn_crnn.errors import DatasetError
from ctpn_crnn.training.options import TrainingError
from ctpn_crnn.training.worker_pool import WorkerPool

PROGRAM = Path(__file__).with_name("worker_pool_program.py")


def open_squares():
    return partial(pow, exp=2)


def open_nothing():
    raise DatasetError("no fonts")


def open_deaths():
    return os._exit


def test_items_are_those_of_their_numbers_in_any_order():
    pools = WorkerPool(open_squares, 0), WorkerPool(open_squares, 2)
    try:
        for pool in pools:
            assert [pool.fetch(number, 9) for number in (3, 4, 3, 8)] == [9, 16, 9, 64]
            assert pool.waited > 0
    finally:
        pools[1].close()


def test_what_a_worker_cannot_load_or_make_is_reported():
    for open_maker, number, message in ((open_nothing, 0, "no fonts"), (ToyBatches(damaged=1).open, 1, "batch 1")):
        pool = WorkerPool(open_maker, 1)
        try:
            with pytest.raises(DatasetError, match=message):
                pool.fetch(number, 4)
        finally:
            pool.close()


def test_a_worker_that_dies_is_a_clear_error():
    pool = WorkerPool(open_deaths, 1)
    try:
        with pytest.raises(TrainingError, match="--processes"):
            pool.fetch(3, 4)
    finally:
        pool.close()


def test_workers_import_no_framework():
    modules = ("line_batches", "crop_batches", "worker_pool")
    code = f"import sys, {', '.join(f'ctpn_crnn.training.{module}' for module in modules)}"
    check = f"{code}; sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_trainer_leaves_no_worker_processes():
    """The workers inherit the trainer's output: it ends when the last of them has left."""
    process = subprocess.Popen([sys.executable, str(PROGRAM)], stdout=subprocess.PIPE, text=True)
    try:
        workers = [int(number) for number in process.stdout.readline().split()]
        assert workers and process.pid not in workers
        for number in workers:
            os.kill(number, 0)  # alive
        process.kill()
        rest, _ = process.communicate(timeout=120)
        assert rest == ""
    finally:
        process.kill()
        process.wait()
