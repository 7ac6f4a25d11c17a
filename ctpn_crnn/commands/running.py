"""What all commands do around their work: errors, interrupts and exit codes."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable

from ctpn_crnn.errors import CtpnCrnnError


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
