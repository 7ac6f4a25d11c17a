"""Pages of documents: columns of running text with headings, lists, notes, small tables, figures and formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.synthesis.pages import distractors, formulas
from ctpn_crnn.synthesis.pages.backgrounds import ink_color, paper
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.tables import draw_table
from ctpn_crnn.synthesis.pages.typesetting import Canvas, Color, Typeface, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText

_BULLETS = ("•", "·", "-", "–", "■", "◆", "○", "●", "*", "※")


@dataclass(frozen=True)
class FormulaShares:
    """How often a document has formulas. Shares are 0..1.

    Attributes:
        inline: Share of the lines of running text that hold formulas.
        displayed: Share of the blocks that are a formula on a line of its own.
        variables: Share of the formulas in running text that are a single variable with an index or a power.
        largest: Largest size of a displayed formula, in em of the running text.
    """

    inline: float = 0.0
    displayed: float = 0.0
    variables: float = 0.0
    largest: float = 1.5


@dataclass(frozen=True)
class Setting:
    """How a document is set.

    Attributes:
        kit: Fonts, texts and photographs.
        text: Source of the words.
        face: Of the running text.
        heading: Of headings.
        ink: Colour of the text.
        row: Distance of baselines in pixels.
        indent: Of the first line of a paragraph in pixels.
        gap: Between blocks in pixels.
        justified: Full lines are spaced out to the width of the column.
        formulas: How often there are formulas.
    """

    kit: PageKit
    text: PageText
    face: Typeface
    heading: Typeface
    ink: Color
    row: float
    indent: float
    gap: float
    justified: bool
    formulas: FormulaShares

    @classmethod
    def draw(cls, rng: np.random.Generator, kit: PageKit, canvas: Canvas, shares: FormulaShares) -> Setting:
        """Draw the setting of a page."""
        text = PageText(kit.corpus, "zh" if rng.random() < 0.7 else "en")
        size = min(rng.triangular(10, 17, 31) if rng.random() < 0.88 else rng.uniform(8, 13), canvas.width / 12)
        face = pick_typeface(rng, kit.fonts, size, text.language)
        heading = face if rng.random() < 0.4 else pick_typeface(rng, kit.fonts, size, text.language)
        spacing = rng.uniform(1.18, 1.45) if rng.random() < 0.5 else rng.uniform(1.45, 2.3)
        return cls(
            kit=kit,
            text=text,
            face=face,
            heading=heading,
            ink=ink_color(rng, float(canvas.image[::16, ::16].mean())),
            row=face.size * spacing,
            indent=2 * face.size if rng.random() < 0.6 else 0.0,
            gap=face.size * (0.0 if rng.random() < 0.4 else rng.uniform(0.3, 1.5)),
            justified=rng.random() < 0.3,
            formulas=shares,
        )


@dataclass
class Column:
    """A column of text between x1 and x2, filled down to y so far; it ends at `bottom`."""

    x1: float
    x2: float
    y: float
    bottom: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    def has_room(self, height: float) -> bool:
        return self.y + height <= self.bottom


def document_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a page of a book, a report, a contract."""
    return _draw_page(rng, kit, size, FormulaShares())


def formula_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a page of a textbook: formulas in lines of text and on lines of their own.

    Raises:
        SynthesisError: matplotlib is not installed.
    """
    return _draw_page(rng, kit, size, FormulaShares(inline=rng.uniform(0.2, 0.6), displayed=0.45))


def proof_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a page of mathematics: variables and short formulas all over the text, and some displayed large.

    Raises:
        SynthesisError: matplotlib is not installed.
    """
    shares = FormulaShares(inline=rng.uniform(0.4, 1.0), displayed=0.12, variables=0.55, largest=2.8)
    return _draw_page(rng, kit, size, shares)


def _draw_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int], shares: FormulaShares) -> Canvas:
    canvas = Canvas(paper(rng, size))
    page = _DocumentPage(rng, canvas, Setting.draw(rng, kit, canvas, shares))
    top, bottom = page.header_and_footer()
    for column in page.columns(top, bottom):
        page.fill(column)
    if rng.random() < 0.06:
        center = tuple(rng.uniform((0.3, 0.3), (0.9, 0.9)) * size[::-1])
        distractors.stamp(rng, canvas, center, 0.1 * min(size))
    return canvas


