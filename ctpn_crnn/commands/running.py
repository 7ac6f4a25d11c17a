"""Run the work of a command or a tool: errors as one sentence, interrupts, exit codes."""

from __future__ import annotations

import codecs
import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ctpn_crnn import opencv_error
from ctpn_crnn.errors import CtpnCrnnError


def run_command(work: Callable[[], int | None], name: str = "error", *, resume_hint: str | None = None) -> int:
    """Run a command and turn what ends it into an exit code.

    An error of this library is printed to stderr as one sentence, and so is that OpenCV cannot be imported. SIGTERM
    stops the work as Ctrl-C does. Output that does not go to a terminal is UTF-8 (`use_utf8`).

    Args:
        work: Does the work; returns its exit code, or None for 0.
        name: Begins each message.
        resume_hint: How a stopped run is continued; printed when it was stopped.

    Returns:
        The exit code: that of `work`; 1 when the reader of our output has gone; 2 for an error of this library; 130
        when the work was stopped.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hides TensorFlow's start-up notes
    use_utf8()
    warnings.filterwarnings("ignore", module="PIL")  # errors in a file are reported with its name
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with _stop_signals() as stopped:
        try:
            code = work() or 0
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where an error can be handled
            return code
        except BrokenPipeError:  # `head` or `less` has ended
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except CtpnCrnnError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 2
        except ImportError as error:
            ours = opencv_error(error)
            if ours is None:
                raise
            print(f"{name}: {ours}", file=sys.stderr)
            return 2
        except BaseException as error:
            # A framework, or a worker that was stopped too, may turn the interrupt into an error of its own.
            if not (stopped.is_set() or isinstance(error, KeyboardInterrupt)):
                raise
            print(f"\n{name}: stopped; {resume_hint}" if resume_hint else "interrupted", file=sys.stderr)
            return 130


def use_utf8() -> None:
    """Write UTF-8 to pipes and files, whatever the locale, unless PYTHONIOENCODING asks for another encoding.

    A terminal keeps its encoding; characters that it lacks are replaced.
    """
    codecs.register_error(_NAME_BYTES, _decoded_name)
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty() or os.environ.get("PYTHONIOENCODING"):
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors=_NAME_BYTES)


_NAME_BYTES = "ctpn_crnn.name_bytes"
"""Handler of encoding errors: bytes of a file's name that the locale does not know become what they are in UTF-8."""


def _decoded_name(error: UnicodeError) -> tuple[bytes, int]:
    """Return as UTF-8 what Python made of unknown bytes in a name; replace what UTF-8 cannot represent."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    raw = b"".join(
        bytes([ord(character) - 0xDC00]) if 0xDC80 <= ord(character) <= 0xDCFF else b"?" for character in text
    )
    return raw.decode("utf-8", "replace").encode("utf-8"), error.end


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
