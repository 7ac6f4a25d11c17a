"""Which samples of a set are scored."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ctpn_crnn.datasets import is_held_out
from ctpn_crnn.errors import DatasetError
from ctpn_crnn.evaluation.sets import EvaluationSet


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Twenty pages with a line each, one of which has a malformed file."""
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    for number in range(20):
        cv2.imwrite(str(tmp_path / "images" / f"{number}.png"), np.zeros((8, 8), np.uint8))
        (tmp_path / "gt" / f"{number}.txt").write_text("bad" if number == 7 else "0,0,4,0,4,2,0,2,a", encoding="utf-8")
    return tmp_path


def test_malformed_pages_are_left_out_and_named(pages: Path) -> None:
    samples = EvaluationSet(pages)
    assert len(samples.pages()) == 19 and "7.txt" in str(samples.unread[0])
    assert len(EvaluationSet(pages).lines()) == 19


def test_parts_divide_the_set(pages: Path) -> None:
    parts = {part: {page.path for page in EvaluationSet(pages, part).pages()} for part in ("all", "train", "held-out")}
    assert parts["train"] | parts["held-out"] == parts["all"] and not parts["train"] & parts["held-out"]
    assert all(map(is_held_out, parts["held-out"]))


def test_a_limit_chooses_so_many(pages: Path) -> None:
    assert len(EvaluationSet(pages, limit=4).pages()) == 4


def test_a_line_list_is_read_as_lines(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8), np.uint8))
    (tmp_path / "lines.tsv").write_text("a.png\tx\nmissing.png\ty\n", encoding="utf-8")
    samples = EvaluationSet(tmp_path)
    assert [line.text for line in samples.lines()] == ["x"] and len(samples.unread) == 1


def test_a_set_without_samples_is_an_error_that_names_the_first_problem(tmp_path: Path) -> None:
    (tmp_path / "lines.tsv").write_text("missing.png\ty\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no lines whose text is known.*first problem of 1.*missing.png"):
        EvaluationSet(tmp_path).lines()
