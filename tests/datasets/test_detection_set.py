"""Telling the forms apart; the held-out part."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ctpn_crnn.datasets import PageTruth, detection_set, is_held_out, read_detection_set
from ctpn_crnn.datasets.detection_set import DetectionFormat
from ctpn_crnn.errors import DatasetError


def test_forms(tmp_path: Path) -> None:
    icdar, voc, td500 = (tmp_path / name for name in ("icdar", "voc", "td500"))
    for folder in (icdar / "images", icdar / "gt", voc, td500):
        folder.mkdir(parents=True)
    for image in (icdar / "images" / "a.jpg", voc / "a.jpg", td500 / "a.jpg"):
        image.write_bytes(b"")
    (icdar / "gt" / "a.txt").write_text("0,0,4,0,4,2,0,2,formula", encoding="utf-8")
    (voc / "a.xml").write_text("<annotation/>", encoding="utf-8")
    (td500 / "a.gt").write_text("0 1 0 0 4 2 0", encoding="utf-8")
    assert read_detection_set(icdar, formula_text="formula")[0].regions[0].kind == "formula"
    assert read_detection_set(voc)[0].regions == []
    assert read_detection_set(td500)[0].regions[0].ignore


def test_another_form_is_one_more_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PageTruth(tmp_path / "a.jpg")
    form = DetectionFormat(
        "truth.json (ours)", lambda folder: (folder / "truth.json").is_file(), lambda folder, on_error, skipped: [page]
    )
    monkeypatch.setattr(detection_set, "FORMATS", (*detection_set.FORMATS, form))
    with pytest.raises(DatasetError, match=r".gt files \(MSRA-TD500\) or truth.json \(ours\)"):
        read_detection_set(tmp_path)
    (tmp_path / "truth.json").touch()
    assert read_detection_set(tmp_path, formula_text="formula") == [page]


def test_none_of_them(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="neither a detection set.*nor lines to read, which have lines.tsv"):
        read_detection_set(tmp_path)
    with pytest.raises(DatasetError, match="no such folder"):
        read_detection_set(tmp_path / "none")


def test_held_out() -> None:
    # CRC-32 of "123456789" is 0xCBF43926 = 3421780262, its published check value: even, and 2 modulo 5.
    assert not is_held_out("a/123456789.jpg")
    assert is_held_out("b/123456789.png", every=2)
    assert 150 < sum(is_held_out(f"{i}.jpg") for i in range(1000)) < 250


def test_needs_no_framework() -> None:
    code = (
        "import sys, ctpn_crnn.datasets, ctpn_crnn.evaluation as e; print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"
