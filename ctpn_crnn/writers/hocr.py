"""hOCR 1.2: XHTML with boxes, baselines and confidences in its title attributes.

| part of a page | element |
|---|---|
| area, paragraph, line | ``ocr_carea``, ``ocr_par``, ``ocr_line`` |
| word | ``ocrx_word`` with its confidence (``x_wconf``) and the boxes and confidences of its characters |
| table | ``ocr_table`` within its area, with a paragraph for each row |
| header, footer | ``ocr_header``, ``ocr_footer`` within their areas |
| displayed formula | ``ocr_math`` within its area, with what was read of it |

The text of a line's element is the text of the line.
"""

from __future__ import annotations

import os
from typing import ClassVar

import numpy as np

import ctpn_crnn
from ctpn_crnn.page import Page
from ctpn_crnn.writers.document import TextFileWriter
from ctpn_crnn.writers.safe_text import empty_tag, one_line, start_tag, xml_text
from ctpn_crnn.writers.text_areas import (
    Area,
    Box,
    Line,
    Paragraph,
    Word,
    angle_of,
    baseline,
    language_of,
    text_areas,
    unit_interval,
)

_CAPABILITIES = (
    "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocr_table ocr_header ocr_footer ocr_math ocrp_lang ocrp_wconf"
)

_INNER_CLASSES = {"table": "ocr_table", "header": "ocr_header", "footer": "ocr_footer", "formula": "ocr_math"}


class HocrWriter(TextFileWriter):
    """A document as hOCR.

    Args:
        path: The file to write.
        dpi: Resolution of the pages' images in pixels per inch (``scan_res``); None leaves it out.
    """

    suffix: ClassVar[str] = ".hocr"

    def __init__(self, path: str | os.PathLike[str], dpi: float | None = None) -> None:
        super().__init__(path)
        self._resolution = "" if dpi is None else f" scan_res {dpi:.0f} {dpi:.0f};"
        with self._discarding_on_error():
            self.file.write(_head(self.path.stem))

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        number = self.pages + 1
        image_name = one_line(page.source or "").replace('"', "%22").replace(";", "%3B")
        box = _bbox((0, 0, max(1, page.width), max(1, page.height)))
        title = f'image "{image_name}"; {box};{self._resolution} ppageno {self.pages}'
        self.file.write("  " + start_tag("div", class_="ocr_page", id=f"page_{number}", title=title) + "\n")
        for index, area in enumerate(text_areas(page), start=1):
            self.file.write(_area(area, f"{number}_{index}"))
        self.file.write("  </div>\n")

    def _finish(self) -> None:
        self.file.write(" </body>\n</html>\n")
        super()._finish()


def _head(title: str) -> str:
    system = f"ctpn_crnn {ctpn_crnn.__version__}"
    metas = (("ocr-system", system), ("ocr-capabilities", _CAPABILITIES), ("ocr-langs", "zh en"))
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"',
            '    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
            '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="zh" lang="zh">',
            " <head>",
            f"  <title>{xml_text(one_line(title))}</title>",
            '  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>',
            *("  " + empty_tag("meta", name=name, content=content) for name, content in metas),
            " </head>",
            " <body>",
            "",
        ]
    )


def _area(area: Area, place: str) -> str:
    inside = "".join(_paragraph(paragraph, f"{place}_{i}") for i, paragraph in enumerate(area.paragraphs, start=1))
    if area.kind in _INNER_CLASSES:
        opening = start_tag("div", class_=_INNER_CLASSES[area.kind], id=f"float_{place}", title=_bbox(area.box))
        inside = f"    {opening}\n{inside}    </div>\n"
    opening = start_tag("div", class_="ocr_carea", id=f"block_{place}", title=_bbox(area.box))
    return f"   {opening}\n{inside}   </div>\n"


def _paragraph(paragraph: Paragraph, place: str) -> str:
    language = paragraph.language
    opening = start_tag(
        "p", class_="ocr_par", id=f"par_{place}", xml__lang=language, lang=language, title=_bbox(paragraph.box)
    )
    lines = "\n".join(_line(line, f"{place}_{i}", language) for i, line in enumerate(paragraph.lines, start=1))
    return f"    {opening}\n{lines}\n    </p>\n"


def _line(line: Line, place: str, language: str | None) -> str:
    title = f"{_bbox(line.box)}; {_direction(line)}"
    words = " ".join(_word(word, f"{place}_{i}", language) for i, word in enumerate(line.words, start=1))
    return "     " + start_tag("span", class_="ocr_line", id=f"line_{place}", title=title) + words + "</span>"


def _word(word: Word, place: str, language: str | None) -> str:
    own = language_of(word.text)
    other = own if own != language else None
    boxes = " ".join(" ".join(map(str, glyph.box)) for glyph in word.glyphs)
    confidences = " ".join(str(_percent(glyph.confidence)) for glyph in word.glyphs)
    title = f"{_bbox(word.box)}; x_wconf {_percent(word.confidence)}; x_bboxes {boxes}; x_confs {confidences}"
    opening = start_tag("span", class_="ocrx_word", id=f"word_{place}", xml__lang=other, lang=other, title=title)
    return f"{opening}{xml_text(word.text)}</span>"


def _direction(line: Line) -> str:
    """The baseline relative to the box's lower left corner; for lines steeper than 45 degrees the angle of the text."""
    angle = angle_of(line.source)
    if abs(angle) > 45:
        return f"textangle {round(-angle % 360, 2):g}"  # hOCR counts counter-clockwise
    (x1, y1), (x2, y2) = baseline(line.source)
    slope = (y2 - y1) / (x2 - x1) if x2 != x1 else 0.0
    offset = y1 + slope * (line.box[0] - x1) - line.box[3]
    height = line.box[3] - line.box[1]
    return f"baseline {_plain(slope)} {round(min(0, max(-height, offset)))}"  # the box may be cut off by the page


def _plain(number: float) -> str:
    """Up to four decimals, without an exponent or a negative zero."""
    return f"{round(number, 4) + 0.0:.4f}".rstrip("0").rstrip(".")


def _bbox(box: Box) -> str:
    return "bbox " + " ".join(map(str, box))


def _percent(confidence: float) -> int:
    return round(100 * unit_interval(confidence))
