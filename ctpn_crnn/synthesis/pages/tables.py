"""Tables as financial reports set them, and pages of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ctpn_crnn.synthesis.pages.backgrounds import ink_color, paper
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import Canvas, Color, Typeface, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText


@dataclass(frozen=True)
class TableStyle:
    """How one table looks.

    Attributes:
        row: height of a row in pixels.
        rules: "none", "rows", "grid", "bands" or "totals" (only under headers and sums).
        align: of the number columns: "right", "center" or "left".
        ink, line: colours of text and rules.
        mark: whether the outer columns leave some cells empty and some labels indented.
        labels: the share of the width of the label column.
        columns: number of number columns.
    """

    row: float
    rules: str
    align: str
    ink: Color
    line: Color
    labels: float
    columns: int


def draw_table(
    rng: np.random.Generator,
    canvas: Canvas,
    text: PageText,
    face: Typeface,
    box: tuple[float, float, float, float],
    ink: Color,
) -> float:
    """Draws a table into the box (x1, y1, x2, lowest y), each cell a region of its own.

    Returns:
        The y where it ends.
    """
    x1, y, x2, bottom = box
    style = _style(rng, face.size, x2 - x1, ink)
    edges = _edges(style, x1, x2)
    rows = int(min((bottom - y) // style.row, rng.integers(4, 40)))
    headers = int(rng.integers(1, 3))
    if rows < headers + 2:
        return y
    top = y
    for index in range(rows):
        if style.rules == "bands" and index >= headers and index % 2:
            canvas.box(x1, y, x2, y + style.row, tuple(int(v) for v in canvas.image[int(y), int(x1)] * 0.92))
        if index < headers:
            _header(rng, canvas, text, face, style, edges, y, first=index == 0 and headers > 1)
        elif index == headers or rng.random() > 0.06:
            _row(rng, canvas, text, face, style, edges, y)
        y += style.row
        _rules_below(rng, canvas, style, edges, y, is_header=index == headers - 1)
    if style.rules == "grid":
        _grid(canvas, style, edges, top, y)
    return y


def table_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """A page of a report: tables with a title, notes and a page number."""
    canvas = Canvas(paper(rng, size))
    height, width = size
    text = PageText(kit.corpus, "zh" if rng.random() < 0.75 else "en")
    face = pick_typeface(rng, kit.fonts, _size(rng, width), text.language)
    ink = ink_color(rng, float(canvas.image.mean()))
    margin = rng.uniform(0.02, 0.1) * width
    y = rng.uniform(0.01, 0.06) * height
    while y < height - 6 * face.size:
        y = _line(rng, canvas, text, face, margin, y, width - 2 * margin, ink, bold=rng.random() < 0.5)
        for _ in range(int(rng.integers(0, 3))):
            y = _line(rng, canvas, text, face, margin, y, width - 2 * margin, ink, bold=False)
        table_face = face.resized(max(7.0, face.size * rng.uniform(0.8, 1.05)))
        inset = rng.uniform(0, 0.06) * width if rng.random() < 0.4 else 0.0
        end = draw_table(
            rng,
            canvas,
            text,
            table_face,
            (margin + inset, y + 0.4 * face.size, width - margin - inset, height - 4 * face.size),
            ink,
        )
        y = end + rng.uniform(0.6, 2.5) * face.size
    _page_number(rng, canvas, face, ink)
    return canvas


def _size(rng: np.random.Generator, width: int) -> float:
    return min(rng.uniform(10, 27) if rng.random() < 0.85 else rng.uniform(8, 12), width / 18)


def _line(
    rng: np.random.Generator,
    canvas: Canvas,
    text: PageText,
    face: Typeface,
    x: float,
    y: float,
    width: float,
    ink: Color,
    *,
    bold: bool,
) -> float:
    """A title above a table (`bold`: larger) or a line of explanation; returns the y below it."""
    used = face.resized(face.size * rng.uniform(1.0, 1.6)) if bold else face
    row = used.size * rng.uniform(1.35, 2.2)
    words = text.heading(rng) if bold else text.running(rng, int(rng.integers(8, 80)))
    canvas.write(used.ink(used.head(used.clean(words), width)), x, used.baseline(y, row), ink)
    return y + row


def _page_number(rng: np.random.Generator, canvas: Canvas, face: Typeface, ink: Color) -> None:
    small = face.resized(face.size * rng.uniform(0.8, 1.0))
    number = small.ink(f"{int(rng.integers(1, 400))}")
    x = {0: 0.5, 1: 0.9, 2: 0.08}[int(rng.choice([0, 0, 1, 2]))] * canvas.width
    if number is not None:
        canvas.write(number, x, canvas.height - rng.uniform(0.6, 1.6) * small.size, ink)


def _style(rng: np.random.Generator, size: int, width: float, ink: Color) -> TableStyle:
    # A number column takes about seven digits; labels take the rest.
    most = max(1, int(width * 0.66 / (size * 4.6)))
    columns = int(rng.integers(1, min(8, most) + 1))
    gray = int(rng.integers(20, 190))
    return TableStyle(
        row=round(size * (rng.uniform(1.22, 1.6) if rng.random() < 0.55 else rng.uniform(1.6, 2.6))),
        rules=str(rng.choice(["none", "rows", "grid", "grid", "bands", "totals", "totals"])),
        align=str(rng.choice(["right", "right", "right", "center", "left"])),
        ink=ink,
        line=(gray, gray, gray) if rng.random() < 0.8 else ink,
        labels=max(0.2, 1 - columns * size * rng.uniform(4.8, 8.0) / width),
        columns=columns,
    )


def _edges(style: TableStyle, x1: float, x2: float) -> np.ndarray:
    """x of the columns' borders: one more than there are columns, labels first."""
    first = x1 + style.labels * (x2 - x1)
    return np.concatenate([[x1], np.linspace(first, x2, style.columns + 1)])


