"""Screenshots: lists, conversations, forms and code in sharp sans-serif type, dark on light and light on dark."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.synthesis.pages.backgrounds import ink_color, luminance
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import Canvas, Color, Typeface, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText


@dataclass(frozen=True)
class _Theme:
    kit: PageKit
    text: PageText
    face: Typeface
    ground: Color
    panel: Color
    accent: Color

    def on(self, rng: np.random.Generator, ground: Color, faint: float = 0.0) -> Color:
        """A colour for text on `ground`, mixed with it by `faint`."""
        ink = np.asarray(ink_color(rng, luminance(ground)), float)
        return _color((1 - faint) * ink + faint * np.asarray(ground, float))


def screen_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """A window or a telephone's screen with a bar at its top."""
    theme = _theme(rng, kit, size)
    canvas = Canvas(np.full((*size, 3), theme.ground, np.uint8))
    top = _bar(rng, canvas, theme)
    left = _sidebar(rng, canvas, theme, top) if rng.random() < 0.35 else 0.0
    bodies = (_items, _items, _conversation, _form, _code, _code)
    bodies[int(rng.integers(len(bodies)))](rng, canvas, theme, (left, top, float(canvas.width), float(canvas.height)))
    return canvas


_Box = tuple[float, float, float, float]


def _theme(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> _Theme:
    text = PageText(kit.corpus, "zh" if rng.random() < 0.65 else "en")
    face = pick_typeface(rng, kit.fonts, min(rng.uniform(10, 28), size[1] / 14), text.language)
    dark = rng.random() < 0.4
    level = rng.uniform(12, 60) if dark else rng.uniform(228, 255)
    ground = _color(level + rng.uniform(-8, 8, 3))
    panel = _color(np.asarray(ground) + (rng.uniform(8, 40) if dark else -rng.uniform(4, 30)))
    return _Theme(kit, text, face, ground, panel, _color(rng.uniform(20, 235, 3)))


def _write(
    rng: np.random.Generator, canvas: Canvas, face: Typeface, words: str, box: _Box, color: Color, align: str = "left"
) -> float:
    """Writes what fits into a row; returns the right end of the ink, or the box's left where nothing was written."""
    x1, y1, x2, y2 = box
    ink = face.ink(face.head(face.clean(words), x2 - x1))
    if ink is None or ink.width > x2 - x1:
        return x1
    x = {"left": x1, "right": x2 - ink.right, "center": (x1 + x2 - ink.width) / 2 - ink.left}[align]
    return x + ink.right if canvas.write(ink, x, face.baseline(y1, y2 - y1), color) else x1


def _bar(rng: np.random.Generator, canvas: Canvas, theme: _Theme) -> float:
    height = theme.face.size * rng.uniform(1.8, 3.4)
    ground = theme.accent if rng.random() < 0.5 else theme.panel
    canvas.box(0, 0, canvas.width, height, ground)
    color = theme.on(rng, ground)
    icon = 0.3 * height
    _icon(rng, canvas, 0.5 * height, 0.5 * height, icon, color)
    face = theme.face.resized(theme.face.size * rng.uniform(1.0, 1.25))
    align = "center" if rng.random() < 0.5 else "left"
    _write(rng, canvas, face, theme.text.heading(rng), (1.2 * height, 0, 0.7 * canvas.width, height), color, align)
    if rng.random() < 0.5:
        _icon(rng, canvas, canvas.width - 0.6 * height, 0.5 * height, icon, color)
    else:
        _write(
            rng,
            canvas,
            face,
            theme.text.label(rng, 4),
            (0.76 * canvas.width, 0, 0.97 * canvas.width, height),
            color,
            "right",
        )
    return height


def _sidebar(rng: np.random.Generator, canvas: Canvas, theme: _Theme, top: float) -> float:
    width = rng.uniform(0.18, 0.3) * canvas.width
    canvas.box(0, top, width, canvas.height, theme.panel)
    row = theme.face.size * rng.uniform(1.7, 3.0)
    face = theme.face.resized(theme.face.size * rng.uniform(0.8, 1.0))
    chosen = int(rng.integers(0, 8))
    for index, y in enumerate(np.arange(top + 0.3 * row, canvas.height - row, row)):
        ground = theme.accent if index == chosen else theme.panel
        if index == chosen:
            canvas.box(0, y, width, y + row, ground)
        if rng.random() < 0.9:
            _write(
                rng,
                canvas,
                face,
                theme.text.label(rng, 7),
                (0.8 * face.size, y, width - 4, y + row),
                theme.on(rng, ground),
            )
    return width


def _items(rng: np.random.Generator, canvas: Canvas, theme: _Theme, box: _Box) -> None:
    """A list: title, line below it, something small at the right, a rule between items."""
    x1, y, x2, y2 = box
    face, small = theme.face, theme.face.resized(theme.face.size * rng.uniform(0.7, 0.9))
    line, pad = 1.5 * face.size, rng.uniform(0.4, 1.2) * face.size
    icons, details = rng.random() < 0.5, int(rng.integers(0, 3))
    ink, faint = theme.on(rng, theme.ground), theme.on(rng, theme.ground, rng.uniform(0.2, 0.55))
    height = 2 * pad + (1 + details) * line
    left = x1 + face.size + (1.6 * line if icons else 0)
    while y + height <= y2:
        if icons:
            _icon(rng, canvas, x1 + face.size + 0.6 * line, y + height / 2, 0.6 * line, theme.accent)
        _write(rng, canvas, face, theme.text.heading(rng), (left, y + pad, x1 + 0.68 * (x2 - x1), y + pad + line), ink)
        for index in range(details):
            top = y + pad + (index + 1) * line
            _write(
                rng,
                canvas,
                small,
                theme.text.running(rng, int(rng.integers(6, 40))),
                (left, top, x2 - 4 * face.size, top + line),
                faint,
            )
        if rng.random() < 0.6:
            words = theme.text.date(rng) if rng.random() < 0.5 else theme.text.amount(rng)
            _write(
                rng,
                canvas,
                small,
                words,
                (x1 + 0.74 * (x2 - x1), y + pad, x2 - face.size, y + pad + line),
                faint,
                "right",
            )
        y += height
        canvas.rule(left, x2, y, theme.panel)


def _conversation(rng: np.random.Generator, canvas: Canvas, theme: _Theme, box: _Box) -> None:
    """Bubbles at both sides with times between them."""
    x1, y, x2, y2 = box
    face, width = theme.face, 0.62 * (x2 - x1)
    row, pad = rng.uniform(1.3, 1.7) * face.size, 0.6 * face.size
    y += pad
    while y < y2 - 3 * row:
        if rng.random() < 0.25:
            small = face.resized(0.75 * face.size)
            _write(
                rng,
                canvas,
                small,
                theme.text.date(rng),
                (x1, y, x2, y + row),
                theme.on(rng, theme.ground, 0.4),
                "center",
            )
            y += 1.3 * row
        mine = rng.random() < 0.5
        lines = _lines(
            face, face.clean(theme.text.running(rng, int(rng.integers(2, 60)))), width, int((y2 - y - 2 * pad) / row)
        )
        if not lines:
            return
        used = max(face.width(line) for line in lines) + 2 * pad
        left = x2 - 2.6 * face.size - used if mine else x1 + 2.6 * face.size
        ground = theme.accent if mine else theme.panel
        canvas.box(left, y, left + used, y + len(lines) * row + 1.2 * pad, ground)
        _icon(
            rng, canvas, x2 - 1.3 * face.size if mine else x1 + 1.3 * face.size, y + 0.8 * row, face.size, theme.accent
        )
        color = theme.on(rng, ground)
        for index, line in enumerate(lines):
            top = y + 0.6 * pad + index * row
            canvas.write(face.ink(line), left + pad, face.baseline(top, row), color)
        y += len(lines) * row + 2.2 * pad


def _lines(face: Typeface, text: str, width: float, most: int) -> list[str]:
    lines: list[str] = []
    while text and len(lines) < most:
        line, text = face.take(text, width)
        if not line:
            break
        lines.append(line)
    return lines


def _form(rng: np.random.Generator, canvas: Canvas, theme: _Theme, box: _Box) -> None:
    """Labels, input fields, buttons."""
    x1, y, x2, y2 = box
    face = theme.face
    row = face.size * rng.uniform(1.7, 2.6)
    split = x1 + rng.uniform(0.25, 0.4) * (x2 - x1)
    ink = theme.on(rng, theme.ground)
    y += 0.5 * row
    while y + 1.6 * row < y2:
        if rng.random() < 0.2:
            _buttons(rng, canvas, theme, (x1 + face.size, y, x2 - face.size, y + row))
        else:
            _write(
                rng,
                canvas,
                face,
                theme.text.label(rng, 8),
                (x1 + 0.6 * face.size, y, split - 0.6 * face.size, y + row),
                ink,
                "right",
            )
            canvas.frame(split, y, x2 - face.size, y + row, theme.on(rng, theme.ground, 0.6))
            if rng.random() < 0.8:
                words = theme.text.code(rng) if rng.random() < 0.4 else theme.text.heading(rng)
                _write(rng, canvas, face, words, (split + 0.5 * face.size, y, x2 - 1.5 * face.size, y + row), ink)
        y += row * rng.uniform(1.2, 1.6)


def _buttons(rng: np.random.Generator, canvas: Canvas, theme: _Theme, box: _Box) -> None:
    x, y1, x2, y2 = box
    while x < x2 - 6 * theme.face.size:
        width = rng.uniform(4, 9) * theme.face.size
        ground = theme.accent if rng.random() < 0.6 else theme.panel
        canvas.box(x, y1, min(x2, x + width), y2, ground)
        _write(
            rng,
            canvas,
            theme.face,
            theme.text.label(rng, 5),
            (x + 4, y1, min(x2, x + width) - 4, y2),
            theme.on(rng, ground),
            "center",
        )
        x += width + theme.face.size * rng.uniform(1.8, 3)


def _code(rng: np.random.Generator, canvas: Canvas, theme: _Theme, box: _Box) -> None:
    """Indented lines with numbers before them, as an editor or a terminal shows."""
    x1, y, x2, y2 = box
    face = theme.face
    row = face.size * rng.uniform(1.25, 1.7)
    numbered = rng.random() < 0.6
    left = x1 + (4.5 if numbered else 0.8) * face.size
    faint = theme.on(rng, theme.ground, 0.5)
    indent, number = 0, int(rng.integers(1, 300))
    while y + row <= y2:
        if numbered:
            _write(rng, canvas, face, str(number), (x1 + 4, y, left - 1.8 * face.size, y + row), faint, "right")
        if rng.random() < 0.85:
            words = theme.text.program(rng, int(rng.integers(4, 60)))
            _write(
                rng,
                canvas,
                face,
                words,
                (left + 2 * indent * face.size, y, x2 - 4, y + row),
                theme.on(rng, theme.ground),
            )
        indent = int(np.clip(indent + rng.integers(-1, 2), 0, 4))
        number, y = number + 1, y + row


def _icon(rng: np.random.Generator, canvas: Canvas, x: float, y: float, size: float, color: Color) -> None:
    """A disc, a ring, a square, or three bars."""
    draw, half = rng.random(), size / 2
    if draw < 0.5:
        cv2.circle(canvas.image, (round(x), round(y)), max(2, round(half)), color, -1 if draw < 0.3 else 2, cv2.LINE_AA)
    elif draw < 0.75:
        canvas.box(x - half, y - half, x + half, y + half, color)
    else:
        for step in (-0.3, 0.0, 0.3):
            canvas.rule(x - half, x + half, y + step * size, color, max(1, round(0.1 * size)))


def _color(values: np.ndarray) -> Color:
    b, g, r = np.clip(np.broadcast_to(values, 3), 0, 255)
    return int(b), int(g), int(r)
