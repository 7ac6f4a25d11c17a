"""The synthesize script and the sets that it writes."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import pytest

import ctpn_crnn
from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.datasets.icdar import read_icdar
from ctpn_crnn.datasets.line_list import read_line_list
from ctpn_crnn.synthesis.lines import LineStyle

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools" / "synthesize.py"
FONTS = ["--fonts", str(Path(ctpn_crnn.__file__).parent / "assets")]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """One cache of the fonts' coverage for all tests, away from the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def tool(load_tool):
    return load_tool("synthesize")


def test_pages(tool, tmp_path, capsys):
    output = tmp_path / "set"
    styles = "receipt=2,table,document"
    arguments = ["pages", str(output), "--count", "4", "--size", "200x300", "--styles", styles, "--sheet", *FONTS]
    assert tool.main(arguments) == 0
    assert "4 pages in" in capsys.readouterr().out
    pages = read_icdar(output)
    assert len(pages) == 4
    assert all(cv2.imread(str(page.path)).shape == (300, 200, 3) for page in pages)
    assert sum(len(page.regions) for page in pages) > 10
    assert cv2.imread(str(output / "sheet.png")).shape[1] == 1600


def test_families_are_those_that_training_knows(tool, tmp_path, monkeypatch):
    asked = []

    class Library:
        def split(self, held_out):
            asked.append(held_out)
            return "training fonts", "held-out fonts"

    library = Library()
    monkeypatch.setattr(tool.FontLibrary, "discover", lambda folders: library)
    monkeypatch.setattr(tool, "LineSynthesizer", lambda fonts, corpus, grounds, style: fonts)
    given = [["--families", "all"], ["--families", "training"], ["--families", "held-out"]]
    fonts = [
        tool.make_synthesizer(tool.parse_arguments(["lines", str(tmp_path / "set"), *options])).synthesizer
        for options in given
    ]
    assert fonts == [library, "training fonts", "held-out fonts"]
    assert asked == [0.08, 0.08]


def test_lines(tool, tmp_path):
    output = tmp_path / "set"
    assert tool.main(["lines", str(output), "--count", "5", "--width", "200", "--sheet", *FONTS]) == 0
    samples = read_line_list(output)
    assert len(samples) == 5
    for sample in samples:
        image = cv2.imread(str(sample.path), cv2.IMREAD_UNCHANGED)
        assert image.shape[0] == 32 and image.shape[1] <= 200 and image.ndim == 2
    assert (output / "sheet.png").stat().st_size > 100


def test_share_of_signs(tool, tmp_path):
    def style(*options):
        return tool.make_synthesizer(tool.parse_arguments(["lines", str(tmp_path), *options, *FONTS])).synthesizer.style

    assert style("--signs", "0").signs == 0
    assert style() == LineStyle()


def test_characters_drawn(tool, tmp_path, capsys):
    output = tmp_path / "set"
    assert tool.main(["lines", str(output), "--count", "6", "--width", "200", "--characters", *FONTS]) == 0
    rows = [row.split("\t") for row in (output / "characters.tsv").read_text("utf-8").splitlines()]
    counts = {character: int(count) for character, count in rows}
    text = "".join(sample.text for sample in read_line_list(output))
    assert list(counts.values()) == sorted(counts.values())
    assert set(counts) == set(Charset.default().characters)
    assert {character: count for character, count in counts.items() if count} == dict(Counter(text))
    assert f"{len(set(text))} of {len(counts)} characters drawn" in capsys.readouterr().out


def test_characters_of_pages_are_refused(tool, tmp_path, capsys):
    assert tool.main(["pages", str(tmp_path / "set"), "--characters", *FONTS]) == 2
    assert "--characters counts the characters of lines" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_workers_do_not_change_the_set(tool, tmp_path):
    common = ["--count", "3", "--seed", "7", "--size", "128x160", "--styles", "receipt,scene", *FONTS]
    assert tool.main(["pages", str(tmp_path / "one"), *common]) == 0
    # In a process of its own: forking one that has run TensorFlow is asking for trouble.
    command = [sys.executable, str(SCRIPT), "pages", str(tmp_path / "two"), "--workers", "2", *common]
    subprocess.run(command, check=True, capture_output=True, timeout=300, env={**os.environ, "PYTHONPATH": str(ROOT)})
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(names) == 6
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_seed_gives_another_set(tool, tmp_path):
    for seed in ("1", "2"):
        assert tool.main(["lines", str(tmp_path / seed), "--count", "2", "--seed", seed, *FONTS]) == 0
    assert (tmp_path / "1" / "lines.tsv").read_bytes() != (tmp_path / "2" / "lines.tsv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fonts", "no-such-folder"], "no-such-folder"),
        (["--corpus", "no-such-folder"], "no-such-folder"),
        (["--backgrounds", "no-such-folder"], "no-such-folder"),
        (["--backgrounds", "."], "No picture"),
        (["--fonts", "."], "No usable font"),
        (["--size", "20x20", *FONTS], "20x20"),
        (["--styles", "table=-1", *FONTS], "weights"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tool, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert tool.main(["pages", "out", "--count", "1", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "bad",
    [
        ["--count", "0"],
        ["--size", "big"],
        ["--size", "608"],
        ["--size", "0x10"],
        ["--size", "608*896"],
        ["--styles", "letter"],
        ["--seed", "-1"],
        ["--signs", "2"],
        ["--signs", "few"],
    ],
)
def test_bad_usage(tool, tmp_path, bad):
    with pytest.raises(SystemExit) as stop:
        tool.parse_arguments(["pages", str(tmp_path), *bad])
    assert stop.value.code == 2


def test_a_set_is_not_written_over(tool, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    assert tool.main(["lines", str(tmp_path), "--count", "1", *FONTS]) == 2
    assert "holds a set already" in capsys.readouterr().err
