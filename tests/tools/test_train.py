"""The training scripts: what they refuse before anything is trained. The training itself: tests/crnn, tests/ctpn."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["train_crnn", "train_ctpn"])
def tool(request, monkeypatch, load_tool):
    """A script that cannot go as far as its framework."""
    module = load_tool(request.param)
    monkeypatch.setattr(module, "use_device", lambda name: pytest.fail("begun"))
    return module


def arguments(tool, output):
    return [str(output)] if tool.__name__ == "train_crnn" else ["--out", str(output)]


def test_a_folder_that_holds_a_run_is_refused(tool, tmp_path, capsys):
    checkpoint = tmp_path / ("checkpoint.h5" if tool.__name__ == "train_crnn" else "checkpoint.npz")
    checkpoint.write_bytes(b"earlier")
    assert tool.main(arguments(tool, tmp_path)) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path} holds a run already: add --resume" in error and error.count("\n") == 1
    assert checkpoint.read_bytes() == b"earlier"


def test_weights_that_are_not_there(tool, tmp_path, capsys):
    assert tool.main([*arguments(tool, tmp_path / "run"), "--init", "none.h5"]) == 2
    expected = f"{tool.__name__}: the weights file none.h5 does not exist; check the path\n"
    assert capsys.readouterr().err == expected
