"""Documents: columns of running text with headings, lists, notes, small tables, figures and formulas."""

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


@dataclass
class Column:
    """Where text flows: x1..x2, from y down to `bottom`."""

    x1: float
    x2: float
    y: float
    bottom: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    def has_room(self, height: float) -> bool:
        return self.y + height <= self.bottom


@dataclass(frozen=True)
class Setting:
    """How a document is set.

    Attributes:
        kit, text: what it is made of.
        face: of the running text.
        heading: of headings.
        ink: colour of the text.
        row: distance of baselines in pixels.
        indent: of a paragraph's first line in pixels.
        gap: between blocks in pixels.
        justified: whether full lines are spaced out to the column's width.
        formulas: the share of the lines of running text that hold formulas.
        displayed: the share of blocks that are a formula.
        signs: the share of the formulas in running text that are a single sign with an index or a power.
        largest: of displayed formulas, in em of the running text.
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
    formulas: float = 0.0
    displayed: float = 0.0
    signs: float = 0.0
    largest: float = 1.5


def document_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """A page of a book, a report, a contract."""
    return _page(rng, kit, size)


def formula_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """A page of a textbook: formulas in lines of text and on lines of their own.

    Raises:
        SynthesisError: matplotlib is not installed.
    """
    return _page(rng, kit, size, formulas=rng.uniform(0.2, 0.6), displayed=0.45)


def proof_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """A page of mathematics: signs and short formulas all over the text, and some that are displayed large.

    Raises:
        SynthesisError: matplotlib is not installed.
    """
    return _page(rng, kit, size, formulas=rng.uniform(0.4, 1.0), displayed=0.12, signs=0.55, largest=2.8)


def _page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int], **formulas_set: float) -> Canvas:
    canvas = Canvas(paper(rng, size))
    setting = _setting(rng, kit, canvas, formulas_set)
    top, bottom = _header_and_footer(rng, canvas, setting)
    for column in _columns(rng, canvas, setting, top, bottom):
        _fill(rng, canvas, setting, column)
    if rng.random() < 0.06:
        distractors.stamp(rng, canvas, tuple(rng.uniform((0.3, 0.3), (0.9, 0.9)) * size[::-1]), 0.1 * min(size))
    return canvas


def _setting(rng: np.random.Generator, kit: PageKit, canvas: Canvas, formulas_set: dict[str, float]) -> Setting:
    text = PageText(kit.corpus, "zh" if rng.random() < 0.7 else "en")
    size = min(rng.triangular(10, 17, 31) if rng.random() < 0.88 else rng.uniform(8, 13), canvas.width / 12)
    face = pick_typeface(rng, kit.fonts, size, text.language)
    heading = face if rng.random() < 0.4 else pick_typeface(rng, kit.fonts, size, text.language)
    spacing = rng.uniform(1.18, 1.45) if rng.random() < 0.5 else rng.uniform(1.45, 2.3)
    return Setting(
        kit=kit,
        text=text,
        face=face,
        heading=heading,
        ink=ink_color(rng, float(canvas.image[::16, ::16].mean())),
        row=face.size * spacing,
        indent=2 * face.size if rng.random() < 0.6 else 0.0,
        gap=face.size * (0.0 if rng.random() < 0.4 else rng.uniform(0.3, 1.5)),
        justified=rng.random() < 0.3,
        **formulas_set,
    )


def _header_and_footer(rng: np.random.Generator, canvas: Canvas, setting: Setting) -> tuple[float, float]:
    """Draws them and returns the y between which the page's text stands."""
    small = setting.face.resized(setting.face.size * rng.uniform(0.7, 1.0))
    height, width = canvas.height, canvas.width
    top, bottom = rng.uniform(0.01, 0.08) * height, height - rng.uniform(0.01, 0.06) * height
    if rng.random() < 0.4:
        words = small.ink(small.head(small.clean(setting.text.heading(rng)), 0.5 * width))
        x = width * (0.06 if rng.random() < 0.5 else 0.45)
        canvas.write(words, x, small.baseline(top, small.size * 1.3), setting.ink)
        top += 2 * small.size
        if rng.random() < 0.5:
            canvas.rule(0.05 * width, 0.95 * width, top, setting.ink)
            top += 0.5 * small.size
    if rng.random() < 0.6:
        number = int(rng.integers(1, 500))
        form = str(rng.choice(["{}", "{}", "- {} -", "第{}页", "{}/500", "Page {}"])).format(number)
        x = width * rng.choice([0.08, 0.48, 0.48, 0.86])
        canvas.write(small.ink(small.clean(form)), x, bottom - 0.3 * small.size, setting.ink)
        bottom -= 1.8 * small.size
    return top, bottom


