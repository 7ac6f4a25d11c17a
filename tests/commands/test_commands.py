"""The console command and its smaller subcommands."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from ctpn_crnn import __version__, commands
from ctpn_crnn.commands import info
from ctpn_crnn.errors import WeightsError


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_help_shows_defaults(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        commands.main([command, "--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert "exit codes:" in out and (command == "evaluate" or "(default: " in out)


def test_help_of_a_task(capsys):
    with pytest.raises(SystemExit):
        commands.main(["evaluate", "pages", "--help"])
    assert "(default: all)" in capsys.readouterr().out


def test_all_commands_are_listed(capsys):
    with pytest.raises(SystemExit):
        commands.main(["--help"])
    out = capsys.readouterr().out
    assert all(name in out for name in commands.COMMANDS)
    with pytest.raises(SystemExit) as stopped:
        commands.main(["write"])
    assert stopped.value.code == 2


def test_version(capsys):
    with pytest.raises(SystemExit):
        commands.main(["--version"])
    assert __version__ in capsys.readouterr().out


def test_info(capsys):
    assert commands.main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["weights"]["crnn"]["state"] == "ok" and len(facts["weights"]["ctpn"]["sha256"]) == 64
    assert facts["processor"]["threads"] >= 1 and facts["packages"]["numpy"]
    text = info.as_text({**facts, "packages": {"numpy": None}})
    assert "numpy          not installed" in text
    assert f"taken by default: {facts['runtimes']['reason']}\n" in text


def test_info_of_damaged_weights(capsys, monkeypatch):
    def refuse(kind):
        raise WeightsError(f"{kind} is damaged")

    monkeypatch.setattr(info, "shipped", refuse)
    assert commands.main(["info"]) == 1
    assert "crnn           crnn is damaged" in capsys.readouterr().out


@pytest.fixture
def exported(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    calls = []
    fake = SimpleNamespace(
        export_onnx=lambda *args, **options: calls.append((*args, options)),
        export_saved_model=lambda *args: calls.append(args),
        check_parity=lambda *args: f"same: {args[2]}",
        export_int8=lambda *args: f"int8 by {args[2]}",
    )
    monkeypatch.setitem(sys.modules, "ctpn_crnn.export", fake)
    return calls


def test_export(exported, capsys):
    assert commands.main(["export", "ctpn", "a.onnx", "--proposals"]) == 0
    assert commands.main(["export", "crnn", "folder"]) == 0
    (ctpn, first, options), (crnn, second) = exported
    assert (ctpn.name, first, options) == ("ctpn.h5", Path("a.onnx"), {"outputs": "proposals"})
    assert (crnn.name, second) == ("crnn.h5", Path("folder"))
    assert capsys.readouterr().out == "wrote a.onnx\nwrote folder\n"


def test_export_checked_and_in_8_bits(exported, capsys):
    for name in ("1.png", "2.png"):
        Image.new("L", (60, 32)).save(name)
    argv = ["export", "crnn", "a.onnx", "--check", "--int8", "b.onnx", "--images", "1.png", "2.png"]
    assert commands.main(argv) == 0
    assert (
        capsys.readouterr().out == "wrote a.onnx\nsame: ['1.png', '2.png']\nwrote b.onnx: int8 by ['1.png', '2.png']\n"
    )


@pytest.mark.parametrize(
    "argv",
    [
        ["crnn", "a.onnx", "--int8", "b.h5"],
        ["crnn", "a.onnx", "--int8", "none/b.onnx", "--images", "1.png"],
        ["crnn", "a.onnx", "--proposals"],
        ["ctpn", "folder", "--proposals"],
        ["crnn", "none/a.onnx"],
        ["crnn", "a.onnx", "--weights", "none.h5"],
        ["crnn", "a.onnx", "--images", "none.png"],
    ],
)
def test_bad_exports(exported, argv, capsys):
    assert commands.main(["export", *argv]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1 and exported == []


@pytest.mark.parametrize("argv", [["detect", "none.txt", "out.csv"], ["evaluate", "pages", "none"]])
def test_bad_input(argv, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert commands.main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1
