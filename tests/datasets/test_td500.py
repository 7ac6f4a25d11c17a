"""MSRA-TD500 as published, and converted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ctpn_crnn.datasets import read_td500
from ctpn_crnn.errors import DatasetError


def write(folder: Path, text: str) -> Path:
    (folder / "IMG_1.JPG").write_bytes(b"")
    (folder / "IMG_1.gt").write_text(text, encoding="utf-8")
    return folder


def test_turned_boxes(tmp_path: Path) -> None:
    quarter = math.pi / 2
    folder = write(tmp_path, f"0 0 10 20 40 8 0\n1 1 10 20 40 8 {quarter}\n2 0 0 0 20 10 {math.atan2(3, 4)}\n")
    (page,) = read_td500(folder)
    plain, upright, slanted = page.regions
    assert page.path.name == "IMG_1.JPG"
    np.testing.assert_allclose(plain.quad, [[10, 20], [50, 20], [50, 28], [10, 28]])
    # Centre (30, 24); a quarter turn clockwise takes the top left corner to the top right.
    np.testing.assert_allclose(upright.quad, [[34, 4], [34, 44], [26, 44], [26, 4]], atol=1e-4)
    # Centre (10, 5); cos .8, sin .6: (-10, -5) becomes (-8 + 3, -6 - 4).
    np.testing.assert_allclose(slanted.quad, [[5, -5], [21, 7], [15, 15], [-1, 3]], atol=1e-4)
    assert [r.ignore for r in page.regions] == [False, True, False]
    assert all(r.text is None for r in page.regions)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0 1 2 3 4", "6 fields"),
        ("0 0 1 2 3 x 0", "'x' is not"),
        ("0 2 1 2 3 4 0", "difficulty"),
        ("0 0 1 2 0 4 0", "no area"),
    ],
)
def test_names_file_and_line(tmp_path: Path, line: str, reason: str) -> None:
    folder = write(tmp_path, f"0 0 10 20 40 8 0\n{line}\n")
    with pytest.raises(DatasetError, match=rf"IMG_1\.gt:2: .*{reason}"):
        read_td500(folder)
    assert read_td500(folder, on_error="skip") == []


def test_image_without_truth(tmp_path: Path) -> None:
    (tmp_path / "IMG_2.JPG").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"IMG_2\.gt: cannot be read"):
        read_td500(tmp_path)


def test_converted_form(tmp_path: Path) -> None:
    for name in ("images", "gt"):
        (tmp_path / name).mkdir()
    (tmp_path / "images" / "IMG_3.jpg").write_bytes(b"")
    (tmp_path / "gt" / "IMG_3.txt").write_text("0,0,9,0,9,5,0,5,###\n", encoding="utf-8")
    (page,) = read_td500(tmp_path)
    assert page.regions[0].ignore
