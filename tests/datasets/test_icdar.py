"""The ICDAR 2015 form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctpn_crnn.datasets import read_icdar
from ctpn_crnn.errors import DatasetError

BOX = "10,20,30,20,30,28,10,28"
QUAD = [[10, 20], [30, 20], [30, 28], [10, 28]]


def make_set(folder: Path, truths: dict[str, str], images: tuple[str, ...]) -> Path:
    (folder / "images").mkdir()
    (folder / "gt").mkdir()
    for name in images:
        (folder / "images" / name).write_bytes(b"")
    for name, text in truths.items():
        (folder / "gt" / name).write_bytes(text.encode("utf-8"))
    return folder


def test_texts_commas_ignored_unknown_and_formula(tmp_path: Path) -> None:
    lines = [f"{BOX},a, b,c", f"{BOX},###", f"{BOX},", BOX, f"{BOX},formula"]
    folder = make_set(tmp_path, {"p.txt": "\ufeff" + "\r\n".join(lines)}, ("p.jpg",))
    regions = read_icdar(folder, formula_text="formula")[0].regions
    assert [(r.text, r.kind, r.ignore) for r in regions] == [
        ("a, b,c", "text", False),
        (None, "text", True),
        (None, "text", False),
        (None, "text", False),
        (None, "formula", False),
    ]
    assert all(r.quad.dtype == np.float32 and r.quad.tolist() == QUAD for r in regions)
    assert read_icdar(folder)[0].regions[-1].text == "formula"


def test_names_of_truth_files(tmp_path: Path) -> None:
    truths = {"gt_img_1.txt": f"{BOX},one", "img_2.txt": "", "gt_3.txt": f"{BOX},three"}
    folder = make_set(tmp_path, truths, ("img_1.JPG", "img_2.png", "gt_3.jpg"))
    pages = {page.path.name: [r.text for r in page.regions] for page in read_icdar(folder)}
    assert pages == {"img_1.JPG": ["one"], "img_2.png": [], "gt_3.jpg": ["three"]}


def test_corner_order_is_mended(tmp_path: Path) -> None:
    anticlockwise = "10,20,10,28,30,28,30,20,x"
    crossed = "10,20,30,28,30,20,10,28,x"
    upside_down = "30,28,10,28,10,20,30,20,x"
    folder = make_set(tmp_path, {"p.txt": "\n".join([anticlockwise, crossed, upside_down])}, ("p.jpg",))
    quads = [region.quad.tolist() for region in read_icdar(folder)[0].regions]
    assert quads[0] == QUAD
    assert quads[1] == QUAD
    assert quads[2] == [[30, 28], [10, 28], [10, 20], [30, 20]], "clockwise already: the text stands on its head"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,2,3,4,text", "5 fields"),
        ("10,20,30,20,30,28,10,oops,text", "'oops' is not a number"),
        ("10,20,30,20,30,28,10,nan,text", "not finite"),
        ("10,20,30,20,20,20,10,20,text", "no area"),
    ],
)
def test_names_file_and_line(tmp_path: Path, line: str, reason: str) -> None:
    folder = make_set(tmp_path, {"bad.txt": f"{BOX},fine\n{line}\n", "good.txt": BOX}, ("bad.jpg", "good.jpg"))
    with pytest.raises(DatasetError, match=rf"bad\.txt:2: .*{reason}"):
        read_icdar(folder)
    skipped: list[DatasetError] = []
    pages = read_icdar(folder, on_error="skip", skipped=skipped)
    assert [page.path.name for page in pages] == ["good.jpg"], "a page that lost a region is skipped as a whole"
    assert len(skipped) == 1


def test_partners_missing(tmp_path: Path) -> None:
    folder = make_set(tmp_path, {"b.txt": BOX}, ("a.jpg",))
    skipped: list[DatasetError] = []
    assert read_icdar(folder, on_error="skip", skipped=skipped) == []
    assert "no gt/a.txt" in str(skipped[0]) and "no image b" in str(skipped[1])
    with pytest.raises(DatasetError, match="no such folder"):
        read_icdar(folder / "elsewhere")