def _header(
    rng: np.random.Generator,
    canvas: Canvas,
    text: PageText,
    face: Typeface,
    style: TableStyle,
    edges: np.ndarray,
    y: float,
    *,
    first: bool,
) -> None:
    """Heads of the columns; the first of two rows spans several columns with one head and a rule below it."""
    if first and style.columns > 1:
        _cell(canvas, face, text.label(rng, 8), (edges[1], edges[-1]), y, style, "center")
        if style.rules != "grid":
            canvas.rule(edges[1] + 0.3 * face.size, edges[-1], y + style.row - 1, style.line)
        return
    if rng.random() < 0.6:
        _cell(canvas, face, text.label(rng, 8), (edges[0], edges[1]), y, style, "left")
    years = rng.random() < 0.5
    for column in range(1, len(edges) - 1):
        head = f"{int(rng.integers(2005, 2030))}{'年' if rng.random() < 0.3 else ''}" if years else text.label(rng, 6)
        _cell(
            canvas,
            face,
            head,
            (edges[column], edges[column + 1]),
            y,
            style,
            "center" if style.align == "left" else style.align,
        )


def _row(
    rng: np.random.Generator,
    canvas: Canvas,
    text: PageText,
    face: Typeface,
    style: TableStyle,
    edges: np.ndarray,
    y: float,
) -> None:
    indent = rng.choice([0, 0, 0, 1, 2]) * face.size * 0.8
    _cell(canvas, face, text.label(rng), (edges[0] + indent, edges[1]), y, style, "left")
    if rng.random() < 0.06:  # A group's heading: no numbers.
        return
    for column in range(1, len(edges) - 1):
        words = text.amount(rng) if rng.random() < 0.9 else text.label(rng, 6)
        if rng.random() > 0.05:
            _cell(canvas, face, words, (edges[column], edges[column + 1]), y, style, style.align)


def _cell(
    canvas: Canvas, face: Typeface, words: str, span: tuple[float, float], y: float, style: TableStyle, align: str
) -> None:
    """Writes what fits of `words` between two borders."""
    pad = 0.3 * face.size
    x1, x2 = span[0] + pad, span[1] - pad
    ink = face.ink(face.head(face.clean(words), x2 - x1))
    if ink is None or ink.width > x2 - x1 + 1:
        return
    x = x1 if align == "left" else x2 - ink.right if align == "right" else (x1 + x2 - ink.width) / 2 - ink.left
    canvas.write(ink, x, face.baseline(y, style.row), style.ink)


def _rules_below(
    rng: np.random.Generator, canvas: Canvas, style: TableStyle, edges: np.ndarray, y: float, *, is_header: bool
) -> None:
    if style.rules == "rows" or (style.rules == "totals" and is_header):
        canvas.rule(edges[0], edges[-1], y, style.line)
    elif style.rules == "totals" and rng.random() < 0.14:
        twice = rng.random() < 0.5
        for left, right in pairwise(edges[1:]):
            canvas.rule(left + 0.1 * (right - left), right, y - 1, style.line)
            if twice:
                canvas.rule(left + 0.1 * (right - left), right, y + 2, style.line)


def _grid(canvas: Canvas, style: TableStyle, edges: np.ndarray, top: float, bottom: float) -> None:
    for y in np.arange(top, bottom + 1, style.row):
        canvas.rule(edges[0], edges[-1], y, style.line)
    for x in edges:
        canvas.box(x, top, x + 1, bottom + 1, style.line)
