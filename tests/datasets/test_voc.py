"""Pascal VOC."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctpn_crnn.datasets import read_voc
from ctpn_crnn.errors import DatasetError

BOX = "<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>30</xmax><ymax>28</ymax></bndbox>"


def make_set(folder: Path, objects: str, filename: str = "p.jpg") -> Path:
    (folder / "Annotations").mkdir()
    (folder / "JPEGImages").mkdir()
    (folder / "JPEGImages" / "p.jpg").write_bytes(b"")
    xml = f"<annotation>\n<filename>{filename}</filename>\n{objects}\n</annotation>\n"
    (folder / "Annotations" / "p.xml").write_text(xml, encoding="utf-8")
    return folder


def test_boxes_polygons_kinds_and_texts(tmp_path: Path) -> None:
    corners = "<x1>10</x1><y1>20</y1><x2>30</x2><y2>22</y2><x3>29</x3><y3>30</y3><x4>9</x4><y4>28</y4>"
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in [(0, 0), (4, 0), (4, 2), (0, 2)])
    objects = f"""
    <object><name>text</name><text>中, &amp;文</text>{BOX}</object>
    <object><name>formula</name><difficult>1</difficult>{BOX}<polygon>{corners}</polygon></object>
    <object><name>text</name><polygon>{points}</polygon></object>"""
    (page,) = read_voc(make_set(tmp_path, objects))
    first, second, third = page.regions
    assert page.path == tmp_path / "JPEGImages" / "p.jpg"
    assert (first.text, first.kind, first.ignore) == ("中, &文", "text", False)
    assert first.quad.tolist() == [[10, 20], [30, 20], [30, 28], [10, 28]]
    assert (second.text, second.kind, second.ignore) == (None, "formula", True)
    np.testing.assert_array_equal(second.quad, [[10, 20], [30, 22], [29, 30], [9, 28]])
    assert third.quad.tolist() == [[0, 0], [4, 0], [4, 2], [0, 2]]


def test_image_is_found_by_either_name(tmp_path: Path) -> None:
    folder = make_set(tmp_path, "", filename="C:\\old\\other name.png")
    assert read_voc(folder)[0].path.name == "p.jpg"
    (folder / "JPEGImages" / "p.jpg").unlink()
    with pytest.raises(DatasetError, match="its image other name.png"):
        read_voc(folder)


@pytest.mark.parametrize(
    ("objects", "line", "reason"),
    [
        (f"<object>\n<name>cat</name>{BOX}</object>", 3, "'cat'.*`kinds`"),
        ("<object><name>text</name></object>", 3, "without <bndbox>"),
        ("<object><name>text</name>\n<bndbox><xmin>1</xmin></bndbox></object>", 4, "lacks <ymin>"),
        (f"<object><name>text</name>\n\n{BOX.replace('28', 'x')}</object>", 5, "'x' is not a number"),
        (f"<object><name>text</name>{BOX.replace('28', '20')}</object>", 3, "no area"),
        ("<object>\n<polygon><pt><x>1</x><y>1</y></pt></polygon><name>text</name></object>", 4, "1 corners"),
        ("<object><name>text</object>", 3, "not well-formed"),
    ],
)
def test_names_file_and_line(tmp_path: Path, objects: str, line: int, reason: str) -> None:
    folder = make_set(tmp_path, objects)
    with pytest.raises(DatasetError, match=rf"p\.xml:{line}: .*{reason}"):
        read_voc(folder)
    assert read_voc(folder, on_error="skip") == []


def test_entities_are_refused(tmp_path: Path) -> None:
    folder = make_set(tmp_path, "")
    xml = '<!DOCTYPE a [\n<!ENTITY x "xxxxxxxx">]>\n<annotation>&x;</annotation>'
    (folder / "Annotations" / "p.xml").write_text(xml, encoding="utf-8")
    with pytest.raises(DatasetError, match=r"p\.xml:2: declares an entity"):
        read_voc(folder)


def test_own_names(tmp_path: Path) -> None:
    folder = make_set(tmp_path, f"<object><name>equation</name>{BOX}</object>")
    assert read_voc(folder, kinds={"equation": "formula"})[0].regions[0].kind == "formula"
