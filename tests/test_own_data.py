"""The commands of docs/own-data.md, on a tiny set that is rendered here."""

import re
import shlex
from pathlib import Path

import cv2
import pytest
from PIL import Image, ImageDraw, ImageFont

from ctpn_crnn import commands

ROOT = Path(__file__).parents[1]
FONT = ROOT / "ctpn_crnn" / "assets" / "CtpnCrnnSans.woff2"
NEW = "ʘ"  # a character that the shipped reader does not know
TEXTS = ("合同 12", "kg 3.5", f"A{NEW}7", "编号 9")


def commands_of_the_document() -> list[list[str]]:
    lines = re.findall(
        r"^    (python tools/.*|ctpn-crnn .*)$", (ROOT / "docs" / "own-data.md").read_text("utf-8"), re.M
    )
    return [shlex.split(line) for line in lines]


def python_of_the_document() -> str:
    return re.search(r"```python\n(.*?)```", (ROOT / "docs" / "own-data.md").read_text("utf-8"), re.S)[1]


def write_lines(folder: Path, texts: tuple[str, ...]) -> None:
    folder.mkdir()
    font = ImageFont.truetype(str(FONT), 24)
    rows = []
    for number, text in enumerate(texts):
        image = Image.new("L", (max(30, int(font.getlength(text)) + 8), 32), 255)
        ImageDraw.Draw(image).text((4, 2), text, font=font, fill=0)
        image.save(folder / f"{number}.png")
        rows.append(f"{number}.png\t{text}\n")
    (folder / "lines.tsv").write_text("".join(rows), encoding="utf-8")


def write_page(path: Path) -> None:
    page = Image.new("RGB", (320, 96), "white")
    font = ImageFont.truetype(str(FONT), 28)
    ImageDraw.Draw(page).text((20, 30), "合同编号 2024", font=font, fill="black")
    page.save(path)


def test_the_document_names_every_step():
    names = [words[1] for words in commands_of_the_document()]
    assert names == ["tools/train_crnn.py", "evaluate", "evaluate", "export", "read"]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of tf2onnx and TensorFlow
def test_the_walk(tmp_path, monkeypatch, capsys, load_tool):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "my_lines", TEXTS)
    write_lines(tmp_path / "my_dev", TEXTS[:2])
    write_page(tmp_path / "page.png")
    exec(compile(python_of_the_document(), "own-data.md", "exec"), {})  # the document's own words
    assert capsys.readouterr().out == f"new: {NEW}\n"

    train, _, after, export, read = commands_of_the_document()
    tiny = ["--fonts", str(FONT), "--widths", "96", "--pixels", "192", "--dev-lines", "2", "--steps", "2"]
    tiny += ["--processes", "0", "--lines-share", "1", "--precision", "float32"]
    train[train.index("--init") + 1] = str(ROOT / "ctpn_crnn" / "weights" / "crnn.h5")
    assert load_tool("train_crnn").main([*train[2:], *tiny]) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    assert "4 of 4 lines of my_lines are narrow enough" in out and "my_dev_cer" in out

    assert commands.main(export[1:]) == 0, capsys.readouterr().err
    assert commands.main([*after[1:], "--runtime", "keras"]) == 0, capsys.readouterr().err
    assert commands.main([*read[1:], "--runtime", "onnx", "--output", "out"]) == 0, capsys.readouterr().err
    assert (tmp_path / "out" / "page.txt").exists()

    from ctpn_crnn import LineReader

    exported = LineReader("my_reader.onnx", runtime="onnx")
    trained = LineReader("runs/mine/crnn.h5", runtime="keras", precision="float32")
    assert NEW in exported.charset and exported.charset == trained.charset
    crops = [cv2.imread(str(path)) for path in sorted((tmp_path / "my_lines").glob("*.png"))]
    assert [one.text for one in exported.read(crops)] == [one.text for one in trained.read(crops)]


@pytest.mark.parametrize(
    "change, message",
    [
        (["--frame-steps", "2"], "--frame-steps 2"),
        (["--lines-share", "2"], "--lines-share 2.0"),
        (["--lines", "none"], "none"),
        (["--widths", "16"], "every line of my_lines is wider"),
    ],
)
def test_bad_input_is_told_before_the_training(tmp_path, monkeypatch, capsys, load_tool, change, message):
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "my_lines", ("123",))
    (tmp_path / "charset.txt").write_text("1\n2\n3\n", encoding="utf-8")
    argv = ["run", "--lines", "my_lines", "--charset", "charset.txt", "--steps", "2", "--precision", "float32"]
    assert load_tool("train_crnn").main([*argv, *change]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1 and not (tmp_path / "run").exists()
