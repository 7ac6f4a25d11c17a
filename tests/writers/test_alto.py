"""ALTO, held against the content model of its schema (version 4.4) by a reader of its own."""

import re
import xml.etree.ElementTree as ET

import pytest

from ctpn_crnn.errors import OutputError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer

NAMESPACE = "{http://www.loc.gov/standards/alto/ns-v4#}"

# Of the parts of the schema that are used: the children of an element as a regular expression over their names.
CHILDREN = {
    "alto": "(Description )?Layout ",
    "Description": "MeasurementUnit (sourceImageInformation )?(Processing )*",
    "MeasurementUnit": "",
    "sourceImageInformation": "(fileName )?",
    "fileName": "",
    "Processing": "(processingCategory )?(processingSoftware )?",
    "processingCategory": "",
    "processingSoftware": "(softwareName )?(softwareVersion )?",
    "softwareName": "",
    "softwareVersion": "",
    "Layout": "(Page )+",
    "Page": "(PrintSpace )?",
    "PrintSpace": "((TextBlock |Illustration |ComposedBlock ))*",
    "ComposedBlock": "(Shape )?((TextBlock |Illustration |ComposedBlock ))*",
    "Illustration": "(Shape )?",
    "TextBlock": "(Shape )?(TextLine )*",
    "TextLine": "(Shape )?(String (SP )?)+",
    "String": "(Shape )?(Glyph )*",
    "SP": "",
    "Glyph": "(Shape )?",
    "Shape": "Polygon ",
    "Polygon": "",
}
PLACE = {"HPOS", "VPOS", "WIDTH", "HEIGHT"}
REQUIRED = {
    "Processing": {"ID"},
    "Page": {"ID", "PHYSICAL_IMG_NR"},
    "ComposedBlock": {"ID"},
    "Illustration": {"ID"},
    "TextBlock": {"ID"},
    "String": {"CONTENT"},
    "Glyph": {"CONTENT"},
    "Polygon": {"POINTS"},
}
ALLOWED = {
    "alto": {"SCHEMAVERSION", "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"},
    "Page": {"ID", "PHYSICAL_IMG_NR", "WIDTH", "HEIGHT", "PC"},
    "PrintSpace": {"ID", *PLACE},
    "ComposedBlock": {"ID", "TYPE", *PLACE},
    "Illustration": {"ID", "TYPE", *PLACE},
    "TextBlock": {"ID", "LANG", *PLACE},
    "TextLine": {"ID", "BASELINE", "LANG", *PLACE},
    "String": {"ID", "CONTENT", "WC", "LANG", *PLACE},
    "SP": {"ID", *PLACE},
    "Glyph": {"ID", "CONTENT", "GC", *PLACE},
}


def written(folder, *pages):
    with open_writer("alto", folder / "a.alto.xml") as writer:
        for page in pages:
            writer.add(page)
    return ET.parse(folder / "a.alto.xml").getroot()


def name_of(element):
    assert element.tag.startswith(NAMESPACE)
    return element.tag.removeprefix(NAMESPACE)


def all_of(root, name):
    return list(root.iter(NAMESPACE + name))


def check(root):
    """Content model, attributes, unique ids, confidences, places inside those of the parents."""
    seen = set()

    def walk(element, outer):
        name = name_of(element)
        assert re.fullmatch(CHILDREN[name], "".join(name_of(child) + " " for child in element)), name
        given = set(element.keys())
        assert REQUIRED.get(name, set()) <= given <= ALLOWED.get(name, set()) | REQUIRED.get(name, set())
        if "ID" in given:
            assert re.fullmatch(r"[A-Za-z_][\w.-]*", element.get("ID"))
            assert element.get("ID") not in seen
            seen.add(element.get("ID"))
        for confidence in given & {"WC", "GC", "PC"}:
            assert 0 <= float(element.get(confidence)) <= 1
        assert element.get("LANG", "zh") in ("zh", "en")
        if name == "Glyph":
            assert len(element.get("CONTENT")) == 1
        if name not in ("Page", "SP") and given & PLACE:
            box = place_of(element)
            assert outer is None or (outer[0] <= box[0] and outer[1] <= box[1])
            assert outer is None or (box[2] <= outer[2] and box[3] <= outer[3])
            outer = box
        for child in element:
            walk(child, outer)

    assert name_of(root) == "alto"
    walk(root, None)


