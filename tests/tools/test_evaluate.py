"""The evaluation script, with networks that are faked: what is given to them and what is made of their answers."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from ctpn_crnn.commands import evaluate
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Char, Page, TextLine


@dataclass
class Reading:
    text: str
    confidence: float
    chars: list = field(default_factory=list)


@dataclass
class Region:
    quad: np.ndarray
    score: float
    kind: str


class FakeReader:
    """Reads "w<width>" off every crop; refuses batches that hold a crop 13 px wide."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def read(self, crops: list[np.ndarray]) -> list[Reading]:
        self.batches.append(len(crops))
        if any(crop.shape[1] == 13 for crop in crops):
            raise ConfigError("unlucky")
        return [Reading(f"w{crop.shape[1]}", 0.5) for crop in crops]


class FakeDetector:
    """Finds the same box on every image."""

    def detect(self, image: np.ndarray) -> list[Region]:
        assert image.dtype == np.uint8 and image.shape[2] == 3
        return [Region(box_to_quad(10, 10, 50, 20), 0.9, "text")]


class FakeRecognizer:
    """Reads the same line on every image."""

    def recognize(self, image: np.ndarray) -> Page:
        return Page(image.shape[1], image.shape[0], [TextLine("ab", 0.9, box_to_quad(10, 10, 50, 20))])


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, load_tool) -> ModuleType:
    module = load_tool("evaluate")
    module.reader = FakeReader()
    monkeypatch.setattr(evaluate, "make_reader", lambda arguments: module.reader)
    monkeypatch.setattr(evaluate, "make_detector", lambda arguments: FakeDetector())
    monkeypatch.setattr(evaluate, "make_recognizer", lambda arguments: FakeRecognizer())
    return module


def write_image(path: Path, width: int, height: int = 32) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.zeros((height, width, 3), np.uint8))[1].tobytes())


@pytest.fixture
def line_set(tmp_path: Path) -> Path:
    folder = tmp_path / "lines"
    rows = [(20, "W20"), (30, "w30."), (40, "x40")]
    for width, _ in rows:
        write_image(folder / f"{width}.png", width)
    (folder / "lines.tsv").write_text("".join(f"{w}.png\t{text}\n" for w, text in rows), encoding="utf-8")
    return folder


@pytest.fixture
def page_set(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "gt").mkdir(parents=True)
    lines = ["10,10,50,10,50,20,10,20,ab", "10,40,30,40,30,50,10,50,w20", "10,60,30,60,30,70,10,70,###"]
    for stem, truth in (("a", lines), ("c", lines[:1])):
        write_image(folder / "images" / f"{stem}.png", 100, 100)
        (folder / "gt" / f"{stem}.txt").write_text("\n".join(truth), encoding="utf-8")
    return folder


