"""ALTO 4.4, the XML format of libraries and archives: blocks, lines, strings and glyphs with places in pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

import ctpn_crnn
from ctpn_crnn.errors import OutputError
from ctpn_crnn.geometry import box_to_quad, quad_to_box
from ctpn_crnn.page import Page
from ctpn_crnn.writers.document import TextFileWriter
from ctpn_crnn.writers.safe_text import empty_tag, start_tag, xml_text
from ctpn_crnn.writers.text_areas import (
    Area,
    Box,
    Glyph,
    Line,
    Paragraph,
    Word,
    baseline,
    language_of,
    text_areas,
    unit_interval,
)

_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"


class AltoWriter(TextFileWriter):
    """A document as ALTO.

    A paragraph is a ``TextBlock``. A table, header, footer or displayed formula is a ``ComposedBlock`` of that
    ``TYPE``, with a ``TextBlock`` for each row or paragraph. Lines and words that are not upright boxes have a
    ``Shape``. ALTO has no document without pages: closing one raises an `OutputError`.
    """

    suffix: ClassVar[str] = ".alto.xml"

    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        if not self.pages:
            self.file.write(_head(page))
        number = self.pages + 1
        areas = text_areas(page)
        opening = start_tag(
            "Page",
            ID=f"page_{number}",
            PHYSICAL_IMG_NR=number,
            WIDTH=page.width,
            HEIGHT=page.height,
            PC=_page_confidence(areas),
        )
        space = start_tag("PrintSpace", ID=f"space_{number}", **_place((0, 0, page.width, page.height)))
        self.file.write(f"    {opening}\n      {space}\n")
        for index, area in enumerate(areas, start=1):
            for line in _area(area, f"{number}_{index}"):
                self.file.write(f"        {line}\n")
        self.file.write("      </PrintSpace>\n    </Page>\n")

    def _finish(self) -> None:
        if not self.pages:
            raise OutputError(f"cannot write {self.path}: an ALTO document needs at least one page")
        self.file.write("  </Layout>\n</alto>\n")
        super()._finish()


def _head(page: Page) -> str:
    """Everything before the first page; the source file is named after that of the first page."""
    root = start_tag(
        "alto",
        xmlns=_NAMESPACE,
        xmlns__xsi="http://www.w3.org/2001/XMLSchema-instance",
        xsi__schemaLocation=f"{_NAMESPACE} {_SCHEMA}",
        SCHEMAVERSION="4.4",
    )
    name = xml_text((page.source or "").partition("#page=")[0])
    source = f"    <sourceImageInformation><fileName>{name}</fileName></sourceImageInformation>\n" if name else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'
        "  <Description>\n"
        "    <MeasurementUnit>pixel</MeasurementUnit>\n"
        f"{source}"
        '    <Processing ID="processing_1">\n'
        "      <processingCategory>contentGeneration</processingCategory>\n"
        "      <processingSoftware><softwareName>ctpn_crnn</softwareName>"
        f"<softwareVersion>{ctpn_crnn.__version__}</softwareVersion></processingSoftware>\n"
        "    </Processing>\n"
        "  </Description>\n"
        "  <Layout>\n"
    )


def _page_confidence(areas: list[Area]) -> str | None:
    """Mean of the words' confidences; None without words."""
    lines = (line for area in areas for paragraph in area.paragraphs for line in paragraph.lines)
    confidences = [word.confidence for line in lines for word in line.words]
    return _number(sum(confidences) / len(confidences)) if confidences else None


def _area(area: Area, place: str) -> Iterator[str]:
    composed = area.kind in ("table", "header", "footer", "formula")
    if composed:
        yield start_tag("ComposedBlock", ID=f"block_{place}", **_place(area.box), TYPE=area.kind)
    for index, paragraph in enumerate(area.paragraphs, start=1):
        yield from _text_block(paragraph, f"{place}_{index}")
    if composed:
        yield "</ComposedBlock>"


def _text_block(paragraph: Paragraph, place: str) -> Iterator[str]:
    yield start_tag("TextBlock", ID=f"par_{place}", **_place(paragraph.box), LANG=paragraph.language)
    for index, line in enumerate(paragraph.lines, start=1):
        yield from _text_line(line, f"{place}_{index}", paragraph.language)
    yield "</TextBlock>"


def _text_line(line: Line, place: str, language: str | None) -> Iterator[str]:
    yield start_tag(
        "TextLine", ID=f"line_{place}", **_place(line.box), BASELINE=_points(baseline(line.source))
    ) + _shape(line.source.quad)
    for index, word in enumerate(line.words, start=1):
        if index > 1:
            yield _space(line.words[index - 2], word)
        yield _string(word, f"{place}_{index}", language)
    yield "</TextLine>"


def _space(before: Word, after: Word) -> str:
    """The gap between two words, of width 0 where their boxes touch."""
    left, right = before.box[2], max(before.box[2], after.box[0])
    return empty_tag("SP", HPOS=left, VPOS=before.box[1], WIDTH=right - left)


def _string(word: Word, place: str, language: str | None) -> str:
    own = language_of(word.text)
    opening = start_tag(
        "String",
        ID=f"word_{place}",
        **_place(word.box),
        CONTENT=word.text,
        WC=_number(word.confidence),
        LANG=own if own != language else None,
    )
    glyphs = "".join(_glyph(glyph, f"glyph_{place}_{i}") for i, glyph in enumerate(word.glyphs, start=1))
    return f"{opening}{_shape(word.quad)}{glyphs}</String>"


def _glyph(glyph: Glyph, name: str) -> str:
    return empty_tag("Glyph", ID=name, CONTENT=glyph.text, GC=_number(glyph.confidence), **_place(glyph.box))


def _place(box: Box) -> dict[str, int]:
    left, top, right, bottom = box
    return {"HPOS": left, "VPOS": top, "WIDTH": right - left, "HEIGHT": bottom - top}


def _shape(quad: np.ndarray) -> str:
    """The polygon of a quad; empty for an upright box, which its place describes already."""
    if np.allclose(quad, box_to_quad(*quad_to_box(quad)), atol=0.01):
        return ""
    return f"<Shape>{empty_tag('Polygon', POINTS=_points(quad))}</Shape>"


def _points(points: np.ndarray) -> str:
    """Points as "x,y x,y", to a hundredth of a pixel."""
    points = np.round(np.nan_to_num(points.astype(np.float64)), 2) + 0.0  # no negative zeros
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in points).replace(".00", "")


def _number(confidence: float) -> str:
    return f"{unit_interval(confidence):.4f}"