def _columns(rng: np.random.Generator, canvas: Canvas, setting: Setting, top: float, bottom: float) -> list[Column]:
    margin = rng.uniform(0.02, 0.11) * canvas.width
    left, right = margin, canvas.width - rng.uniform(0.02, 0.11) * canvas.width
    if rng.random() < 0.35:
        title = Column(left, right, top, bottom)
        _title(rng, canvas, setting, title)
        top = title.y
    if right - left < 24 * setting.face.size or rng.random() < 0.6:
        return [Column(left, right, top, bottom)]
    gutter = rng.uniform(1.2, 3.5) * setting.face.size
    middle = left + (right - left) * (0.5 if rng.random() < 0.7 else rng.uniform(0.35, 0.65))
    if rng.random() < 0.1:
        canvas.box(middle, top, middle + 1, bottom, setting.ink)
    return [Column(left, middle - gutter / 2, top, bottom), Column(middle + gutter / 2, right, top, bottom)]


def _fill(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    """Sets blocks until the column is full, or sooner."""
    end = column.y + (column.bottom - column.y) * (1.0 if rng.random() < 0.7 else rng.uniform(0.3, 1.0))
    notes = rng.random() < 0.12
    column.bottom -= 4 * setting.face.size if notes else 0
    while column.y < end and column.has_room(setting.row):
        before = column.y
        _block(rng, setting)(rng, canvas, setting, column)
        column.y = max(column.y, before + 2) + setting.gap
    if notes:
        column.y, column.bottom = column.bottom + 0.5 * setting.face.size, column.bottom + 4 * setting.face.size
        _footnote(rng, canvas, setting, column)


Block = Callable[[np.random.Generator, Canvas, Setting, Column], None]


def _block(rng: np.random.Generator, setting: Setting) -> Block:
    if setting.displayed and rng.random() < setting.displayed:
        return _displayed_formula
    blocks: tuple[Block, ...] = (_paragraph, _heading, _list, _table, _figure, _fields)
    return blocks[int(rng.choice(len(blocks), p=(0.56, 0.14, 0.13, 0.06, 0.05, 0.06)))]


def _paragraph(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    face = setting.face
    lines = int(rng.integers(1, 9))
    text = face.clean(setting.text.running(rng, int(lines * column.width / face.size)))
    indent = setting.indent
    while text and column.has_room(setting.row):
        if setting.formulas and rng.random() < setting.formulas:
            text = _mixed_line(rng, canvas, setting, column, text, indent)
        else:
            line, text = face.take(text, column.width - indent)
            if not line:
                return
            _set_line(canvas, setting, face, line, column.x1 + indent, column.width - indent, column.y, full=bool(text))
        column.y += setting.row
        indent = 0.0


def _set_line(
    canvas: Canvas, setting: Setting, face: Typeface, line: str, x: float, width: float, y: float, *, full: bool
) -> None:
    slack = width - face.width(line)
    tracking = slack / len(line) if setting.justified and full and 0.5 < slack < 0.25 * face.size * len(line) else 0.0
    canvas.write(face.ink(line, tracking), x, face.baseline(y, setting.row), setting.ink)


def _mixed_line(
    rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column, text: str, indent: float
) -> str:
    """A line of text with formulas in it, each its own region and the text between them too; returns the rest."""
    face = setting.face
    x, baseline = column.x1 + indent, face.baseline(column.y, setting.row)
    while text and column.x2 - x > 2 * face.size:
        kind = "sign" if setting.signs and rng.random() < setting.signs else "inline"
        mask, depth = formulas.formula_mask(rng, face.size, kind)
        space = rng.uniform(0.15, 0.5) * face.size
        width = column.x2 - x - mask.shape[1] - 2 * space
        last = width < 3 * face.size or mask.shape[0] > 1.1 * setting.row
        # Where no formula fits any more the text runs on in one piece to the end of the line.
        part, text = face.take(text, column.x2 - x if last else min(width, rng.uniform(3, 14) * face.size))
        ink = face.ink(part) if part else None
        if ink is None or not canvas.write(ink, x, baseline, setting.ink) or last:
            return text
        x += ink.right + space
        if not formulas.write_formula(canvas, mask, depth, x, baseline, face.size, setting.ink):
            return text
        x += mask.shape[1] + space
    return text


def _displayed_formula(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    """A formula on a line of its own, centred or at the left, sometimes with a number at the right."""
    face = setting.face
    mask, depth = formulas.formula_mask(rng, round(face.size * rng.uniform(0.9, setting.largest)), "displayed")
    height, width = mask.shape
    if width > column.width - 2 * face.size or not column.has_room(height + 1.2 * face.size):
        return
    x = column.x1 + (column.width - width) / 2 if rng.random() < 0.7 else column.x1 + rng.uniform(0, 3) * face.size
    baseline = column.y + 0.6 * face.size + height - depth
    if formulas.write_formula(canvas, mask, depth, x, baseline, face.size, setting.ink) and rng.random() < 0.3:
        number = face.ink(face.clean(f"({int(rng.integers(1, 40))})"))
        if number is not None and x + width + 2 * face.size < column.x2 - number.right:
            canvas.write(number, column.x2 - number.right, baseline, setting.ink)
    column.y += height + 1.2 * face.size


def _title(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    face = setting.heading.resized(min(60, setting.face.size * rng.uniform(1.5, 3.5), column.width / 7))
    for _ in range(int(rng.choice([1, 1, 2]))):
        ink = face.ink(face.head(face.clean(setting.text.heading(rng)), column.width))
        if ink is not None:
            x = column.x1 + (0 if rng.random() < 0.3 else (column.width - ink.width) / 2)
            canvas.write(ink, x, face.baseline(column.y, 1.4 * face.size), setting.ink)
        column.y += 1.4 * face.size
    column.y += 0.5 * face.size


def _heading(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    face = setting.heading.resized(setting.face.size * rng.uniform(1.0, 1.7))
    row = 1.5 * face.size
    if not column.has_room(row + setting.row):
        return
    number = str(rng.choice(["", "", "1. ", "2.3 ", "一、", "第三章 ", "（二）", "Chapter 4 "]))
    ink = face.ink(face.head(face.clean(number + setting.text.heading(rng)), column.width))
    if (
        ink is not None
        and canvas.write(ink, column.x1, face.baseline(column.y, row), setting.ink)
        and rng.random() < 0.12
    ):
        canvas.rule(column.x1, column.x1 + ink.right, column.y + row, setting.ink)
        column.y += 3
    column.y += row


def _list(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    """Items with a mark apart from the text: the mark is a region of its own where the gap is wide."""
    face = setting.face
    bullet = str(rng.choice(_BULLETS)) if rng.random() < 0.5 else ""
    hanging = face.size * rng.uniform(2.8, 4.5)
    if column.width < hanging + 6 * face.size:
        return
    for number in range(1, int(rng.integers(3, 9))):
        mark = bullet or str(rng.choice(["{}.", "({})", "{})"])).format(number)
        text = face.clean(setting.text.running(rng, int(rng.uniform(0.3, 2.2) * (column.width - hanging) / face.size)))
        if not column.has_room(setting.row):
            return
        canvas.write(
            face.ink(face.clean(mark)), column.x1 + 0.2 * face.size, face.baseline(column.y, setting.row), setting.ink
        )
        while text and column.has_room(setting.row):
            line, text = face.take(text, column.width - hanging)
            _set_line(
                canvas, setting, face, line, column.x1 + hanging, column.width - hanging, column.y, full=bool(text)
            )
            column.y += setting.row
        column.y += 0.4 * setting.gap


def _fields(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    """A table of contents or a form: a label at the left, with or without a leader, and a value at the right."""
    face = setting.face
    leader = str(rng.choice(["none", "rule", "dots"]))
    for _ in range(int(rng.integers(3, 10))):
        if not column.has_room(setting.row):
            return
        baseline = face.baseline(column.y, setting.row)
        label = face.ink(face.head(face.clean(setting.text.label(rng, 18)), 0.6 * column.width))
        value = face.ink(face.clean(setting.text.amount(rng) if rng.random() < 0.6 else setting.text.date(rng)))
        column.y += setting.row
        if label is None or value is None or label.right + value.right + 3 * face.size > column.width:
            continue
        canvas.write(label, column.x1, baseline, setting.ink)
        x = column.x2 - value.right
        canvas.write(value, x, baseline, setting.ink)
        _leader(
            canvas,
            leader,
            column.x1 + label.right + 0.8 * face.size,
            x + value.left - 0.8 * face.size,
            baseline,
            face.size,
            setting.ink,
        )


def _leader(canvas: Canvas, kind: str, x1: float, x2: float, baseline: float, size: int, ink: Color) -> None:
    if kind == "rule":
        canvas.rule(x1, x2, baseline + 1, ink)
    elif kind == "dots":
        dot = max(1, size // 12)
        for x in np.arange(x1, x2, max(3, size / 3)):
            canvas.box(x, baseline - dot, x + dot, baseline, ink)


def _table(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    face = setting.face.resized(setting.face.size * rng.uniform(0.7, 1.0))
    if column.width > 12 * face.size:
        box = (column.x1, column.y, column.x2, min(column.bottom, column.y + 14 * setting.row))
        column.y = draw_table(rng, canvas, setting.text, face, box, setting.ink)


def _figure(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    """A photograph, a chart or a grid, with a caption below it."""
    height = rng.uniform(0.25, 0.7) * column.width
    if not column.has_room(height + 2 * setting.row):
        return
    inset = rng.uniform(0, 0.2) * column.width
    box = (column.x1 + inset, column.y, column.x2 - inset, column.y + height)
    draw = rng.random()
    if draw < 0.5:
        distractors.picture(rng, canvas, box, setting.kit.photos)
    elif draw < 0.85:
        distractors.chart(rng, canvas, box)
    else:
        distractors.grid(rng, canvas, box, setting.ink)
    column.y += height + 0.4 * setting.face.size
    if rng.random() < 0.7:
        face = setting.face.resized(setting.face.size * 0.85)
        ink = face.ink(face.head(face.clean(setting.text.heading(rng)), column.width))
        if ink is not None:
            canvas.write(
                ink, column.x1 + (column.width - ink.width) / 2, face.baseline(column.y, setting.row), setting.ink
            )
        column.y += setting.row


def _footnote(rng: np.random.Generator, canvas: Canvas, setting: Setting, column: Column) -> None:
    face = setting.face.resized(setting.face.size * rng.uniform(0.65, 0.85))
    canvas.rule(column.x1, column.x1 + 0.3 * column.width, column.y, setting.ink)
    column.y += 0.4 * face.size
    text = face.clean(setting.text.running(rng, int(rng.uniform(0.4, 2) * column.width / face.size)))
    while text and column.has_room(1.35 * face.size):
        line, text = face.take(text, column.width)
        canvas.write(face.ink(line), column.x1, face.baseline(column.y, 1.35 * face.size), setting.ink)
        column.y += 1.35 * face.size
