"""The invisible text of a PDF page: each line along its quad, each character at its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.char_places import char_places
from ctpn_crnn.writers.glyphless_font import DESCENT, EM, UNITS_PER_EM, GlyphlessFont
from ctpn_crnn.writers.safe_text import printable

FONT_KEY = "/f-0-0"
"""Name of the font in a page's resources; OCRmyPDF looks for this one in a text layer."""

# What PDF viewers ask for; checked with PDFium and poppler, see docs/pdf.md.

_MIN_UNITS = 4
"""Least mean width of a line's characters, in glyph units. A line with narrower ones gets wider glyphs and is squeezed
as a whole, so that their widths differ by more than rounding."""

_MIN_SPACE = 0.2
"""Least width of a space, in ems. Poppler sees no space in a gap of less than 0.15."""

_MIN_RISE = 0.2
"""A line that rises by more than this, in line heights, reaches into other rows: it needs a rotated text matrix and, if
it is not upright either, replacement text."""

_MIN_SIZE = 0.5
"""Least height and length of a line, in points. A line with a degenerate quad still has its text."""


@dataclass(frozen=True)
class PageFrame:
    """Maps the pixels of a page to a PDF page: a point (x, y) goes to ``(x, y) @ matrix + shift``.

    Attributes:
        matrix: Float64 (2, 2), points for each pixel.
        shift: Float64 (2,), points.
    """

    matrix: np.ndarray
    shift: np.ndarray

    @classmethod
    def of_box(cls, page: Page, box: tuple[float, float, float, float], rotation: int = 0) -> PageFrame:
        """Return the frame in which the image of a page fills a box.

        Args:
            page: The page; its width and height are used.
            box: Left, bottom, right, top in user space.
            rotation: /Rotate of the PDF page: degrees by which it is turned clockwise for display.
        """
        left, bottom, right, top = box
        width, height = max(1, page.width), max(1, page.height)
        across, down = (right - left, bottom - top) if rotation % 180 == 0 else (top - bottom, right - left)
        # Directions in user space that are right and down on the display, and the display's top left corner.
        turns = {
            0: ((across, 0), (0, down), (left, top)),
            90: ((0, across), (down, 0), (left, bottom)),
            180: ((-across, 0), (0, -down), (right, bottom)),
            270: ((0, -across), (-down, 0), (right, top)),
        }
        right_vector, down_vector, corner = turns[rotation % 360]
        matrix = np.array([np.array(right_vector) / width, np.array(down_vector) / height], np.float64)
        return cls(matrix, np.array(corner, np.float64))

    def points(self, quad: np.ndarray) -> np.ndarray:
        """Return a quad (4, 2) in pixels as points of user space, float64."""
        finite = np.clip(np.nan_to_num(np.asarray(quad, np.float64)), -1e6, 1e6)
        return finite @ self.matrix + self.shift


def text_operators(page: Page, frame: PageFrame, font: GlyphlessFont, font_key: str = FONT_KEY) -> bytes:
    """Return the content stream that writes the text of a page invisibly, in the order of its lines.

    Args:
        page: The page.
        frame: Maps its pixels to the PDF page.
        font: Gives the codes of the characters.
        font_key: Name of the font in the resources of the PDF page.
    """
    lines = [operators for line in page.lines for operators in _line_operators(line, frame, font, font_key)]
    return "\n".join(["q", "BT", "3 Tr", *lines, "ET", "Q", ""]).encode("ascii") if lines else b""


def _line_operators(line: TextLine, frame: PageFrame, font: GlyphlessFont, font_key: str) -> Iterator[str]:
    clusters, edges = _places(line)
    if not clusters:
        return
    begin, along, length, height = _axis(frame.points(line.quad), edges[0], edges[-1])
    ems = length / height
    edges = _with_visible_spaces(clusters, edges, ems)
    total = max(round(ems * UNITS_PER_EM), _MIN_UNITS * len(clusters))
    widths = np.diff(_whole_units(edges, total))
    codes = "".join(f"{font.code(text, int(units)):04X}" for text, units in zip(clusters, widths))
    # If a slanted line begins within the rows of the line before it, PDFium joins both with a space between, unless the
    # numbers of the text matrix show a clear rotation. So the size stands in the matrix then, and not in the font.
    rises = length * abs(along[1]) > _MIN_RISE * height
    size = 1.0 if rises else height
    x, y = along * height / size
    yield f"{font_key} {_number(size)} Tf {_number(100 * ems * UNITS_PER_EM / total)} Tz"
    yield f"{_number(x, 6)} {_number(y, 6)} {_number(-y, 6)} {_number(x, 6)} {_number(begin[0])} {_number(begin[1])} Tm"
    if length * np.abs(along).min() <= _MIN_RISE * height:
        yield f"<{codes}> Tj"
        return
    # Poppler orders characters by their baselines, which mixes the lines of a leaning page. Replacement text is one
    # piece at the beginning of its line.
    replacement = "".join(clusters).encode("utf-16-be").hex().upper()
    yield f"/Span <</ActualText <FEFF{replacement}>>> BDC"
    yield f"<{codes}> Tj"
    yield "EMC"


