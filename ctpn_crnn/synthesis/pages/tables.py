"""Tables as financial reports set them, and pages of tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ctpn_crnn.synthesis.pages.backgrounds import ink_color, paper
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import Box, Canvas, Color, Typeface, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText


@dataclass(frozen=True)
class TableStyle:
    """How one table looks.

    Attributes:
        row: Height of a row in pixels.
        rules: "none", "rows", "grid", "bands" or "totals" (rules only under headers and sums).
        align: Alignment of the number columns: "right", "center" or "left".
        ink, line: Colours of text and rules.
        labels: Share of the width that the label column takes.
        columns: Number of number columns.
    """

    row: float
    rules: str
    align: str
    ink: Color
    line: Color
    labels: float
    columns: int

    @classmethod
    def draw(cls, rng: np.random.Generator, size: int, width: float, ink: Color) -> TableStyle:
        """Draw the style of a table of a width in pixels, for text of an em of `size` pixels."""
        # A number column takes about seven digits; labels take the rest.
        most = max(1, int(width * 0.66 / (size * 4.6)))
        columns = int(rng.integers(1, min(8, most) + 1))
        gray = int(rng.integers(20, 190))
        return cls(
            row=round(size * (rng.uniform(1.22, 1.6) if rng.random() < 0.55 else rng.uniform(1.6, 2.6))),
            rules=str(rng.choice(["none", "rows", "grid", "grid", "bands", "totals", "totals"])),
            align=str(rng.choice(["right", "right", "right", "center", "left"])),
            ink=ink,
            line=(gray, gray, gray) if rng.random() < 0.8 else ink,
            labels=max(0.2, 1 - columns * size * rng.uniform(4.8, 8.0) / width),
            columns=columns,
        )


def draw_table(
    rng: np.random.Generator,
    canvas: Canvas,
    text: PageText,
    face: Typeface,
    box: Box,
    ink: Color,
) -> float:
    """Draw a table into the box (x1, y1, x2, lowest y), each cell a region of its own.

    Returns:
        The y where the table ends.
    """
    x1, top, x2, bottom = box
    style = TableStyle.draw(rng, face.size, x2 - x1, ink)
    rows = int(min((bottom - top) // style.row, rng.integers(4, 40)))
    headers = int(rng.integers(1, 3))
    if rows < headers + 2:
        return top
    table = _Table(rng, canvas, text, face, style, x1, x2)
    y = top
    for index in range(rows):
        if style.rules == "bands" and index >= headers and index % 2:
            canvas.box(x1, y, x2, y + style.row, tuple(int(v) for v in canvas.image[int(y), int(x1)] * 0.92))
        if index < headers:
            table.header(y, spanning=index == 0 and headers > 1)
        elif index == headers or rng.random() > 0.06:
            table.row(y)
        y += style.row
        table.rules_below(y, is_header=index == headers - 1)
    if style.rules == "grid":
        table.grid(top, y)
    return y


class _Table:
    """A table between x1 and x2 while it is drawn.

    Attributes:
        edges: x of the borders of the columns, one more than there are columns; the label column is the first.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        canvas: Canvas,
        text: PageText,
        face: Typeface,
        style: TableStyle,
        x1: float,
        x2: float,
    ) -> None:
        self.rng, self.canvas, self.text, self.face, self.style = rng, canvas, text, face, style
        first = x1 + style.labels * (x2 - x1)
        self.edges = np.concatenate([[x1], np.linspace(first, x2, style.columns + 1)])

    def header(self, y: float, *, spanning: bool) -> None:
        """Draw the heads of the columns, or one head that spans all number columns, with a rule below it."""
        rng, style, edges = self.rng, self.style, self.edges
        if spanning and style.columns > 1:
            self._cell(self.text.label(rng, 8), edges[1], edges[-1], y, "center")
            if style.rules != "grid":
                self.canvas.rule(edges[1] + 0.3 * self.face.size, edges[-1], y + style.row - 1, style.line)
            return
        if rng.random() < 0.6:
            self._cell(self.text.label(rng, 8), edges[0], edges[1], y, "left")
        years = rng.random() < 0.5
        align = "center" if style.align == "left" else style.align
        for left, right in pairwise(edges[1:]):
            year = f"{int(rng.integers(2005, 2030))}{'年' if rng.random() < 0.3 else ''}" if years else None
            self._cell(year or self.text.label(rng, 6), left, right, y, align)

    def row(self, y: float) -> None:
        """Draw a label and its numbers, or the heading of a group of rows."""
        rng, edges = self.rng, self.edges
        indent = rng.choice([0, 0, 0, 1, 2]) * self.face.size * 0.8
        self._cell(self.text.label(rng), edges[0] + indent, edges[1], y, "left")
        if rng.random() < 0.06:  # The heading of a group has no numbers.
            return
        for left, right in pairwise(edges[1:]):
            words = self.text.amount(rng) if rng.random() < 0.9 else self.text.label(rng, 6)
            if rng.random() > 0.05:
                self._cell(words, left, right, y, self.style.align)

    def rules_below(self, y: float, *, is_header: bool) -> None:
        """Draw the rules below a row that ends at y."""
        style, edges = self.style, self.edges
        if style.rules == "rows" or (style.rules == "totals" and is_header):
            self.canvas.rule(edges[0], edges[-1], y, style.line)
        elif style.rules == "totals" and self.rng.random() < 0.14:
            twice = self.rng.random() < 0.5
            for left, right in pairwise(edges[1:]):
                self.canvas.rule(left + 0.1 * (right - left), right, y - 1, style.line)
                if twice:
                    self.canvas.rule(left + 0.1 * (right - left), right, y + 2, style.line)

    def grid(self, top: float, bottom: float) -> None:
        """Draw rules around all cells."""
        for y in np.arange(top, bottom + 1, self.style.row):
            self.canvas.rule(self.edges[0], self.edges[-1], y, self.style.line)
        for x in self.edges:
            self.canvas.box(x, top, x + 1, bottom + 1, self.style.line)

    def _cell(self, words: str, left: float, right: float, y: float, align: str) -> None:
        """Write the beginning of `words` that fits between two borders."""
        pad = 0.3 * self.face.size
        x1, x2 = left + pad, right - pad
        ink = self.face.fitted(words, x2 - x1)
        if ink is not None and ink.width <= x2 - x1 + 1:
            baseline = self.face.baseline(y, self.style.row)
            self.canvas.write(ink, ink.start(x1, x2, align), baseline, self.style.ink)


