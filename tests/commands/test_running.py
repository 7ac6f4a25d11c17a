"""Errors, interrupts and exit codes of a command."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from ctpn_crnn.commands.running import run_command, with_name
from ctpn_crnn.errors import ConfigError


def refuse():
    raise ConfigError("no.")


def test_the_exit_code_is_that_of_the_work():
    assert [run_command(lambda: code) for code in (None, 0, 1)] == [0, 0, 1]  # noqa: B023


def test_an_error_of_ours_is_one_sentence(capsys):
    assert run_command(refuse) == 2
    assert capsys.readouterr().err == "error: no.\n"
    assert run_command(refuse, "train") == 2
    assert capsys.readouterr().err == "train: no.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("becomes", [None, RuntimeError, SystemExit])
def test_both_signals_stop_the_work(capsys, number, becomes):
    """TensorFlow turns an interrupt within a batch into an error of its own."""

    def work():
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        except KeyboardInterrupt:
            if becomes:
                raise becomes("in a batch") from None
            raise

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert run_command(work, "train", resume_hint="--resume goes on") == 130
    assert capsys.readouterr().err == "\ntrain: stopped; --resume goes on\n"
    assert run_command(work) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_other_errors_are_shown():
    with pytest.raises(RuntimeError, match="broken"):
        run_command(lambda: (_ for _ in ()).throw(RuntimeError("broken")))


def test_a_message_names_its_file_once():
    assert with_name("a.png", ConfigError("it is torn")) == "a.png: it is torn"
    assert with_name("a.png", "in/a.png is torn") == "in/a.png is torn"
    assert with_name("", "torn") == "torn"
    assert with_name("a", "it cannot be read") == "a: it cannot be read"


def test_a_thread_can_run_a_command(capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(run_command(refuse)))
    thread.start()
    thread.join()
    assert codes == [2] and capsys.readouterr().err == "error: no.\n"
