"""Which samples of a set are scored."""

import cv2
import numpy as np
import pytest

from ctpn_crnn.errors import DatasetError
from ctpn_crnn.evaluation.sets import EvaluationSet


@pytest.fixture
def folder(tmp_path):
    """Pages a and c; the CRC-32 of "c" is a multiple of 5, so that it is held out."""
    for stem in ("a", "c"):
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "gt").mkdir(exist_ok=True)
        (tmp_path / "images" / f"{stem}.png").write_bytes(cv2.imencode(".png", np.zeros((40, 40, 3), np.uint8))[1])
        truth = f"1,1,30,1,30,9,1,9,{stem}\n1,11,30,11,30,19,1,19,###\n1,21,30,21,30,29,1,29,formula\n"
        (tmp_path / "gt" / f"{stem}.txt").write_text(truth, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("part, stems", [("all", ["a", "c"]), ("train", ["a"]), ("held-out", ["c"])])
def test_parts_of_a_detection_set(folder, part, stems):
    chosen = EvaluationSet(folder, part)
    assert [page.path.stem for page in chosen.pages()] == stems
    lines = [page.regions[index].text for page, index in chosen.lines()]
    assert lines == stems, "neither unreadable regions nor formulas are read"


def test_a_random_choice_keeps_the_order_and_is_repeatable(tmp_path):
    (tmp_path / "lines.tsv").write_text("".join(f"{n}.png\t{n}\n" for n in range(20)))
    for n in range(20):
        (tmp_path / f"{n}.png").write_bytes(b"")
    numbers = [int(line.text) for line in EvaluationSet(tmp_path, limit=5, seed=3).lines()]
    assert len(numbers) == 5 and numbers == sorted(numbers)
    assert numbers == [int(line.text) for line in EvaluationSet(tmp_path, limit=5, seed=3).lines()]
    assert numbers != [int(line.text) for line in EvaluationSet(tmp_path, limit=5, seed=4).lines()]


def test_an_empty_set_is_refused_with_its_first_problem(folder):
    for stem in ("a", "c"):
        (folder / "gt" / f"{stem}.txt").write_text("1,1,30,x\n", encoding="utf-8")
    chosen = EvaluationSet(folder)
    with pytest.raises(DatasetError, match=r"no images with ground truth .*; the first problem of 2: .*a\.txt:1"):
        chosen.pages()
    assert len(chosen.unread) == 2