class _DocumentPage:
    """A page while it is drawn: methods write blocks into a column and move its y down."""

    def __init__(self, rng: np.random.Generator, canvas: Canvas, setting: Setting) -> None:
        self.rng, self.canvas, self.setting = rng, canvas, setting
        self.text, self.face, self.ink, self.row = setting.text, setting.face, setting.ink, setting.row

    def header_and_footer(self) -> tuple[float, float]:
        """Draw a running head and a page number on some pages; returns the y between which the text stands."""
        rng, canvas = self.rng, self.canvas
        small = self.face.resized(self.face.size * rng.uniform(0.7, 1.0))
        height, width = canvas.height, canvas.width
        top, bottom = rng.uniform(0.01, 0.08) * height, height - rng.uniform(0.01, 0.06) * height
        if rng.random() < 0.4:
            words = small.fitted(self.text.heading(rng), 0.5 * width)
            x = width * (0.06 if rng.random() < 0.5 else 0.45)
            canvas.write(words, x, small.baseline(top, small.size * 1.3), self.ink)
            top += 2 * small.size
            if rng.random() < 0.5:
                canvas.rule(0.05 * width, 0.95 * width, top, self.ink)
                top += 0.5 * small.size
        if rng.random() < 0.6:
            number = int(rng.integers(1, 500))
            form = str(rng.choice(["{}", "{}", "- {} -", "第{}页", "{}/500", "Page {}"])).format(number)
            x = width * rng.choice([0.08, 0.48, 0.48, 0.86])
            canvas.write(small.ink(small.clean(form)), x, bottom - 0.3 * small.size, self.ink)
            bottom -= 1.8 * small.size
        return top, bottom

    def columns(self, top: float, bottom: float) -> list[Column]:
        """Divide the page into one or two columns, below a title on some pages."""
        rng, width, em = self.rng, self.canvas.width, self.face.size
        left, right = rng.uniform(0.02, 0.11) * width, width - rng.uniform(0.02, 0.11) * width
        if rng.random() < 0.35:
            title = Column(left, right, top, bottom)
            self._title(title)
            top = title.y
        if right - left < 24 * em or rng.random() < 0.6:
            return [Column(left, right, top, bottom)]
        gutter = rng.uniform(1.2, 3.5) * em
        middle = left + (right - left) * (0.5 if rng.random() < 0.7 else rng.uniform(0.35, 0.65))
        if rng.random() < 0.1:
            self.canvas.box(middle, top, middle + 1, bottom, self.ink)
        return [Column(left, middle - gutter / 2, top, bottom), Column(middle + gutter / 2, right, top, bottom)]

    def fill(self, column: Column) -> None:
        """Set blocks until the column is full, on some pages less; one of eight columns ends with a footnote."""
        rng, em = self.rng, self.face.size
        end = column.y + (column.bottom - column.y) * (1.0 if rng.random() < 0.7 else rng.uniform(0.3, 1.0))
        notes = rng.random() < 0.12
        column.bottom -= 4 * em if notes else 0
        while column.y < end and column.has_room(self.row):
            before = column.y
            self._pick_block()(column)
            column.y = max(column.y, before + 2) + self.setting.gap
        if notes:
            column.y, column.bottom = column.bottom + 0.5 * em, column.bottom + 4 * em
            self._footnote(column)

    def _pick_block(self) -> Callable[[Column], None]:
        displayed = self.setting.formulas.displayed
        if displayed and self.rng.random() < displayed:
            return self._displayed_formula
        blocks = (self._paragraph, self._heading, self._list, self._table, self._figure, self._fields)
        return blocks[int(self.rng.choice(len(blocks), p=(0.56, 0.14, 0.13, 0.06, 0.05, 0.06)))]

    def _paragraph(self, column: Column) -> None:
        face, inline = self.face, self.setting.formulas.inline
        lines = int(self.rng.integers(1, 9))
        text = face.clean(self.text.running(self.rng, int(lines * column.width / face.size)))
        indent = self.setting.indent
        while text and column.has_room(self.row):
            if inline and self.rng.random() < inline:
                text = self._line_with_formulas(column, text, indent)
            else:
                line, text = face.take(text, column.width - indent)
                if not line:
                    return
                self._text_line(column, line, indent, full=bool(text))
            column.y += self.row
            indent = 0.0

    def _text_line(self, column: Column, line: str, indent: float, *, full: bool) -> None:
        """Write a line of running text; a full line may be justified."""
        width, em = column.width - indent, self.face.size
        slack = width - self.face.width(line)
        justified = self.setting.justified and full and 0.5 < slack < 0.25 * em * len(line)
        ink = self.face.ink(line, slack / len(line) if justified else 0.0)
        self.canvas.write(ink, column.x1 + indent, self.face.baseline(column.y, self.row), self.ink)

    def _line_with_formulas(self, column: Column, text: str, indent: float) -> str:
        """Write a line of text and formulas; each formula and each text between is a region. Returns the rest."""
        rng, face, variables = self.rng, self.face, self.setting.formulas.variables
        x, baseline = column.x1 + indent, face.baseline(column.y, self.row)
        while text and column.x2 - x > 2 * face.size:
            kind = "variable" if variables and rng.random() < variables else "inline"
            mask, depth = formulas.formula_mask(rng, face.size, kind)
            space = rng.uniform(0.15, 0.5) * face.size
            width = column.x2 - x - mask.shape[1] - 2 * space
            last = width < 3 * face.size or mask.shape[0] > 1.1 * self.row
            # Where no further formula fits, the text runs on to the end of the line.
            part, text = face.take(text, column.x2 - x if last else min(width, rng.uniform(3, 14) * face.size))
            ink = face.ink(part) if part else None
            if ink is None or not self.canvas.write(ink, x, baseline, self.ink) or last:
                return text
            x += ink.right + space
            if not formulas.write_formula(self.canvas, mask, depth, x, baseline, face.size, self.ink):
                return text
            x += mask.shape[1] + space
        return text

    def _displayed_formula(self, column: Column) -> None:
        """Write a formula on a line of its own, centred or at the left, sometimes with a number at the right."""
        rng, face = self.rng, self.face
        size = round(face.size * rng.uniform(0.9, self.setting.formulas.largest))
        mask, depth = formulas.formula_mask(rng, size, "displayed")
        height, width = mask.shape
        if width > column.width - 2 * face.size or not column.has_room(height + 1.2 * face.size):
            return
        x = column.x1 + (column.width - width) / 2 if rng.random() < 0.7 else column.x1 + rng.uniform(0, 3) * face.size
        baseline = column.y + 0.6 * face.size + height - depth
        drawn = formulas.write_formula(self.canvas, mask, depth, x, baseline, face.size, self.ink)
        if drawn and rng.random() < 0.3:
            number = face.ink(face.clean(f"({int(rng.integers(1, 40))})"))
            if number is not None and x + width + 2 * face.size < column.x2 - number.right:
                self.canvas.write(number, column.x2 - number.right, baseline, self.ink)
        column.y += height + 1.2 * face.size

    def _title(self, column: Column) -> None:
        rng = self.rng
        face = self.setting.heading.resized(min(60, self.face.size * rng.uniform(1.5, 3.5), column.width / 7))
        for _ in range(int(rng.choice([1, 1, 2]))):
            ink = face.fitted(self.text.heading(rng), column.width)
            if ink is not None:
                x = column.x1 + (0 if rng.random() < 0.3 else (column.width - ink.width) / 2)
                self.canvas.write(ink, x, face.baseline(column.y, 1.4 * face.size), self.ink)
            column.y += 1.4 * face.size
        column.y += 0.5 * face.size

    def _heading(self, column: Column) -> None:
        rng = self.rng
        face = self.setting.heading.resized(self.face.size * rng.uniform(1.0, 1.7))
        row = 1.5 * face.size
        if not column.has_room(row + self.row):
            return
        number = str(rng.choice(["", "", "1. ", "2.3 ", "一、", "第三章 ", "（二）", "Chapter 4 "]))
        ink = face.fitted(number + self.text.heading(rng), column.width)
        drawn = self.canvas.write(ink, column.x1, face.baseline(column.y, row), self.ink)
        if drawn and rng.random() < 0.12:
            self.canvas.rule(column.x1, column.x1 + ink.right, column.y + row, self.ink)
            column.y += 3
        column.y += row

    def _list(self, column: Column) -> None:
        """Write items with a mark apart from the text, which is a region of its own."""
        rng, face = self.rng, self.face
        bullet = str(rng.choice(_BULLETS)) if rng.random() < 0.5 else ""
        hanging = face.size * rng.uniform(2.8, 4.5)
        if column.width < hanging + 6 * face.size:
            return
        for number in range(1, int(rng.integers(3, 9))):
            mark = bullet or str(rng.choice(["{}.", "({})", "{})"])).format(number)
            length = int(rng.uniform(0.3, 2.2) * (column.width - hanging) / face.size)
            text = face.clean(self.text.running(rng, length))
            if not column.has_room(self.row):
                return
            baseline = face.baseline(column.y, self.row)
            self.canvas.write(face.ink(face.clean(mark)), column.x1 + 0.2 * face.size, baseline, self.ink)
            while text and column.has_room(self.row):
                line, text = face.take(text, column.width - hanging)
                self._text_line(column, line, hanging, full=bool(text))
                column.y += self.row
            column.y += 0.4 * self.setting.gap

    def _fields(self, column: Column) -> None:
        """Write a table of contents or a form: a label at the left, perhaps a leader, and a value at the right."""
        rng, face = self.rng, self.face
        leader = str(rng.choice(["none", "rule", "dots"]))
        for _ in range(int(rng.integers(3, 10))):
            if not column.has_room(self.row):
                return
            baseline = face.baseline(column.y, self.row)
            label = face.fitted(self.text.label(rng, 18), 0.6 * column.width)
            value = face.ink(face.clean(self.text.amount(rng) if rng.random() < 0.6 else self.text.date(rng)))
            column.y += self.row
            if label is None or value is None or label.right + value.right + 3 * face.size > column.width:
                continue
            self.canvas.write(label, column.x1, baseline, self.ink)
            x = column.x2 - value.right
            self.canvas.write(value, x, baseline, self.ink)
            gap = 0.8 * face.size
            self._leader(leader, column.x1 + label.right + gap, x + value.left - gap, baseline)

    def _leader(self, kind: str, x1: float, x2: float, baseline: float) -> None:
        if kind == "rule":
            self.canvas.rule(x1, x2, baseline + 1, self.ink)
        elif kind == "dots":
            dot = max(1, self.face.size // 12)
            for x in np.arange(x1, x2, max(3, self.face.size / 3)):
                self.canvas.box(x, baseline - dot, x + dot, baseline, self.ink)

    def _table(self, column: Column) -> None:
        face = self.face.resized(self.face.size * self.rng.uniform(0.7, 1.0))
        if column.width > 12 * face.size:
            box = (column.x1, column.y, column.x2, min(column.bottom, column.y + 14 * self.row))
            column.y = draw_table(self.rng, self.canvas, self.text, face, box, self.ink)

    def _figure(self, column: Column) -> None:
        """Draw a photograph, a chart or a grid, most with a caption below."""
        rng = self.rng
        height = rng.uniform(0.25, 0.7) * column.width
        if not column.has_room(height + 2 * self.row):
            return
        inset = rng.uniform(0, 0.2) * column.width
        box = (column.x1 + inset, column.y, column.x2 - inset, column.y + height)
        draw = rng.random()
        if draw < 0.5:
            distractors.picture(rng, self.canvas, box, self.setting.kit.photos)
        elif draw < 0.85:
            distractors.chart(rng, self.canvas, box)
        else:
            distractors.grid(rng, self.canvas, box, self.ink)
        column.y += height + 0.4 * self.face.size
        if rng.random() < 0.7:
            face = self.face.resized(self.face.size * 0.85)
            ink = face.fitted(self.text.heading(rng), column.width)
            if ink is not None:
                x = column.x1 + (column.width - ink.width) / 2
                self.canvas.write(ink, x, face.baseline(column.y, self.row), self.ink)
            column.y += self.row

    def _footnote(self, column: Column) -> None:
        rng = self.rng
        face = self.face.resized(self.face.size * rng.uniform(0.65, 0.85))
        row = 1.35 * face.size
        self.canvas.rule(column.x1, column.x1 + 0.3 * column.width, column.y, self.ink)
        column.y += 0.4 * face.size
        text = face.clean(self.text.running(rng, int(rng.uniform(0.4, 2) * column.width / face.size)))
        while text and column.has_room(row):
            line, text = face.take(text, column.width)
            self.canvas.write(face.ink(line), column.x1, face.baseline(column.y, row), self.ink)
            column.y += row
