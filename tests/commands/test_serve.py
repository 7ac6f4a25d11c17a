"""The command that starts the server."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ctpn_crnn.commands import main
from ctpn_crnn.commands.serve import allowed_hosts

pytest.importorskip("fastapi")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ROOT = Path(__file__).parents[2]
STUBBED = """
import sys
sys.path.insert(0, "tests/helpers")
from stub_server import stub_recognizer
from ctpn_crnn.commands import main, serve
serve.Recognizer = lambda *args, **options: stub_recognizer()
sys.exit(main(["serve", "--port", "0"]))
"""


def test_a_taken_port_is_said_in_one_sentence(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: cannot listen on 127.0.0.1") and "--port" in err and err.count("\n") == 1


@pytest.mark.parametrize("argv", [["--port", "70000"], ["--max-mb", "0"], ["--queue", "none"]])
def test_bad_options(argv, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["serve", *argv])
    assert stopped.value.code == 2


def test_hosts():
    assert allowed_hosts("127.0.0.1", [], LOOPBACK) == LOOPBACK
    assert allowed_hosts("0.0.0.0", [], LOOPBACK) is None
    assert allowed_hosts("0.0.0.0", ["OCR.example.org"], LOOPBACK) >= {"ocr.example.org", "localhost"}


def test_it_answers_until_it_is_stopped():
    server = subprocess.Popen(
        [sys.executable, "-c", STUBBED], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        address = re.match(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
        with urllib.request.urlopen(f"{address}/health", timeout=20) as answer:
            assert b'"ok"' in answer.read()
        with urllib.request.urlopen(f"{address}/", timeout=20) as answer:
            assert b"<!doctype html>" in answer.read()
        os.kill(server.pid, signal.SIGINT)
        _, err = server.communicate(timeout=20)
        assert server.returncode in (0, 130) and "Traceback" not in err, err
    finally:
        server.kill()
        server.wait()
