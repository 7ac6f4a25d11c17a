"""Screenshots: lists, conversations, forms and code in sharp sans-serif type, dark on light or light on dark."""

from __future__ import annotations

import cv2
import numpy as np

from ctpn_crnn.synthesis.pages.backgrounds import ink_color, luminance
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import Box, Canvas, Color, Typeface, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText


def screen_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a window or the screen of a telephone, with a bar at its top."""
    screen = _Screen(rng, kit, size)
    top = screen.bar()
    left = screen.sidebar(top) if rng.random() < 0.35 else 0.0
    bodies = (screen.items, screen.items, screen.conversation, screen.form, screen.code, screen.code)
    bodies[int(rng.integers(len(bodies)))]((left, top, float(size[1]), float(size[0])))
    return screen.canvas


class _Screen:
    """A screen while it is drawn, with its colours: ground, panels, and an accent for buttons and icons."""

    def __init__(self, rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> None:
        self.rng = rng
        self.text = PageText(kit.corpus, "zh" if rng.random() < 0.65 else "en")
        self.face = pick_typeface(rng, kit.fonts, min(rng.uniform(10, 28), size[1] / 14), self.text.language)
        dark = rng.random() < 0.4
        level = rng.uniform(12, 60) if dark else rng.uniform(228, 255)
        self.ground = _color(level + rng.uniform(-8, 8, 3))
        self.panel = _color(np.asarray(self.ground) + (rng.uniform(8, 40) if dark else -rng.uniform(4, 30)))
        self.accent = _color(rng.uniform(20, 235, 3))
        self.canvas = Canvas(np.full((*size, 3), self.ground, np.uint8))

    def bar(self) -> float:
        """Draw the bar at the top; returns its height."""
        rng, canvas, width = self.rng, self.canvas, self.canvas.width
        height = self.face.size * rng.uniform(1.8, 3.4)
        ground = self.accent if rng.random() < 0.5 else self.panel
        canvas.box(0, 0, width, height, ground)
        color = self._color_on(ground)
        icon = 0.3 * height
        self._icon(0.5 * height, 0.5 * height, icon, color)
        face = self.face.resized(self.face.size * rng.uniform(1.0, 1.25))
        align = "center" if rng.random() < 0.5 else "left"
        self._write(self.text.heading(rng), (1.2 * height, 0, 0.7 * width, height), color, align, face)
        if rng.random() < 0.5:
            self._icon(width - 0.6 * height, 0.5 * height, icon, color)
        else:
            self._write(self.text.label(rng, 4), (0.76 * width, 0, 0.97 * width, height), color, "right", face)
        return height

    def sidebar(self, top: float) -> float:
        """Draw a menu at the left; returns its width."""
        rng, canvas = self.rng, self.canvas
        width = rng.uniform(0.18, 0.3) * canvas.width
        canvas.box(0, top, width, canvas.height, self.panel)
        row = self.face.size * rng.uniform(1.7, 3.0)
        face = self.face.resized(self.face.size * rng.uniform(0.8, 1.0))
        chosen = int(rng.integers(0, 8))
        for index, y in enumerate(np.arange(top + 0.3 * row, canvas.height - row, row)):
            ground = self.accent if index == chosen else self.panel
            if index == chosen:
                canvas.box(0, y, width, y + row, ground)
            if rng.random() < 0.9:
                words = self.text.label(rng, 7)
                self._write(words, (0.8 * face.size, y, width - 4, y + row), self._color_on(ground), face=face)
        return width

    def items(self, box: Box) -> None:
        """Draw a list: a title, details below it, a date or an amount at the right, a rule between items."""
        rng, face = self.rng, self.face
        x1, y, x2, y2 = box
        small = face.resized(face.size * rng.uniform(0.7, 0.9))
        line, pad = 1.5 * face.size, rng.uniform(0.4, 1.2) * face.size
        icons, details = rng.random() < 0.5, int(rng.integers(0, 3))
        ink, faint = self._color_on(self.ground), self._color_on(self.ground, rng.uniform(0.2, 0.55))
        height = 2 * pad + (1 + details) * line
        left = x1 + face.size + (1.6 * line if icons else 0)
        while y + height <= y2:
            if icons:
                self._icon(x1 + face.size + 0.6 * line, y + height / 2, 0.6 * line, self.accent)
            self._write(self.text.heading(rng), (left, y + pad, x1 + 0.68 * (x2 - x1), y + pad + line), ink)
            for index in range(details):
                top = y + pad + (index + 1) * line
                words = self.text.running(rng, int(rng.integers(6, 40)))
                self._write(words, (left, top, x2 - 4 * face.size, top + line), faint, face=small)
            if rng.random() < 0.6:
                words = self.text.date(rng) if rng.random() < 0.5 else self.text.amount(rng)
                right_box = (x1 + 0.74 * (x2 - x1), y + pad, x2 - face.size, y + pad + line)
                self._write(words, right_box, faint, "right", small)
            y += height
            self.canvas.rule(left, x2, y, self.panel)

    def conversation(self, box: Box) -> None:
        """Draw speech bubbles at both sides, with times between them."""
        rng, face = self.rng, self.face
        x1, y, x2, y2 = box
        width = 0.62 * (x2 - x1)
        row, pad = rng.uniform(1.3, 1.7) * face.size, 0.6 * face.size
        y += pad
        while y < y2 - 3 * row:
            if rng.random() < 0.25:
                small, words = face.resized(0.75 * face.size), self.text.date(rng)
                self._write(words, (x1, y, x2, y + row), self._color_on(self.ground, 0.4), "center", small)
                y += 1.3 * row
            own = rng.random() < 0.5
            words = face.clean(self.text.running(rng, int(rng.integers(2, 60))))
            lines = _broken(face, words, width, int((y2 - y - 2 * pad) / row))
            if not lines:
                return
            used = max(face.width(line) for line in lines) + 2 * pad
            left = x2 - 2.6 * face.size - used if own else x1 + 2.6 * face.size
            ground = self.accent if own else self.panel
            self.canvas.box(left, y, left + used, y + len(lines) * row + 1.2 * pad, ground)
            self._icon(x2 - 1.3 * face.size if own else x1 + 1.3 * face.size, y + 0.8 * row, face.size, self.accent)
            color = self._color_on(ground)
            for index, line in enumerate(lines):
                top = y + 0.6 * pad + index * row
                self.canvas.write(face.ink(line), left + pad, face.baseline(top, row), color)
            y += len(lines) * row + 2.2 * pad

    def form(self, box: Box) -> None:
        """Draw labels, input fields and buttons."""
        rng, em = self.rng, self.face.size
        x1, y, x2, y2 = box
        row = em * rng.uniform(1.7, 2.6)
        split = x1 + rng.uniform(0.25, 0.4) * (x2 - x1)
        ink = self._color_on(self.ground)
        y += 0.5 * row
        while y + 1.6 * row < y2:
            if rng.random() < 0.2:
                self._buttons((x1 + em, y, x2 - em, y + row))
            else:
                self._write(self.text.label(rng, 8), (x1 + 0.6 * em, y, split - 0.6 * em, y + row), ink, "right")
                self.canvas.frame(split, y, x2 - em, y + row, self._color_on(self.ground, 0.6))
                if rng.random() < 0.8:
                    words = self.text.code(rng) if rng.random() < 0.4 else self.text.heading(rng)
                    self._write(words, (split + 0.5 * em, y, x2 - 1.5 * em, y + row), ink)
            y += row * rng.uniform(1.2, 1.6)

    def code(self, box: Box) -> None:
        """Draw indented lines of code, most with line numbers, as an editor or a terminal shows them."""
        rng, em = self.rng, self.face.size
        x1, y, x2, y2 = box
        row = em * rng.uniform(1.25, 1.7)
        numbered = rng.random() < 0.6
        left = x1 + (4.5 if numbered else 0.8) * em
        faint = self._color_on(self.ground, 0.5)
        indent, number = 0, int(rng.integers(1, 300))
        while y + row <= y2:
            if numbered:
                self._write(str(number), (x1 + 4, y, left - 1.8 * em, y + row), faint, "right")
            if rng.random() < 0.85:
                words = self.text.program(rng, int(rng.integers(4, 60)))
                self._write(words, (left + 2 * indent * em, y, x2 - 4, y + row), self._color_on(self.ground))
            indent = int(np.clip(indent + rng.integers(-1, 2), 0, 4))
            number, y = number + 1, y + row

    def _buttons(self, box: Box) -> None:
        rng, em = self.rng, self.face.size
        x, y1, x2, y2 = box
        while x < x2 - 6 * em:
            width = rng.uniform(4, 9) * em
            ground = self.accent if rng.random() < 0.6 else self.panel
            right = min(x2, x + width)
            self.canvas.box(x, y1, right, y2, ground)
            words = self.text.label(rng, 5)
            self._write(words, (x + 4, y1, right - 4, y2), self._color_on(ground), "center")
            x += width + em * rng.uniform(1.8, 3)

    def _write(self, words: str, box: Box, color: Color, align: str = "left", face: Typeface | None = None) -> None:
        """Write the beginning of `words` that fits into one row, x1..x2 and y1..y2."""
        x1, y1, x2, y2 = box
        face = face or self.face
        ink = face.fitted(words, x2 - x1)
        if ink is not None and ink.width <= x2 - x1:
            self.canvas.write(ink, ink.start(x1, x2, align), face.baseline(y1, y2 - y1), color)

    def _color_on(self, ground: Color, faint: float = 0.0) -> Color:
        """Draw a colour for text on `ground`, mixed with the ground by the share `faint`."""
        ink = np.asarray(ink_color(self.rng, luminance(ground)), float)
        return _color((1 - faint) * ink + faint * np.asarray(ground, float))

    def _icon(self, x: float, y: float, size: float, color: Color) -> None:
        """Draw a disc, a ring, a square, or three bars."""
        draw, half = self.rng.random(), size / 2
        if draw < 0.5:
            thickness = -1 if draw < 0.3 else 2
            cv2.circle(self.canvas.image, (round(x), round(y)), max(2, round(half)), color, thickness, cv2.LINE_AA)
        elif draw < 0.75:
            self.canvas.box(x - half, y - half, x + half, y + half, color)
        else:
            for step in (-0.3, 0.0, 0.3):
                self.canvas.rule(x - half, x + half, y + step * size, color, max(1, round(0.1 * size)))


def _broken(face: Typeface, text: str, width: float, most: int) -> list[str]:
    """Break a text into at most `most` lines of a width in pixels; what does not fit is dropped."""
    lines: list[str] = []
    while text and len(lines) < most:
        line, text = face.take(text, width)
        if not line:
            break
        lines.append(line)
    return lines


def _color(values: np.ndarray) -> Color:
    b, g, r = np.clip(np.broadcast_to(values, 3), 0, 255)
    return int(b), int(g), int(r)
