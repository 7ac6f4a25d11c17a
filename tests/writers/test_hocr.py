"""hOCR, read by a reader of its own."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer

XHTML = "{http://www.w3.org/1999/xhtml}"
PARENTS = {
    "ocr_page": {None},
    "ocr_carea": {"ocr_page"},
    "ocr_table": {"ocr_carea"},
    "ocr_header": {"ocr_carea"},
    "ocr_footer": {"ocr_carea"},
    "ocr_math": {"ocr_carea"},
    "ocr_par": {"ocr_carea", "ocr_table", "ocr_header", "ocr_footer", "ocr_math"},
    "ocr_line": {"ocr_par"},
    "ocrx_word": {"ocr_line"},
}


def written(folder, *pages):
    with open_writer("hocr", folder / "合 同.hocr") as writer:
        for page in pages:
            writer.add(page)
    return folder / "合 同.hocr"


def properties(element):
    """The title attribute: name -> the rest. Splitting at ";" and at white space is all that readers do."""
    return dict(part.strip().split(None, 1) for part in element.get("title").split(";"))


def numbers(text):
    return [int(number) for number in text.split()]


def of_class(root, name):
    return [element for element in root.iter() if element.get("class") == name]


def check(root):
    """The rules of the format: metadata, nesting, boxes inside their parents' boxes, unique ids, characters."""
    metas = {meta.get("name"): meta.get("content") for meta in root.iter(XHTML + "meta")}
    assert metas["ocr-system"].startswith("ctpn_crnn ")
    seen = set()

    def walk(element, parent, outer):
        name = element.get("class")
        if name:
            assert parent in PARENTS[name]
            assert name in metas["ocr-capabilities"].split()
            assert re.fullmatch(r"[A-Za-z][\w.-]*", element.get("id"))
            assert element.get("id") not in seen
            seen.add(element.get("id"))
            x1, y1, x2, y2 = box = numbers(properties(element)["bbox"])
            assert x1 < x2 and y1 < y2
            assert outer is None or (outer[0] <= x1 and outer[1] <= y1 and x2 <= outer[2] and y2 <= outer[3])
            parent, outer = name, box
        if name == "ocrx_word":
            check_word(element, outer)
        for child in element:
            walk(child, parent, outer)

    walk(root, None, None)


def check_word(word, box):
    title = properties(word)
    assert 0 <= int(title["x_wconf"]) <= 100
    boxes = numbers(title["x_bboxes"])
    assert len(boxes) == 4 * len(word.text)
    assert all(box[0] <= left < right <= box[2] for left, right in zip(boxes[::4], boxes[2::4]))
    assert len(numbers(title["x_confs"])) == len(word.text)
    assert word.tail in (None, " ")


def test_every_page_is_valid_hocr_with_its_number(tmp_path, odd_page, table):
    root = ET.parse(written(tmp_path, odd_page, Page(5, 5), table)).getroot()
    check(root)
    pages = of_class(root, "ocr_page")
    assert [page.get("title").rpartition("; ")[2] for page in pages] == ["ppageno 0", "ppageno 1", "ppageno 2"]
    assert root.find(f"{XHTML}head/{XHTML}title").text == "合 同"


def test_every_line_and_formula_of_a_page_is_written(tmp_path, page):
    root = ET.parse(written(tmp_path, page)).getroot()
    check(root)
    texts = ["".join(line.itertext()) for line in of_class(root, "ocr_line")]
    assert sorted(texts) == sorted(["第3条 使用 Tensor", "a<b>&\"'；", "slanted 1", "竖", "超出 page", "y=2"])
    (formula,) = of_class(root, "ocr_math")
    assert formula.get("title") == "bbox 20 200 120 230"
    assert "".join(formula.itertext()).strip() == "y=2"
    (page,) = of_class(root, "ocr_page")
    assert properties(page)["image"] == '"in %22a%22%3Bb.pdf#page=1"'


def test_words_have_places_confidences_and_languages(tmp_path):
    page = Page(200, 50, [TextLine("合同 A", 0.5, box_to_quad(10, 10, 70, 40))])
    root = ET.parse(written(tmp_path, page)).getroot()
    first, second = of_class(root, "ocrx_word")
    assert (first.text, first.tail, second.text, second.tail) == ("合同", " ", "A", None)
    assert first.get("title") == "bbox 10 10 50 40; x_wconf 50; x_bboxes 10 10 30 40 30 10 50 40; x_confs 50 50"
    assert second.get("title") == "bbox 60 10 70 40; x_wconf 50; x_bboxes 60 10 70 40; x_confs 50"
    (paragraph,) = of_class(root, "ocr_par")
    assert [element.get("lang") for element in (paragraph, first, second)] == ["zh", None, "en"]


@pytest.mark.parametrize(
    "quad, expected",
    [
        (box_to_quad(10, 10, 110, 40), ("baseline", "0 -3")),
        ([(10, 10), (110, 20), (110, 50), (10, 40)], ("baseline", "0.1 -13")),  # at x = 10 it lies at 37, of 50
        ([(10, 20), (110, 10), (110, 40), (10, 50)], ("baseline", "-0.1 -3")),
        (box_to_quad(-100, 180, 300, 300), ("baseline", "0 0")),  # below the page
        ([(40, 10), (40, 110), (10, 110), (10, 10)], ("textangle", "270")),  # the format counts counter-clockwise
        ([(10, 110), (10, 10), (40, 10), (40, 110)], ("textangle", "90")),
        ([(110, 40), (10, 40), (10, 10), (110, 10)], ("textangle", "180")),
    ],
)
def test_lines_have_a_baseline_or_an_angle(tmp_path, quad, expected):
    root = ET.parse(written(tmp_path, Page(200, 200, [TextLine("合同", 1, quad)]))).getroot()
    title = properties(of_class(root, "ocr_line")[0])
    title.pop("bbox")
    assert list(title.items()) == [expected]


def test_a_header_and_a_table_have_elements_of_their_own(tmp_path, table):
    root = ET.parse(written(tmp_path, table)).getroot()
    check(root)
    (head,) = of_class(root, "ocr_header")
    (body,) = of_class(root, "ocr_table")
    assert "".join(head.itertext()).split() == ["Head"]
    rows = [["".join(line.itertext()) for line in row] for row in body]
    assert rows == [["名", "a|b"], ["数"]]


def test_read_as_html_the_elements_nest_as_in_xml(tmp_path, odd_page):
    """A reader of HTML, which knows nothing of empty XML tags, finds the same nesting."""

    class Depth(HTMLParser):
        depth = 0

        def handle_starttag(self, tag, attributes):
            self.depth += 1

        def handle_endtag(self, tag):
            self.depth -= 1
            assert self.depth >= 0

        def handle_startendtag(self, tag, attributes):
            assert tag == "meta"

    reader = Depth()
    reader.feed(written(tmp_path, odd_page).read_text(encoding="utf-8"))
    assert reader.depth == 0


def test_resolution_stands_on_every_page_where_it_is_known(tmp_path):
    for number, dpi in enumerate((None, 149.6)):
        path = tmp_path / f"{number}.hocr"
        with open_writer("hocr", path, dpi=dpi) as writer:
            writer.add(Page(40, 30, []))
            writer.add(Page(40, 30, []))
        text = path.read_text(encoding="utf-8")
        assert text.count("bbox 0 0 40 30; scan_res 150 150; ppageno") == (2 if dpi else 0)
        assert text.count("bbox 0 0 40 30; ppageno") == (0 if dpi else 2)
