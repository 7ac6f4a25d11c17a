"""What all commands do around their work: errors, interrupts and exit codes."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable

from ctpn_crnn.errors import CtpnCrnnError


def run_training(work: Callable[[], object], name: str, going_on: str) -> int:
    """Run a training: SIGTERM stops it as Ctrl-C does, whatever its threads and workers make of that.

    Args:
        work: Trains.
        name: Of the tool; stands before what goes wrong.
        going_on: How the run is gone on with, said when it was stopped.

    Returns:
        The exit code: 0, 2 for an error of ours, 130 when it was stopped.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        work()
    except CtpnCrnnError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except BaseException:
        # Under a strategy the interrupt comes back as an error of TensorFlow's, or of a worker that it stopped as well.
        if not stopped.is_set():
            raise
        print(f"\n{name}: stopped; {going_on}", file=sys.stderr)
        return 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def run_command(work: Callable[[], int], prefix: str = "error") -> int:
    """Run a command: an error of ours is one sentence on stderr and exit code 2, Ctrl-C is 130.

    Args:
        work: The command; returns its exit code.
        prefix: What stands before the sentence.

    Returns:
        The exit code.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's start-up notes are not for the user
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese is no reason to stop
    warnings.filterwarnings("ignore", module="PIL")  # what is wrong with a file is said with its name
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        return work()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except CtpnCrnnError as error:
        print(f"{prefix}: {error}", file=sys.stderr)
        return 2
