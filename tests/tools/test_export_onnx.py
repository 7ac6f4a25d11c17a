"""The export script: what it says and how it ends. The export itself: tests/test_export.py."""

from __future__ import annotations

import pytest

from ctpn_crnn import export
from ctpn_crnn.export.parity import Parity, ParityError


@pytest.fixture
def script(monkeypatch, load_tool):
    """The script, with exports that only write a name."""
    module = load_tool("export_onnx")
    monkeypatch.setattr(export, "export_onnx", lambda weights, path, outputs: path.write_text(outputs))
    monkeypatch.setattr(export, "export_saved_model", lambda weights, path: path.mkdir())
    monkeypatch.setattr(export, "check_parity", lambda weights, path, images: Parity(2, 1e-6, 0, 4))
    return module


def test_it_exports_and_always_compares(script, tmp_path, capsys):
    assert script.main(["ctpn", str(tmp_path / "a.onnx"), "--proposals"]) == 0
    assert (tmp_path / "a.onnx").read_text() == "proposals"
    assert "same: largest difference 1.0e-06" in capsys.readouterr().out
    assert script.main(["crnn", str(tmp_path / "saved"), "--format", "saved_model"]) == 0
    assert (tmp_path / "saved").is_dir()


def test_another_result_than_keras_is_an_error(script, tmp_path, capsys, monkeypatch):
    def fail(weights, path, images):
        raise ParityError("it does not compute what Keras computes")

    monkeypatch.setattr(export, "check_parity", fail)
    assert script.main(["crnn", str(tmp_path / "a.onnx")]) == 2
    assert capsys.readouterr().err == "error: it does not compute what Keras computes\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ctpn", "missing/a.onnx"], "missing"),
        (["crnn", "a.onnx", "--proposals"], "--proposals"),
        (["ctpn", "a.onnx", "--proposals", "--int8", "b.onnx"], "--int8"),
        (["crnn", "a.onnx", "--weights", "none.h5"], "none.h5"),
    ],
)
def test_what_cannot_be_done_is_named(script, tmp_path, monkeypatch, capsys, arguments, named):
    monkeypatch.chdir(tmp_path)
    assert script.main(arguments) == 2
    assert named in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_format_must_go_with_the_name(script, capsys):
    with pytest.raises(SystemExit) as stopped:
        script.main(["crnn", "a.onnx", "--format", "saved_model"])
    assert stopped.value.code == 2 and "does not end with .onnx" in capsys.readouterr().err