def table_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a page of a report: tables with titles and notes, and a page number."""
    canvas = Canvas(paper(rng, size))
    height, width = size
    text = PageText(kit.corpus, "zh" if rng.random() < 0.75 else "en")
    em = min(rng.uniform(10, 27) if rng.random() < 0.85 else rng.uniform(8, 12), width / 18)
    face = pick_typeface(rng, kit.fonts, em, text.language)
    ink = ink_color(rng, float(canvas.image.mean()))
    margin = rng.uniform(0.02, 0.1) * width
    y = rng.uniform(0.01, 0.06) * height

    def write_line(y: float, *, title: bool) -> float:
        """Write a title or a line of explanation; returns the y below it."""
        used = face.resized(face.size * rng.uniform(1.0, 1.6)) if title else face
        row = used.size * rng.uniform(1.35, 2.2)
        words = text.heading(rng) if title else text.running(rng, int(rng.integers(8, 80)))
        canvas.write(used.fitted(words, width - 2 * margin), margin, used.baseline(y, row), ink)
        return y + row

    while y < height - 6 * face.size:
        y = write_line(y, title=rng.random() < 0.5)
        for _ in range(int(rng.integers(0, 3))):
            y = write_line(y, title=False)
        table_face = face.resized(max(7.0, face.size * rng.uniform(0.8, 1.05)))
        inset = margin + (rng.uniform(0, 0.06) * width if rng.random() < 0.4 else 0.0)
        box = (inset, y + 0.4 * face.size, width - inset, height - 4 * face.size)
        y = draw_table(rng, canvas, text, table_face, box, ink) + rng.uniform(0.6, 2.5) * face.size
    _page_number(rng, canvas, face, ink)
    return canvas


def _page_number(rng: np.random.Generator, canvas: Canvas, face: Typeface, ink: Color) -> None:
    small = face.resized(face.size * rng.uniform(0.8, 1.0))
    number = small.ink(f"{int(rng.integers(1, 400))}")
    x = (0.5, 0.9, 0.08)[int(rng.choice([0, 0, 1, 2]))] * canvas.width
    if number is not None:
        canvas.write(number, x, canvas.height - rng.uniform(0.6, 1.6) * small.size, ink)
