"""Run the work of a command or a tool: errors as one sentence, interrupts, exit codes."""

from __future__ import annotations

import io
import logging
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ctpn_crnn.errors import CtpnCrnnError


def run_command(work: Callable[[], int | None], name: str = "error", *, resume_hint: str | None = None) -> int:
    """Run a command and turn what ends it into an exit code.

    An error of this library is printed to stderr as one sentence. SIGTERM stops the work as Ctrl-C does.

    Args:
        work: Does the work; returns its exit code, or None for 0.
        name: Begins each message.
        resume_hint: How a stopped run is continued; printed when it was stopped.

    Returns:
        The exit code: that of `work`; 1 when the reader of our output has gone; 2 for an error of this library; 130
        when the work was stopped.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hides TensorFlow's start-up notes
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese is no reason to stop
    warnings.filterwarnings("ignore", module="PIL")  # errors in a file are reported with its name
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with _stop_signals() as stopped:
        try:
            return work() or 0
        except BrokenPipeError:  # `head` or `less` has ended
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except CtpnCrnnError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 2
        except BaseException as error:
            # A framework, or a worker that was stopped too, may turn the interrupt into an error of its own.
            if not (stopped.is_set() or isinstance(error, KeyboardInterrupt)):
                raise
            print(f"\n{name}: stopped; {resume_hint}" if resume_hint else "interrupted", file=sys.stderr)
            return 130


def with_name(name: str, message: object) -> str:
    """Put the name of a file before a message, unless the message contains it."""
    if not name or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(message)):
        return str(message)
    return f"{name}: {message}"


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """Raise KeyboardInterrupt on SIGINT and SIGTERM within the block; the event tells whether one has come."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # where Python allows no signal handlers
        yield stopped
        return

    def stop(*_: object) -> None:
        stopped.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
