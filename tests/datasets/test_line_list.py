"""Line lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctpn_crnn.datasets import LabelledLine, read_line_list
from ctpn_crnn.errors import ConfigError, DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "b c.jpg"):
        (tmp_path / "images" / name).write_bytes(b"")
    return tmp_path


def test_reads_text_as_it_is(folder: Path) -> None:
    content = "\ufeffimages/a.jpg\t 中文 and\ttabs\r\n\nimages/b c.jpg\tform\x0cfeed\u2028stays\n"
    (folder / "lines.tsv").write_bytes(content.encode("utf-8"))
    expected = [
        LabelledLine(folder / "images/a.jpg", " 中文 and\ttabs"),
        LabelledLine(folder / "images/b c.jpg", "form\x0cfeed\u2028stays"),
    ]
    assert read_line_list(folder) == expected
    assert read_line_list(folder / "lines.tsv") == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"images/a.jpg text", "no tab"),
        (b"images/a.jpg\t  ", "no text"),
        (b"images/none.jpg\ttext", "no image"),
        (b"\ttext", "no image"),
        (b"images/a.jpg\t\xff\xfe", "not UTF-8"),
    ],
)
def test_names_file_and_line(folder: Path, line: bytes, reason: str) -> None:
    (folder / "lines.tsv").write_bytes(b"images/a.jpg\tgood\n\n" + line + b"\n")
    with pytest.raises(DatasetError, match=rf"lines\.tsv:3: .*{reason}"):
        read_line_list(folder)


def test_skips_only_what_is_wrong(folder: Path) -> None:
    (folder / "lines.tsv").write_text("images/a.jpg\tA\nimages/x.jpg\tX\nimages/b c.jpg\tB\n", encoding="utf-8")
    skipped: list[DatasetError] = []
    samples = read_line_list(folder, on_error="skip", skipped=skipped)
    assert [sample.text for sample in samples] == ["A", "B"]
    assert len(skipped) == 1 and "lines.tsv:2" in str(skipped[0])


def test_missing_list_and_wrong_option(folder: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_line_list(folder)
    (folder / "lines.tsv").write_text("", encoding="utf-8")
    assert read_line_list(folder) == []
    with pytest.raises(ConfigError, match="on_error"):
        read_line_list(folder, on_error="ignore")  # type: ignore[arg-type]
