"""Errors, interrupts and exit codes of a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from ctpn_crnn.commands.running import run_command
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


def test_a_thread_can_run_a_command(capsys):
    codes = []
    thread = threading.Thread(target=lambda: codes.append(run_command(refuse)))
    thread.start()
    thread.join()
    assert codes == [2] and capsys.readouterr().err == "error: no.\n"


PRINT = "import sys; from ctpn_crnn.commands.running import run_command; run_command(lambda: print(sys.argv[1]))"


@pytest.mark.parametrize("name", ["合同 ¥3.png", os.fsdecode("合同.png".encode("gb18030"))])
def test_output_to_a_pipe_is_utf8_whatever_the_locale(name):
    """Python takes the C locale for UTF-8 by itself unless PYTHONUTF8 and PYTHONCOERCECLOCALE are 0."""
    environment = {key: value for key, value in os.environ.items() if key not in ("LANG", "PYTHONIOENCODING")}
    environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", PRINT, name], capture_output=True, check=True, env=environment)
    printed = done.stdout.decode("utf-8")  # raises where it is not
    assert done.stderr == b"" and printed.endswith("png\n") and "?" not in printed
    if name.startswith("合"):
        assert printed == name + "\n"


def test_an_encoding_that_is_asked_for_is_used():
    environment = {**os.environ, "PYTHONIOENCODING": "gb18030"}
    done = subprocess.run([sys.executable, "-c", PRINT, "合同"], capture_output=True, check=True, env=environment)
    assert done.stdout == "合同\n".encode("gb18030")


@pytest.mark.skipif(os.name == "nt", reason="has no pseudo-terminals")
def test_on_a_terminal_without_chinese_characters_are_replaced():
    import pty

    parent, child = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("LANG", "PYTHONIOENCODING")}
    environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([sys.executable, "-c", PRINT, "A 合同"], stdout=child, check=True, env=environment)
    os.close(child)
    printed = os.read(parent, 100)
    os.close(parent)
    assert printed == b"A ??????\r\n"  # the six bytes of two characters, each unknown to ASCII


def test_opencv_that_cannot_be_imported_is_one_sentence(capsys):
    def work():
        raise ImportError("libGL.so.1: cannot open shared object file", name="cv2")

    assert run_command(work) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: OpenCV cannot be imported (libGL.so.1: cannot open") and err.count("\n") == 1
    assert "opencv-python-headless" in err and "libgl1" in err


def test_other_imports_that_fail_are_shown():
    def work():
        raise ImportError("no such thing", name="numpy")

    with pytest.raises(ImportError, match="no such thing"):
        run_command(work)