def test_recognition(tool: ModuleType, line_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.json"
    assert tool.main(["recognition", str(line_set), "--json", str(file), "--batch-size", "2"]) == 0
    assert tool.reader.batches == [2, 1]
    report = json.loads(file.read_text(encoding="utf-8"))
    # Lower case: w20 is right; w30. lacks a point; x40 has one letter wrong: 2 edits of 3 + 4 + 3.
    assert report["scores"]["default"]["exact"] == pytest.approx(1 / 3)
    assert report["scores"]["default"]["cer"] == pytest.approx(2 / 10)
    assert report["scores"]["english"]["exact"] == pytest.approx(2 / 3)
    assert report["scores"]["raw"]["exact"] == 0
    assert report["scores"]["confusions"] == [[".", "", 1], ["x", "w", 1]]
    assert report["settings"]["seed"] == 0 and report["skipped"] == []
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| lines | NFKC, lower case, no spaces | 3 | 0.333 |")


def test_calibration_is_fitted(
    tool: ModuleType,
    line_set: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    read = FakeReader.read
    chars = [Char("w", 0.9, 0, 0.5), Char("2", 0.5, 0.5, 1)]
    monkeypatch.setattr(FakeReader, "read", lambda self, crops: [replace(r, chars=chars) for r in read(self, crops)])
    file = tmp_path / "out.json"
    assert tool.main(["recognition", str(line_set), "--fit-calibration", "--json", str(file)]) == 0
    # One of three is right, and all have the product .45.
    fit = json.loads(file.read_text(encoding="utf-8"))["scores"]["calibration"]
    assert fit["calibration"] == pytest.approx(math.log(1 / 3) / math.log(0.45))
    assert (fit["lines"], fit["before"], fit["after"]) == (3, pytest.approx(0.45 - 1 / 3), pytest.approx(0, abs=1e-9))
    assert "calibration 1.376, fitted to 3 lines" in capsys.readouterr().out
    # With letters and digits only, two of three are.
    assert tool.main(["recognition", str(line_set), "--fit-calibration", "--english"]) == 0
    assert f"calibration {math.log(2 / 3) / math.log(0.45):.4g}," in capsys.readouterr().out


def test_calibration_needs_lines_of_both_kinds(
    tool: ModuleType, line_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["recognition", str(line_set), "--fit-calibration"]) == 2  # The fake tells no characters.
    assert "no confidence can be fitted" in capsys.readouterr().err


def test_search_options_reach_the_reader(monkeypatch: pytest.MonkeyPatch, line_set: Path) -> None:
    made: list[dict] = []

    def make(**options: object) -> FakeReader:
        made.append(options)
        return FakeReader()

    monkeypatch.setattr("ctpn_crnn.LineReader", make, raising=False)
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    search = ["--beam-width", "5", "--language-model", "lm.npz", "--lm-weight", "0.2", "--length-bonus", "0"]
    for options in ([], search):
        assert evaluate.run(parser.parse_args(["recognition", str(line_set), *options])) == 0
    networks = {"weights": None, "runtime": "auto", "precision": "auto", "language_model": "auto"}
    given = {"beam_width": 5, "language_model": "lm.npz", "lm_weight": 0.2, "length_bonus": 0.0}
    assert made == [networks, {**networks, **given}]


def test_english_comes_first(tool: ModuleType, line_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["recognition", str(line_set), "--english"]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith("| lines | letters and digits only | 3 | 0.667 |")


def test_recognition_of_quads(tool: ModuleType, page_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["recognition", str(page_set), "--errors", "5"]) == 0
    out = capsys.readouterr().out
    # Three lines with text: "ab" twice, 40 px wide, and w20, which is 20 px wide.
    assert "| pages | NFKC, lower case, no spaces | 3 | 0.333 |" in out
    assert "a.png#line=1 | 3 | 0.500 | ab | w40 |" in out and "#line=2" not in out


def test_detection(tool: ModuleType, page_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.json"
    assert tool.main(["detection", str(page_set), "--json", str(file), "--errors", str(tmp_path / "worst")]) == 0
    scores = json.loads(file.read_text(encoding="utf-8"))["scores"]
    assert (scores["iou"]["precision"], scores["iou"]["recall"]) == (1, pytest.approx(2 / 3))
    assert (scores["deteval"]["precision"], scores["deteval"]["recall"]) == (1, pytest.approx(2 / 3))
    assert scores["ends"]["median_px"] == 0 and "iou_formula" not in scores
    assert "| pages | IoU .5 | 1.000 | 0.667 | 0.800 | 3 | 2 |" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "worst").iterdir()) == ["0001.png", "errors.html", "errors.tsv"]


def test_detection_by_kind(tool: ModuleType, page_set: Path, tmp_path: Path) -> None:
    (page_set / "gt" / "c.txt").write_text("10,10,50,10,50,20,10,20,formula", encoding="utf-8")
    file = tmp_path / "out.json"
    assert tool.main(["detection", str(page_set), "--json", str(file)]) == 0
    scores = json.loads(file.read_text(encoding="utf-8"))["scores"]
    assert (scores["iou_formula"]["recall"], scores["iou_text"]["precision"]) == (0, 0.5)


def test_pages(tool: ModuleType, page_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.json"
    assert tool.main(["pages", str(page_set), "--json", str(file), "--errors", str(tmp_path / "worst")]) == 0
    scores = json.loads(file.read_text(encoding="utf-8"))["scores"]["pages"]
    assert scores["cer"] == pytest.approx(3 / 7) and scores["character_recall"] == pytest.approx(4 / 7)
    assert "| pages | 2 | 0.429 | 0.429 | 0.727 |" in capsys.readouterr().out
    assert "w20" in (tmp_path / "worst" / "errors.html").read_text(encoding="utf-8")


def test_choice_is_repeatable(tool: ModuleType, line_set: Path, tmp_path: Path) -> None:
    def chosen(seed: int) -> str:
        file = tmp_path / "out.json"
        assert tool.main(["recognition", str(line_set), "--limit", "1", "--seed", str(seed), "--json", str(file)]) == 0
        scores = json.loads(file.read_text(encoding="utf-8"))["scores"]
        assert scores["raw"]["lines"] == 1
        return str(scores)

    assert chosen(3) == chosen(3)
    assert len({chosen(seed) for seed in range(12)}) > 1


def test_bad_files_are_named_and_skipped(
    tool: ModuleType, line_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_image(line_set / "13.png", 13)
    (line_set / "broken.png").write_bytes(b"no image")
    with (line_set / "lines.tsv").open("a", encoding="utf-8") as file:
        file.write("broken.png\tx\nmissing.png\ty\n13.png\tw13\n")
    assert tool.main(["recognition", str(line_set), "--json", str(tmp_path / "out.json")]) == 1
    captured = capsys.readouterr()
    assert "| 3 | 0.333 |" in captured.out, "the others are scored, those of the failed batch too"
    for name in ("lines.tsv:5", "broken.png", "13.png: unlucky"):
        assert name in captured.err
    assert len(json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["skipped"]) == 3


def test_bad_pages_are_skipped(tool: ModuleType, page_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (page_set / "images" / "c.png").write_bytes(b"no image")
    assert tool.main(["pages", str(page_set)]) == 1
    assert "| pages | 1 |" in capsys.readouterr().out
    (page_set / "images" / "a.png").write_bytes(b"no image")
    assert tool.main(["pages", str(page_set)]) == 2
    assert "none of its samples could be scored" in capsys.readouterr().err


@pytest.mark.parametrize("task", ["recognition", "detection", "pages"])
def test_bad_input_is_one_sentence(
    tool: ModuleType, task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path / "none", tmp_path):
        assert tool.main([task, str(folder)]) == 2
        message = capsys.readouterr().err
        assert message.startswith("error: ") and message.count("\n") == 1


@pytest.mark.parametrize("options", [["--json", "none/out.json"], ["--errors", "file"]])
def test_bad_output_fails_before_the_work(
    tool: ModuleType, line_set: Path, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert tool.main(["recognition", str(line_set), *options]) == 2
    assert tool.reader.batches == []


@pytest.mark.parametrize("argv", [[], ["recognition"], ["ocr", "x"], ["pages", "x", "--limit", "0"]])
def test_usage(tool: ModuleType, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        tool.main(argv)
    assert error.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_parts(tool: ModuleType, page_set: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    counts = {}
    for part in ("all", "train", "held-out"):
        code = tool.main(["detection", str(page_set), "--part", part, "--json", str(file)])
        counts[part] = json.loads(file.read_text(encoding="utf-8"))["scores"]["iou"]["truth"] if code == 0 else 0
    # CRC-32 of "a" is 0xE8B7BE43, 2 modulo 5; that of "c" 0x06B9DF6F, a multiple of 5.
    assert counts == {"all": 3, "train": 2, "held-out": 1}
