"""`ctpn-crnn read`, with a recognizer made for the test."""

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from ctpn_crnn import commands, weights
from ctpn_crnn.commands import read
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine


class Fake:
    """Reads one line on every image; `widths` that it has seen. Stops like Ctrl-C at images 99 pixels wide."""

    def __init__(self):
        self.widths = []

    def recognize(self, image):
        height, width = image.shape[:2]
        if width == 99:
            raise KeyboardInterrupt
        self.widths.append(width)
        return Page(width, height, [TextLine("合同 3", 0.8, box_to_quad(5, 5, 60, 30))])


@pytest.fixture
def fake(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (80, 40), "white").save(tmp_path / "in" / name)
    recognizer = Fake()
    monkeypatch.setattr(read, "make_recognizer", lambda arguments: recognizer)
    return recognizer


def files(folder):
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("."))


def test_text_is_printed(fake, capsys):
    assert commands.main(["read", "in/a.png"]) == 0
    assert capsys.readouterr() == ("合同 3\n", "")
    assert files(".") == ["in"]


def test_files_are_written_instead(fake, capsys):
    assert commands.main(["read", "in", "--output", "out/deep"]) == 0
    assert capsys.readouterr() == ("", "")
    assert files("out/deep") == ["a.txt", "b.txt"]
    assert commands.main(["read", "in", "--format", "json,hocr"]) == 0
    assert files(read.OUTPUT) == ["a.hocr", "a.json", "b.hocr", "b.json"]


@pytest.mark.parametrize(("flow", "text"), [("lines", "第一行的\n文字在此"), ("paragraphs", "第一行的文字在此")])
def test_the_flow_of_text_is_chosen(fake, monkeypatch, flow, text):
    rows = [TextLine(t, 0.9, box_to_quad(5, y, 75, y + 10)) for t, y in (("第一行的", 5), ("文字在此", 18))]
    monkeypatch.setattr(fake, "recognize", lambda image: Page(80, 40, rows))
    assert commands.main(["read", "in/a.png", "--output", "out", "--flow", flow]) == 0
    assert Path("out/a.txt").read_text("utf-8").strip() == text


def test_another_precision_is_another_setting(fake):
    for options in ([], ["--precision", "float32"], ["--flow", "paragraphs"]):
        assert commands.main(["read", "in", "--output", "out", *options]) == 0
    assert len(fake.widths) == 6


def test_what_was_finished_is_counted(fake, capsys):
    for redo in ([], [], ["--redo"]):
        assert commands.main(["read", "in", "--output", "out", *redo]) == 0
    assert len(fake.widths) == 4
    assert capsys.readouterr().err.startswith("documents finished before and skipped: 2; --redo")
    assert commands.main(["read", "in", "--output", "out", "--deskew"]) == 0
    assert len(fake.widths) == 6, "other settings, other text"
    assert commands.main(["read", "in", "--output", "out", "--deskew", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2, "what is to be printed must be read"


def test_other_weights_of_the_same_name_are_noticed(fake):
    Path("w").mkdir()
    for name in ("ctpn.h5", "crnn.h5", "lm.npz"):
        Path("w", name).write_text("first")
    argv = ["read", "in", "--output", "out", "--weights", "w", "--language-model", "w/lm.npz"]
    for changed, count in ((None, 2), (None, 2), ("w/crnn.h5", 4), ("w/lm.npz", 6)):
        if changed:
            Path(changed).write_text("another")
        assert commands.main(argv) == 0 and len(fake.widths) == count


def test_other_shipped_weights_are_noticed(fake, monkeypatch):
    for digest, count in (("a", 2), ("a", 2), ("b", 4)):
        monkeypatch.setattr(weights, "read_manifest", lambda: {"weights": {"crnn": {"sha256": digest}}})  # noqa: B023
        assert commands.main(["read", "in", "--output", "out"]) == 0 and len(fake.widths) == count


def test_standard_input(fake, capsys, monkeypatch):
    data = io.BytesIO(Path("in/a.png").read_bytes())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=data))
    assert commands.main(["read", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == "stdin"


def test_interrupted(fake, capsys):
    Image.new("RGB", (99, 40)).save("in/b.png")
    assert commands.main(["read", "in", "--output", "out"]) == 130
    assert files("out") == ["a.txt"]
    assert capsys.readouterr().err == "1 of 2 documents are done; the same command goes on\ninterrupted\n"


def test_a_failed_document_is_not_done(fake, capsys):
    Path("in/aa.png").write_text("no image")
    Image.new("RGB", (99, 40)).save("in/b.png")
    assert commands.main(["read", "in", "--output", "out"]) == 130
    assert "\n1 of 3 documents are done, 1 failed; the same command goes on\n" in capsys.readouterr().err


def test_messages_are_in_the_words_of_the_command(fake, capsys, monkeypatch):
    Path("empty").mkdir()
    Path("a.pdf").write_text("no PDF")
    Path("b.pdf").write_text("%PDF-1.7 nothing more")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"garbage")))
    assert commands.main(["read", "empty", "a.pdf", "b.pdf", "-"]) == 1
    empty, neither, damaged, stdin = capsys.readouterr().err.splitlines()
    assert "the folder empty holds no images or PDFs; " in empty and "recognize" not in empty
    assert "a.pdf is not an image" in neither and neither.endswith(", nor a PDF")
    assert damaged.endswith(
        "b.pdf cannot be read as a PDF: it is damaged, truncated, or has no pages; make or fetch it again"
    )
    assert "standard input is not an image" in stdin


