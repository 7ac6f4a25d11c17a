"""The training scripts: their options, and what they refuse before anything is trained."""

from __future__ import annotations

import argparse

import pytest
import training_arguments

from ctpn_crnn.training.options import CHECKPOINT


@pytest.fixture(params=["train_crnn", "train_ctpn"])
def tool(request, monkeypatch, load_tool):
    """A script that cannot go as far as its framework."""
    module = load_tool(request.param)
    monkeypatch.setattr(module, "use_device", lambda name: pytest.fail("begun"))
    return module


def refused(tool, capsys, *arguments):
    """The one sentence with which a command is refused."""
    assert tool.main([str(argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{tool.__name__}: ") and error.count("\n") == 1
    return error


def test_a_folder_that_holds_a_run_is_refused(tool, tmp_path, capsys):
    checkpoint = tmp_path / CHECKPOINT
    checkpoint.write_bytes(b"earlier")
    for further in ([], ["--smoke"]):
        assert f"{tmp_path} holds a run already: add --resume" in refused(tool, capsys, tmp_path, *further)
    assert checkpoint.read_bytes() == b"earlier"


def test_weights_that_are_not_there(tool, tmp_path, capsys):
    error = refused(tool, capsys, tmp_path / "run", "--init", "none.h5")
    assert error == f"{tool.__name__}: the weights file none.h5 does not exist; check the path\n"


def test_an_output_folder_must_be_named(tool, capsys):
    assert "Name an output folder" in refused(tool, capsys)


def test_a_missing_tensorboard_is_said_at_once(tool, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ctpn_crnn.training.options.find_spec", lambda name: None)
    assert "pip install tensorboard" in refused(tool, capsys, tmp_path / "run", "--tensorboard")


def test_options_out_of_their_range_are_named(tool, tmp_path, capsys):
    assert "steps: 0 is out of range" in refused(tool, capsys, tmp_path / "run", "--steps", 0)
    assert "learning_rate: -1.0" in refused(tool, capsys, tmp_path / "run", "--learning-rate", -1)
    assert "--max-minutes" in refused(tool, capsys, tmp_path, "--strategy", "multiworker", "--max-minutes", 1)


def test_help_shows_defaults_and_examples(tool, capsys):
    with pytest.raises(SystemExit) as stop:
        tool.main(["--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert f"python tools/{tool.__name__}.py --smoke" in text
    assert "(default: 0.0003)" in text.replace("\n", " ").replace("  ", "") and "exit codes" in text


def test_both_scripts_have_the_same_options_in_the_same_order(load_tool, monkeypatch):
    parsers = []
    for name in ("train_crnn", "train_ctpn"):
        tool = load_tool(name)
        make = tool.make_parser
        monkeypatch.setattr(tool, "make_parser", lambda *args, make=make: parsers.append(make(*args)) or parsers[-1])
        tool.parse_arguments(["run"])
    names = [[a.dest for a in parser._actions if a.help != argparse.SUPPRESS] for parser in parsers]
    common = set(names[0]) & set(names[1])
    first, second = ([name for name in own if name in common] for own in names)
    assert first == second
    assert {"output", "init", "resume", "tensorboard", "smoke", "corpus", "fonts", "backgrounds", "processes"} <= common
    assert {"steps", "learning_rate", "seed", "precision", "device", "strategy", "checkpoint_steps"} <= common


def test_every_shared_option_has_the_default_of_its_tool(load_tool):
    for name in ("train_crnn", "train_ctpn"):
        tool = load_tool(name)
        assert training_arguments.training_options(tool.parse_arguments(["run"])) == tool.DEFAULTS


def test_the_former_name_of_the_output_folder_still_works(load_tool, tmp_path):
    tool = load_tool("train_ctpn")
    assert tool.parse_arguments(["--out", str(tmp_path)]).output == tmp_path
    assert tool.parse_arguments([str(tmp_path)]).output == tmp_path


def test_pages_are_rendered_where_no_real_ones_are_given(load_tool):
    tool = load_tool("train_ctpn")
    for further in ([], ["--synthetic", "0"]):
        pages, held_out = tool.page_sources(tool.parse_arguments(["run", "--corpus", "texts", *further]))
        assert held_out is None and len(pages.sources) == 1 and pages.weights[0] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name, stages", [("train_crnn", ["frames", "ctc"]), ("train_ctpn", ["ctpn"])])
def test_smoke_runs_find_that_the_loss_falls(name, stages, load_tool, tmp_path, capsys):
    assert load_tool(name).main(["--smoke", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "Smoke run: the loss fell" in out and all(f"{stage} " in out for stage in stages)
    assert (tmp_path / CHECKPOINT).exists() and list(tmp_path.glob("*.h5"))
