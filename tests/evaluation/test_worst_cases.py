"""The worst cases that are kept, and the files that show them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import OutputError
from ctpn_crnn.evaluation.worst_cases import WorstCase, WorstCases, write_cases


def case(name: str, badness: float, **facts: str) -> WorstCase:
    return WorstCase(name, badness, np.full((4, 6, 3), 7, np.uint8), facts)


def test_the_worst_are_kept_worst_first_and_of_equals_the_first() -> None:
    worst = WorstCases(2)
    for name, badness in (("a", 1), ("b", 3), ("c", 1), ("d", 0), ("e", 2), ("f", 2)):
        worst.add(case(name, badness))
    assert [kept.name for kept in worst.cases()] == ["b", "e"]
    assert worst.would_keep(2.5) and not worst.would_keep(2) and not worst.would_keep(0)


def test_with_a_limit_of_nothing_no_case_is_kept() -> None:
    worst = WorstCases(0)
    worst.add(case("a", 1))
    assert worst.cases() == []


def test_facts_and_pictures_are_written(tmp_path: Path) -> None:
    write_cases([case("a<b.png", 1, truth="x\ty", reading="1\n2"), case("c.png", 1, cer="0.5")], tmp_path / "worst")
    rows = [row.split("\t") for row in (tmp_path / "worst" / "errors.tsv").read_text("utf-8").splitlines()]
    assert rows[0] == ["number", "name", "truth", "reading", "cer"]
    assert rows[1:] == [["0001", "a<b.png", "x y", "1 / 2", ""], ["0002", "c.png", "", "", "0.5"]]
    assert "a&lt;b.png" in (tmp_path / "worst" / "errors.html").read_text("utf-8")
    assert cv2.imread(str(tmp_path / "worst" / "0002.png")).shape == (4, 6, 3)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot make the folder"):
        write_cases([], tmp_path / "file")