def _axis(quad: np.ndarray, start: float, end: float) -> tuple[np.ndarray, np.ndarray, float, float]:
    """The baseline of a text within a quad.

    Args:
        quad: (4, 2), points of user space (y up), clockwise from the text's own top left.
        start: Where the text begins, as a fraction of the quad's length.
        end: Where it ends.

    Returns:
        Start of the baseline (2,); unit vector along it (2,); length and height of the text in points.
    """
    edge = ((quad[1] - quad[0]) + (quad[2] - quad[3])) / 2
    length = float(np.hypot(*edge))
    along = edge / length if length > 1e-9 else np.array([1.0, 0.0])
    up = np.array([-along[1], along[0]])
    side = ((quad[0] - quad[3]) + (quad[1] - quad[2])) / 2
    height = max(_MIN_SIZE, abs(float(side @ up)))
    # From the centre: of a quad that is no rectangle, the rectangle with the same centre is used.
    left = quad.mean(axis=0) - along * length / 2
    begin = left + along * length * start - up * height * (0.5 + DESCENT / EM)
    return begin, along, max(_MIN_SIZE, length * (end - start)), height


def _places(line: TextLine) -> tuple[list[str], np.ndarray]:
    """The characters of a line, each with its combining marks, and the edges between them.

    Neighbours meet halfway between the end of the one and the start of the other, so that no gap is left.

    Returns:
        n texts, and n + 1 ascending fractions of the line's length; both empty for a line without text.
    """
    texts: list[str] = []
    starts: list[float] = []
    ends: list[float] = []
    for char in char_places(line):
        text = "".join(" " if code_point.isspace() else printable(code_point) for code_point in char.text)
        if not text:
            continue
        if texts and unicodedata.combining(text[0]):
            texts[-1] += text
            ends[-1] = max(ends[-1], char.end)
        else:
            texts.append(text)
            starts.append(char.start)
            ends.append(char.end)
    if not "".join(texts).strip():
        return [], np.empty(0)
    middles = (np.array(ends[:-1]) + np.array(starts[1:])) / 2
    edges = np.clip(np.nan_to_num(np.array([starts[0], *middles, ends[-1]], np.float64)), 0, 1)
    return texts, np.maximum.accumulate(edges)


def _with_visible_spaces(texts: list[str], edges: np.ndarray, ems: float) -> np.ndarray:
    """Edges as fractions of the text's length, after narrow spaces were widened at the cost of their neighbours."""
    span = edges[-1] - edges[0]
    edges = (edges - edges[0]) / span if span > 1e-9 else np.linspace(0, 1, len(edges))
    widths = np.diff(edges)
    least = _MIN_SPACE / ems
    for index, text in enumerate(texts):
        if text != " " or widths[index] >= least or not 0 < index < len(texts) - 1:
            continue
        before, after = widths[index - 1], widths[index + 1]
        taken = min(least - widths[index], (before + after) / 2)  # the neighbours keep half of what they had
        widths[index - 1] -= taken * before / max(before + after, 1e-9)
        widths[index + 1] -= taken * after / max(before + after, 1e-9)
        widths[index] += taken
    return np.concatenate([[0.0], np.cumsum(widths)])


def _whole_units(edges: np.ndarray, total: int) -> np.ndarray:
    """Edges in 0..1 as whole numbers in 0..total, each at least 1 above the one before.

    Each edge is rounded by itself, so that errors do not add up along the line.

    Args:
        edges: n + 1 ascending fractions.
        total: At least n.
    """
    count = len(edges) - 1
    wanted = np.rint(edges * total).astype(int)
    steps = np.arange(count + 1)
    rising = np.maximum.accumulate(wanted - steps) + steps  # at least 1 a step
    return np.maximum(np.minimum(rising, total - count + steps), steps)


def _number(value: float, digits: int = 3) -> str:
    """A number as PDF writes it: without an exponent, trailing zeros or a negative zero."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
