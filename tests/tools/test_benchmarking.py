import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarking import EngineProcess, EngineSpec, Plan, benchmark_tables, benchmark_to_dict, run_benchmark
from benchmarking.comparison import EngineResult, growth, page_of
from benchmarking.engine_process import EngineError
from benchmarking.worker import tesseract_lines
from ctpn_crnn.datasets.samples import PageTruth, TruthRegion
from ctpn_crnn.errors import ConfigError, ImageError
from ctpn_crnn.evaluation.report import to_json

FAKE = """#!{python}
import sys, time, os
if sys.argv[1] == "--version":
    print("tesseract 9.9")
elif sys.argv[1] == "--list-langs":
    print("List of available languages\\neng\\nosd")
elif "bad" in sys.argv[1]:
    sys.exit("Error: cannot read this")
elif "slow" in sys.argv[1]:
    time.sleep(60)
else:
    print("level\\tpage_num\\tblock_num\\tpar_num\\tline_num\\tword_num\\tleft\\ttop\\twidth\\theight\\tconf\\ttext")
    print("4\\t1\\t1\\t1\\t1\\t0\\t2\\t3\\t30\\t10\\t-1\\t")
    print("5\\t1\\t1\\t1\\t1\\t1\\t2\\t3\\t10\\t10\\t90\\tab")
    print("5\\t1\\t1\\t1\\t1\\t2\\t15\\t4\\t17\\t8\\t70\\tcd")
"""


@pytest.fixture
def tesseract(tmp_path):
    """A stand-in that finds "ab cd" on every page."""
    program = tmp_path / "tesseract"
    program.write_text(FAKE.format(python=sys.executable))
    program.chmod(0o755)
    return EngineSpec("fake", "tesseract", {"program": str(program)})


def image(folder: Path, name: str) -> Path:
    path = folder / name
    cv2.imwrite(str(path), np.full((20, 40, 3), 255, np.uint8))
    return path


def test_tesseract_words_of_a_line_are_joined():
    header = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    words = '5\t1\t1\t1\t1\t1\t2\t3\t10\t10\t90\ta"b\n5\t1\t1\t1\t1\t2\t15\t4\t17\t8\t70\tcd\n'
    words += "5\t1\t1\t1\t2\t1\t0\t0\t1\t1\t-1\t \n"  # a word of nothing but space
    (line,) = tesseract_lines(header + words)
    assert line == {"text": 'a"b cd', "quad": [[2, 3], [32, 3], [32, 13], [2, 13]], "confidence": pytest.approx(0.8)}
    assert tesseract_lines(header) == []


def test_growth_is_from_the_first_tenth_to_the_last():
    assert growth([100] * 10 + [130] * 10) == 30
    assert growth([5, 5, 900, 5]) == 0  # one large page in between is no growth
    assert growth([5]) is None and growth([]) is None


def test_a_page_with_truth_is_scored_and_a_bad_one_is_named(tesseract, tmp_path):
    quad = np.float32([[2, 3], [32, 3], [32, 13], [2, 13]])
    pages = [PageTruth(image(tmp_path, name), [TruthRegion(quad, "abce")]) for name in ("one.png", "bad.png")]
    other = EngineSpec("other", "easyocr", python=str(tmp_path / "no-python"))
    result, absent = run_benchmark([tesseract, other], pages, Plan(repeats=2, threads=1, growth_pages=2))
    assert result.version == "9.9 (eng)"
    # "abcd" for "abce": 3 of 4 characters are shared.
    assert (result.score["pages"], result.score["character_f1"], result.score["cer"]) == (1, 0.75, 0.25)
    assert result.lines == [1, 1]  # the good page, twice
    assert result.cold_start > max(result.seconds) > 0
    assert result.ms_a_line == pytest.approx(500 * sum(result.seconds))
    assert [page for page, _ in result.failures] == ["bad.png"] * 3  # twice, and once while memory was looked at
    assert "cannot read this" in result.failures[0][1]
    assert result.peak > 1e6
    assert "cannot run" in absent.absent
    table = benchmark_tables([result, absent], Plan())
    assert "fake 9.9 (eng)" in table and "other: took no part" in table
    assert '"character_f1": 0.75' in to_json(benchmark_to_dict([result, absent], Plan()))


def test_an_engine_that_does_not_answer_is_ended(tesseract, tmp_path):
    with EngineProcess(tesseract, 1, timeout=20) as process:
        process._timeout = 0.5
        with pytest.raises(EngineError, match="no answer within 0.5 s"):
            process.read(image(tmp_path, "slow.png"))
        assert not process.alive


def test_an_engine_that_is_not_installed_says_what_is_missing():
    with pytest.raises(EngineError, match="rapidocr_onnxruntime is not installed|no module"):
        EngineProcess(EngineSpec("x", "rapidocr_onnxruntime"), 1, 60)


def test_what_makes_no_sense_is_refused(tesseract, tmp_path):
    for wrong in ({"repeats": 0}, {"threads": 0}, {"growth_pages": -1}, {"timeout": 0}):
        with pytest.raises(ConfigError, match="at least"):
            Plan(**wrong)
    with pytest.raises(ConfigError, match="at least one page"):
        run_benchmark([tesseract], [], Plan())
    with pytest.raises(ConfigError, match="same name"):
        run_benchmark([tesseract, tesseract], [image(tmp_path, "a.png")], Plan())
    with pytest.raises(ImageError):
        run_benchmark([tesseract], [tmp_path / "missing.png"], Plan())


def test_a_page_without_lines(tmp_path):
    page = page_of([], image(tmp_path, "a.png"))
    assert (page.width, page.height, page.lines) == (40, 20, [])
    assert EngineResult("x").seconds_a_page is None and EngineResult("x").ms_a_line is None