def test_a_pdf_without_pikepdf_is_refused_first(fake, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    assert commands.main(["read", "in", "--format", "txt,pdf", "--output", "out"]) == 2
    err = capsys.readouterr().err
    assert err == "error: writing PDFs needs pikepdf: pip install pikepdf\n"
    assert fake.widths == [] and not Path("out").exists()


def test_damaged_files_are_named_at_the_end(fake, capsys):
    Path("in/aa.png").write_text("no image")
    assert commands.main(["read", "in", "--output", "out", "--progress"]) == 1
    err = capsys.readouterr().err
    assert (
        "3/3" in err
        and "page/s" in err
        and err.splitlines()[-1].startswith(f"failed: {Path('in', 'aa.png')} is not an image")
    )
    assert err.count("aa.png") == 1
    assert files("out") == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    "argv, message",
    [
        (["in", "--output", "in/a.png"], "cannot make the folder"),
        (["in", "--weights", "w", "--crnn-weights", "c"], "either --weights"),
        (["in", "--skip-text", "--rasterize", "--format", "txt,pdf"], "--skip-text leaves pages out"),
    ],
)
def test_bad_input_is_one_sentence(fake, capsys, argv, message):
    assert commands.main(["read", *argv]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and message in err and err.count("\n") == 1
    assert fake.widths == []


def test_bad_weights(fake, capsys, monkeypatch):
    def refuse(arguments):
        raise WeightsError("no such weights")

    monkeypatch.setattr(read, "make_recognizer", refuse)
    assert commands.main(["read", "in"]) == 2
    assert capsys.readouterr().err == "error: no such weights\n"


@pytest.mark.parametrize("option", [["--dpi", "0"], ["--dpi", "x"], ["--min-confidence", "2"], ["--format", "docx"]])
def test_bad_usage(fake, option):
    with pytest.raises(SystemExit) as stopped:
        commands.main(["read", "in", *option])
    assert stopped.value.code == 2


def test_options_reach_the_recognizer(monkeypatch):
    monkeypatch.setattr(read, "Recognizer", lambda *args, **options: (args, options))
    parser = argparse.ArgumentParser()
    read.add_arguments(parser)
    for argv, expected in (
        ([], None),
        (["--weights", "w"], "w"),
        (["--crnn-weights", "c"], {"ctpn": None, "crnn": "c"}),
    ):
        arguments = parser.parse_args(["a.png", "--deskew", "--runtime", "onnx", *argv])
        assert read.make_recognizer(arguments) == (
            (expected, "onnx", "auto"),
            {"min_confidence": 0.0, "deskew": "auto", "orientation": "auto", "language_model": "auto"},
        )
    argv = ["--orientation", "upright", "--language-model", "none", "--beam-width", "1"]
    arguments = parser.parse_args(["a.png", *argv])
    options = read.make_recognizer(arguments)[1]
    assert (options["language_model"], options["beam_width"]) == ("none", 1) and "lm_weight" not in options
    assert options["orientation"] == "upright"


def test_the_module_runs_and_imports_no_framework():
    code = (
        "import sys; from ctpn_crnn.commands import main\n"
        "try: main(['read', '--help'])\n"
        "finally: print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "default: 200" in done.stdout and "examples:" in done.stdout and done.stdout.endswith("False\n")