def place_of(element):
    left, top, width, height = (float(element.get(key)) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    return left, top, left + width, top + height


def text_of(line):
    return "".join(" " if name_of(part) == "SP" else part.get("CONTENT", "") for part in line)


def test_every_page_is_valid_alto_with_its_size(tmp_path, odd_page):
    root = written(tmp_path, odd_page, Page(5, 5), odd_page)
    check(root)
    pages = all_of(root, "Page")
    assert [page.get("PHYSICAL_IMG_NR") for page in pages] == ["1", "2", "3"]
    assert (pages[0].get("WIDTH"), pages[0].get("HEIGHT")) == ("300", "400")
    assert (all_of(root, "MeasurementUnit")[0].text, all_of(root, "fileName")[0].text) == ("pixel", 'in "a";b.pdf')


def test_every_line_and_formula_of_a_page_is_written(tmp_path, page):
    root = written(tmp_path, page)
    texts = [text_of(line) for line in all_of(root, "TextLine")]
    assert sorted(texts) == sorted(["第3条 使用 Tensor", "a<b>&\"'；", "slanted 1", "竖", "超出 page", "y=2"])
    (formula,) = (block for block in all_of(root, "ComposedBlock") if block.get("TYPE") == "formula")
    assert place_of(formula) == (20, 200, 120, 230)
    assert [text_of(line) for line in all_of(formula, "TextLine")] == ["y=2"]
    for string in all_of(root, "String"):
        assert "".join(glyph.get("CONTENT") for glyph in all_of(string, "Glyph")) == string.get("CONTENT")


def test_words_have_places_confidences_and_languages(tmp_path):
    root = written(tmp_path, Page(200, 50, [TextLine("合同 A", 0.5, box_to_quad(10, 10, 70, 40))]))
    check(root)
    (line,) = all_of(root, "TextLine")
    first, space, second = line
    assert (first.get("CONTENT"), place_of(first), first.get("WC")) == ("合同", (10, 10, 50, 40), "0.5000")
    assert (space.get("HPOS"), space.get("WIDTH")) == ("50", "10")
    assert (second.get("CONTENT"), place_of(second), second.get("LANG")) == ("A", (60, 10, 70, 40), "en")
    assert line.get("BASELINE") == "10,37 70,37"
    assert all_of(root, "Shape") == []  # an upright box needs none
    assert all_of(root, "Page")[0].get("PC") == "0.5000"


def test_slanted_lines_have_a_shape(tmp_path):
    quad = [(10, 10), (110, 20), (107.25, 50), (7.25, 40)]
    root = written(tmp_path, Page(200, 200, [TextLine("合同", 1, quad)]))
    check(root)
    for part in all_of(root, "TextLine"):
        assert all_of(part, "Polygon")[0].get("POINTS") == "10,10 110,20 107.25,50 7.25,40"
    assert len(all_of(root, "Polygon")) == 2  # and the word


def test_a_line_upside_down_has_a_shape(tmp_path):
    root = written(tmp_path, Page(200, 200, [TextLine("合", 1, box_to_quad(10, 10, 40, 40)[[2, 3, 0, 1]])]))
    assert all_of(root, "Polygon")[0].get("POINTS") == "40,40 10,40 10,10 40,10"


def test_a_table_has_a_text_block_for_each_row(tmp_path, table):
    root = written(tmp_path, table)
    check(root)
    head, body = all_of(root, "ComposedBlock")
    assert (head.get("TYPE"), body.get("TYPE")) == ("header", "table")
    assert [[text_of(line) for line in row] for row in body] == [["名", "a|b"], ["数"]]


def test_a_page_without_a_source_names_no_file(tmp_path):
    root = written(tmp_path, Page(5, 5))
    check(root)
    assert all_of(root, "fileName") == []


def test_a_document_without_pages_is_refused(tmp_path):
    with pytest.raises(OutputError, match="at least one page"):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []
