"""`ctpn-crnn read`, with a recognizer made for the test."""

import argparse
import getpass
import io
import json
import subprocess
import sys
import warnings
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
    assert capsys.readouterr() == ("合同 3\n", "documents read: 1, pages: 1, failed: 0\n")
    assert files(".") == ["in"]


def test_files_are_written_instead(fake, capsys):
    assert commands.main(["read", "in", "--output", "out/deep"]) == 0
    assert capsys.readouterr() == ("", "documents read: 2, pages: 2, failed: 0; files in out/deep\n")
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
    assert capsys.readouterr().err.splitlines() == [
        "documents read: 2, pages: 2, failed: 0; files in out",
        "documents finished before and skipped: 2; --redo reads them again",
        "documents read: 0, pages: 0, failed: 0; files in out",
        "documents read: 2, pages: 2, failed: 0; files in out",
    ]
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
    empty, neither, damaged, stdin, summary = capsys.readouterr().err.splitlines()
    assert summary == "documents read: 0, pages: 0, failed: 4"
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
        and err.splitlines()[-2].startswith(f"failed: {Path('in', 'aa.png')} is not an image")
    )
    assert err.splitlines()[-1] == "documents read: 2, pages: 2, failed: 1; files in out"
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


@pytest.mark.parametrize("option", [["--dpi", "0"], ["--dpi", "x"], ["--min-confidence", "2"], ["--format", "odt"]])
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


def test_what_cannot_be_listed_counts_as_failed(fake, capsys, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ctpn_crnn.documents.sources.os.listdir", refuse)
    assert commands.main(["read", "in"]) == 1
    first, last = capsys.readouterr().err.splitlines()
    assert first == "failed: the folder in cannot be read: Permission denied; check its permissions"
    assert last == "documents read: 0, pages: 0, failed: 1"


def test_when_the_reader_of_the_output_has_gone_nothing_false_is_said(fake):
    """As after `read in --json | head -1`."""
    code = (
        "import sys; from ctpn_crnn import commands; from ctpn_crnn.commands import read\n"
        "from ctpn_crnn.page import Page\n"
        "class Fake:\n"
        "    def recognize(self, image): return Page(9, 9)\n"
        "read.make_recognizer = lambda arguments: Fake()\n"
        "sys.stdin.read()\n"
        "sys.exit(commands.main(['read', 'in', '--json']))"
    )
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as job:
        job.stdout.close()  # before the job, which waits for the end of its input, writes anything
        job.stdin.close()
        assert job.stderr.read() == ""
    assert job.returncode == 1


def test_a_dangling_link_is_named(fake, capsys):
    Path("in/aa.png").symlink_to("nowhere.png")
    assert commands.main(["read", "in", "--output", "out"]) == 1
    assert f"failed: {Path('in', 'aa.png')} is a link to nowhere.png, which does not exist" in capsys.readouterr().err
    assert files("out") == ["a.txt", "b.txt"]


def test_tiny_pages_are_written_as_pdf(fake, capsys):
    """A PDF page has at least 3 points a side; a page of 3 pixels would have 1.08 of them at 200 dpi."""
    pikepdf = pytest.importorskip("pikepdf")
    Image.new("RGB", (3, 3), "white").save("tiny.png", dpi=(200, 200))
    assert commands.main(["read", "tiny.png", "--format", "pdf", "--output", "out"]) == 0
    with pikepdf.open("out/tiny.pdf") as pdf:
        assert [float(side) for side in pdf.pages[0].mediabox] == [0, 0, 3, 3]


def test_a_damaged_or_tiny_page_costs_that_page_only(fake, capsys):
    """Of a damaged page, one of no size, one of 1 pt and a plain one, the first is named, the others are written."""
    pikepdf = pytest.importorskip("pikepdf")
    pdf = pikepdf.new()
    for box in ([0, 0, 72, 72], [0, 0, 0, 0], [0, 0, 1, 720], [0, 0, 144, 72]):
        pdf.add_blank_page(page_size=(72, 72)).mediabox = box
    pdf.pages[0].obj["/Type"] = pikepdf.Name.Font
    pdf.save("odd.pdf")
    assert commands.main(["read", "odd.pdf", "--format", "txt,pdf", "--output", "out"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("failed: odd.pdf#page=1 is damaged") and err.count("failed: odd") == 1
    assert Path("out/odd.txt").read_text("utf-8").count("合同 3") == 3
    with pikepdf.open("out/odd.pdf") as written:
        assert len(written.pages) == 4, "a PDF that is kept keeps the page that could not be read"


class TestPassword:
    @pytest.fixture
    def opened_with(self, fake, monkeypatch):
        """The passwords that PDFs were opened with; "opensesame" is the right one."""
        pikepdf = pytest.importorskip("pikepdf")
        monkeypatch.delenv("CTPN_CRNN_PASSWORD", raising=False)
        with pikepdf.new() as pdf:
            pdf.add_blank_page(page_size=(72, 72))
            pdf.save("secret.pdf", encryption=pikepdf.Encryption(owner="boss", user="opensesame"))

    def test_without_one_the_message_says_how_to_give_it(self, opened_with, capsys):
        assert commands.main(["read", "secret.pdf"]) == 1
        assert "give it (--password or CTPN_CRNN_PASSWORD)" in capsys.readouterr().err

    def test_by_the_environment(self, opened_with, monkeypatch):
        monkeypatch.setenv("CTPN_CRNN_PASSWORD", "opensesame")
        assert commands.main(["read", "secret.pdf"]) == 0
        assert commands.main(["read", "secret.pdf", "--password", "wrong"]) == 1, "the option comes first"

    @pytest.mark.parametrize("option", [["--password"], ["--password", "-"]])
    def test_by_asking(self, opened_with, monkeypatch, option):
        monkeypatch.setattr("getpass.getpass", lambda prompt: "opensesame")
        assert commands.main(["read", "secret.pdf", *option]) == 0

    def test_asking_without_a_terminal(self, opened_with, monkeypatch, capsys):
        def warn(prompt):
            warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=1)

        monkeypatch.setattr("getpass.getpass", warn)
        assert commands.main(["read", "secret.pdf", "--password"]) == 2
        assert "there is no terminal: set CTPN_CRNN_PASSWORD instead" in capsys.readouterr().err
