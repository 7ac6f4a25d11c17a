"""The demo script, with a recognizer made for the test."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.commands import read
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page
from ctpn_crnn.recognizer import Recognizer

SCRIPT = Path(__file__).parents[2] / "tools" / "demo.py"


class OneLine:
    """Finds one line on every image, and reads it as what it was made with."""

    kind, score, chars, confidence, text = "text", 0.9, (), 0.8, "合同 3"
    quad = box_to_quad(5, 5, 60, 30)

    def detect(self, image):
        return [self] if image.shape[0] > 20 else []

    def read(self, crops):
        return [self] * len(crops)


@pytest.fixture
def demo(monkeypatch, load_tool):
    monkeypatch.setattr(read, "make_recognizer", lambda arguments: Recognizer(detector=OneLine(), reader=OneLine()))
    return load_tool("demo")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (80, 40), "white").save(tmp_path / "in" / name)
    return tmp_path


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_one_image(demo, folder, capsys):
    assert demo.main(["in/a.png"]) == 0
    assert capsys.readouterr() == ("合同 3\n", "documents read: 1, pages: 1, failed: 0; files in demo-output\n")
    assert files(folder / "demo-output") == ["a-ocr.png"]


def test_several_with_every_format(demo, folder, capsys):
    assert demo.main(["in", "in/*.png", "--output", "out/deep", "--format", "txt,json,picture"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"== {Path('in', 'a.png')}\n合同 3\n")
    assert out.count("合同 3") == 4
    stems = ("a", "a-2", "b", "b-2")
    assert files(folder / "out" / "deep") == sorted(
        stem + end for stem in stems for end in (".txt", ".json", "-ocr.png")
    )
    assert (folder / "out" / "deep" / "a.txt").read_text(encoding="utf-8") == "合同 3\n"


def test_json_on_stdout(demo, folder, capsys):
    assert demo.main(["in", "--json", "--format", ""]) == 0
    pages = [Page.from_dict(json.loads(line)) for line in capsys.readouterr().out.splitlines()]
    assert [page.text for page in pages] == ["合同 3"] * 2
    assert files(folder) == ["in"]


def test_quiet(demo, folder, capsys):
    assert demo.main(["in", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_bad_files_are_named_and_the_others_read(demo, folder, capsys):
    (folder / "in" / "aa.png").write_text("no image")
    assert demo.main(["in", "none.jpg", "--format", "txt", "--output", "out"]) == 1
    out, err = capsys.readouterr()
    assert out.count("合同 3") == 2
    *failures, summary = err.splitlines()
    assert [line.split()[1] for line in failures] == [str(Path("in", "aa.png")), "none.jpg"]
    assert summary == "documents read: 2, pages: 2, failed: 2; files in out"
    assert files(folder / "out") == ["a.txt", "b.txt"]


def test_pages_of_a_document_and_an_empty_page(demo, folder, capsys):
    first, second = Image.new("L", (80, 40)), Image.new("L", (80, 10))
    first.save("doc.tif", save_all=True, append_images=[second])
    assert demo.main(["doc.tif", "--format", "txt,picture", "--output", "out"]) == 0
    assert files(folder / "out") == ["doc-ocr-1.png", "doc-ocr-2.png", "doc.txt"]
    assert (folder / "out" / "doc.txt").read_text(encoding="utf-8") == "合同 3\n\f", "one file; page 2 is empty"


def test_a_source_in_the_output_folder_is_not_replaced(demo, folder):
    before = (folder / "in" / "a.png").read_bytes()
    assert demo.main(["in/a.png", "--output", "in"]) == 0
    assert (folder / "in" / "a.png").read_bytes() == before
    assert np.asarray(Image.open(folder / "in" / "a-ocr.png")).shape == (40, 160, 3)


def test_unwritable_output(demo, folder, capsys):
    (folder / "out").write_text("a file")
    assert demo.main(["in/a.png", "--output", "out"]) == 2
    assert "cannot make the folder" in capsys.readouterr().err


def test_failed_writes_are_reported(demo, folder, capsys):
    (folder / "out" / "a.txt").mkdir(parents=True)
    assert demo.main(["in", "--format", "txt", "--output", "out"]) == 1
    assert "is a folder" in capsys.readouterr().err
    assert (folder / "out" / "b.txt").exists()


def test_bad_weights(demo, folder, capsys, monkeypatch):
    def refuse(arguments):
        raise WeightsError("no such weights")

    monkeypatch.setattr(read, "make_recognizer", refuse)
    assert demo.main(["in/a.png"]) == 2
    assert capsys.readouterr().err == "error: no such weights\n"


def test_interrupted(demo, folder, monkeypatch):
    def interrupt(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(read, "make_recognizer", interrupt)
    assert demo.main(["in/a.png"]) == 130


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["a.png", "--format", "doc"],
        ["a.png", "--runtime", "abacus"],
        ["a.png", "--min-confidence", "2"],
        ["a.png", "--weights", "w", "--crnn-weights", "c"],
    ],
)
def test_bad_usage(demo, argv, capsys):
    with pytest.raises(SystemExit) as stopped:
        demo.main(argv)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_what_is_there_is_read_again(demo, folder, capsys):
    for _ in range(2):
        assert demo.main(["in/a.png", "--format", "txt", "--output", "out"]) == 0
    out, err = capsys.readouterr()
    assert out == "合同 3\n" * 2
    assert err == "documents read: 1, pages: 1, failed: 0; files in out\n" * 2
    assert files(folder / "out") == ["a.txt"]


def test_help_runs_as_a_script():
    root = SCRIPT.parents[1]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(root)},
    )
    assert "examples:" in done.stdout
    assert "default: demo-output" in done.stdout
