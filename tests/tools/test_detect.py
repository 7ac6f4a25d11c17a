"""The batch detector's command line."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from ctpn_crnn.commands import detect
from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.jobs.windows import Options

SCRIPT = Path(__file__).parents[2] / "tools" / "detect.py"


@pytest.fixture
def main(load_tool):
    return load_tool("detect").main


def parsed(*argv):
    parser = argparse.ArgumentParser()
    detect.add_arguments(parser)
    return vars(parser.parse_args(argv))


def test_defaults_are_those_of_the_library():
    given = Options(**parsed("in.txt", "out.csv"))
    assert given == Options(Path("in.txt"), Path("out.csv"), mean_file="")


@pytest.mark.parametrize("mark", ["_", "-"])
def test_every_option(mark):
    values = {
        "model_def": "m.json",
        "pretrained_model": "w.h5",
        "crop_mode": "list",
        "mean_file": "m.npy",
        "input_scale": 0.5,
        "raw_scale": 1.0,
        "channel_swap": "0,1,2",
        "context_pad": 8,
        "reader_model": "r.h5",
    }
    options = [part for name, value in values.items() for part in ("--" + name.replace("_", mark), str(value))]
    arguments = parsed("in.csv", "out.h5", "--gpu", "--read", *options)
    expected = {"input_file": Path("in.csv"), "output_file": Path("out.h5"), "gpu": True, "read": True, **values}
    assert arguments == expected


@pytest.mark.parametrize(
    "outcome, code, message",
    [
        (0, 0, ""),
        (3, 1, "3 images could not be done: see out.csv.errors.csv\n"),
        (ConfigError("raw_scale is 0"), 2, "error: raw_scale is 0\n"),
        (OutputError("cannot write"), 2, "error: cannot write\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_exit_codes(main, monkeypatch, capsys, outcome, code, message):
    def run(options, say):
        say("CPU mode")
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(detect, "detect", run)
    assert main(["in.txt", "out.csv"]) == code
    assert capsys.readouterr() == ("CPU mode\n", message)


@pytest.mark.parametrize("wrong", [["--crop_mode", "sliding"], ["--raw_scale", "x"], ["--context_pad", "1.5"]])
def test_bad_usage(main, wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["in.txt", "out.csv", *wrong])
    assert stopped.value.code == 2
    assert wrong[0].replace("_", "-") in capsys.readouterr().err


def test_bad_input_ends_at_once_with_one_sentence(tmp_path):
    (tmp_path / "in.csv").write_text("filename,left,top,right,bottom\n")
    command = [sys.executable, str(SCRIPT), "in.csv", "out.csv", "--crop_mode", "list"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stdout == "CPU mode\nLoading input...\n"
    assert done.stderr.startswith("error: in.csv:1: unknown column 'left'") and done.stderr.count("\n") == 1


def test_help(main, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "--context_pad" in capsys.readouterr().out
