"""What all commands do around their work."""

from __future__ import annotations

import os
import signal

import pytest

from ctpn_crnn.commands.running import run_command, run_training
from ctpn_crnn.errors import ConfigError


def refuse():
    raise ConfigError("no.")


class TestTraining:
    def test_done(self):
        assert run_training(lambda: 7, "train", "go on") == 0

    def test_an_error_of_ours_is_one_sentence(self, capsys):
        assert run_training(refuse, "train", "go on") == 2
        assert capsys.readouterr().err == "train: no.\n"

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.parametrize("becomes", [None, RuntimeError, SystemExit])
    def test_stopped(self, capsys, number, becomes):
        """TensorFlow makes an error of its own of an interrupt that meets it within a batch."""

        def work():
            try:
                os.kill(os.getpid(), number)
                signal.pause()
            except KeyboardInterrupt:
                if becomes:
                    raise becomes("in a batch") from None
                raise

        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        assert run_training(work, "train", "--resume goes on") == 130
        assert capsys.readouterr().err == "\ntrain: stopped; --resume goes on\n"
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before

    def test_other_errors_are_shown(self):
        with pytest.raises(RuntimeError, match="broken"):
            run_training(lambda: (_ for _ in ()).throw(RuntimeError("broken")), "train", "go on")


def test_a_command_says_what_is_wrong(capsys):
    assert run_command(refuse) == 2
    assert capsys.readouterr().err == "error: no.\n"
