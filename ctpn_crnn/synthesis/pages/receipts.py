"""Till receipts: narrow, often monospaced, thermal print; runs that stand apart are regions of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.pages import distractors
from ctpn_crnn.synthesis.pages.backgrounds import paper
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import Canvas, Color, Ink, Typeface, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText


@dataclass
class _Roll:
    """The printed strip: where it is, what prints on it, and the y that the print has come to."""

    canvas: Canvas
    text: PageText
    face: Typeface
    x1: float
    x2: float
    y: float
    row: float
    color: Color
    opacity: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    def has_room(self, rows: float = 1.0) -> bool:
        return self.y + (rows + 0.5) * self.row < self.canvas.height

    def ink(self, words: str, share: float = 1.0) -> Ink | None:
        return self.face.ink(self.face.head(self.face.clean(words), share * self.width))

    def put(self, ink: Ink | None, x: float) -> None:
        # Receipts are annotated tight to capitals; lines with hanzi fill their em anyway.
        self.canvas.write(ink, x, self.face.baseline(self.y, self.row), self.color, opacity=self.opacity, tight=True)


def receipt_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """A receipt that fills the picture or lies on something darker or white."""
    roll = _roll(rng, kit, size)
    _shop(rng, roll)
    parts = (_details, _details, _items, _items, _sums, _sums, _summary, _separator, _codes)
    _items(rng, roll)
    _sums(rng, roll)
    while roll.has_room(3) and rng.random() < 0.97:
        parts[int(rng.integers(len(parts)))](rng, roll)
    for _ in range(int(rng.integers(1, 4))):
        _centered(roll, roll.text.closing(rng))
    return roll.canvas


def _roll(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> _Roll:
    height, width = size
    canvas = Canvas(paper(rng, size))
    x1, x2 = 0.0, float(width)
    if rng.random() < 0.4:
        share = rng.uniform(0.6, 0.95)
        x1 = rng.uniform(0, 1 - share) * width
        x2 = x1 + share * width
        _surroundings(rng, kit, canvas, x1, x2)
    text = PageText(kit.corpus, "en" if rng.random() < 0.65 else "zh")
    margin = rng.uniform(0.02, 0.12) * (x2 - x1)
    em = min(rng.uniform(11, 32), (x2 - x1 - 2 * margin) / rng.uniform(14, 26))
    face = _face(rng, kit.fonts, max(7, em), text.language)
    level = int(rng.uniform(0, 90))
    row = face.size * (rng.uniform(1.0, 1.35) if rng.random() < 0.6 else rng.uniform(1.35, 2.0))
    return _Roll(
        canvas, text, face, x1 + margin, x2 - margin, rng.uniform(0.0, 0.12) * height, row,
        (level, level, level) if rng.random() < 0.85 else (int(rng.integers(90, 150)), 50, 60), rng.uniform(0.5, 1.0),
    )  # fmt: skip


def _surroundings(rng: np.random.Generator, kit: PageKit, canvas: Canvas, x1: float, x2: float) -> None:
    """What is seen beside the strip: a table top, the scanner's lid."""
    strip = canvas.image[:, round(x1) : round(x2)].copy()
    if rng.random() < 0.5:
        canvas.image[:] = kit.photos.crop(rng, canvas.image.shape[:2])
    else:
        canvas.image[:] = int(rng.uniform(0, 255))
    canvas.image[:, round(x1) : round(x2)] = strip


def _face(rng: np.random.Generator, fonts: FontLibrary, size: float, language: str) -> Typeface:
    """Half of the time a face with equal advances, as old tills have."""
    face = pick_typeface(rng, fonts, size, language)
    if rng.random() < 0.5:
        return face
    for _ in range(12):
        latin = pick_typeface(rng, fonts, size, "en")
        if abs(latin.width("il") - latin.width("MW")) < 1:
            return latin if language == "en" else Typeface(face.font, face.size, latin.font)
    return face


def _centered(roll: _Roll, words: str) -> None:
    if not roll.has_room():
        return
    ink = roll.ink(words)
    if ink is not None:
        roll.put(ink, (roll.x1 + roll.x2 - ink.width) / 2 - ink.left)
    roll.y += roll.row


def _pair(roll: _Roll, left: str, right: str, indent: float = 0.0) -> None:
    """One row: words at the left, words at the right edge."""
    if not roll.has_room():
        return
    value = roll.ink(right, 0.45)
    label = roll.ink(left, max(0.1, 1 - indent - 0.05 - ((value.right + roll.face.size) / roll.width if value else 0)))
    if label is not None:
        roll.put(label, roll.x1 + indent * roll.width)
    if value is not None:
        roll.put(value, roll.x2 - value.right)
    roll.y += roll.row


def _shop(rng: np.random.Generator, roll: _Roll) -> None:
    face, row = roll.face, roll.row
    if rng.random() < 0.5:
        factor = rng.uniform(1.1, 2.0)
        roll.face, roll.row = face.resized(face.size * factor), row * factor
    _centered(roll, roll.text.heading(rng).upper())
    roll.face, roll.row = face, row
    for _ in range(int(rng.integers(1, 6))):
        _centered(
            roll, roll.text.heading(rng) if rng.random() < 0.6 else f"{roll.text.label(rng, 6)}: {roll.text.code(rng)}"
        )


def _details(rng: np.random.Generator, roll: _Roll) -> None:
    for _ in range(int(rng.integers(1, 4))):
        value = roll.text.date(rng) if rng.random() < 0.5 else roll.text.code(rng)
        draw = rng.random()
        if draw < 0.4:
            _pair(roll, f"{roll.text.label(rng, 6)}: {value}", "")
        elif draw < 0.75:
            _pair(roll, roll.text.date(rng), value)
        else:
            _pair(roll, f"{roll.text.label(rng, 5)} :", value)


def _items(rng: np.random.Generator, roll: _Roll) -> None:
    """A list: a row for each item, or its name on one row and code, count and price on the next."""
    count, columns = int(rng.integers(2, 7)), int(rng.integers(2, 5))
    if rng.random() < 0.5:
        _separator(rng, roll)
        _spread(roll, roll.text.receipt_header(rng, columns))
        _separator(rng, roll)
    two_rows = rng.random() < 0.5
    for number in range(1, count + 1):
        values = [f"{int(rng.integers(1, 12))}" + str(rng.choice(["", " x", " PC", "件"]))] * (columns > 2)
        values += [roll.text.price(rng) for _ in range(columns - 1 - len(values))]
        name = (f"{number} " if rng.random() < 0.3 else "") + roll.text.label(rng)
        if two_rows:
            _pair(roll, name, "")
            name = f"{int(rng.integers(10**6, 10**9))}"
        _spread(roll, [name, *values])


def _spread(roll: _Roll, words: list[str]) -> None:
    """One row of columns: the first to the left, the others right-aligned at equal distances."""
    if not roll.has_room():
        return
    stops = np.linspace(roll.x1 + (0.46 if len(words) > 2 else 0.5) * roll.width, roll.x2, len(words))
    free = roll.x1 - roll.face.size
    for index, word in enumerate(words):
        ink = roll.ink(word, 0.42 if index == 0 else 0.6 / len(words))
        if ink is None:
            continue
        x = roll.x1 if index == 0 else stops[index] - ink.right
        if x + ink.left < free + 1.2 * roll.face.size:  # Closer than words are: it would read as one run.
            continue
        roll.put(ink, x)
        free = x + ink.right
    roll.y += roll.row


def _sums(rng: np.random.Generator, roll: _Roll) -> None:
    indent = 0.3 * rng.random() if rng.random() < 0.4 else 0.0
    if rng.random() < 0.5:
        _separator(rng, roll)
    for _ in range(int(rng.integers(2, 6))):
        label = roll.text.receipt_label(rng) + str(rng.choice(["", "", " :", ":"]))
        _pair(roll, label, roll.text.price(rng), indent)


def _summary(rng: np.random.Generator, roll: _Roll) -> None:
    """The small table of taxes at the end."""
    if not roll.has_room(4):
        return
    top = roll.y
    columns = int(rng.integers(3, 5))
    _spread(roll, roll.text.receipt_header(rng, columns))
    for _ in range(int(rng.integers(1, 4))):
        _spread(roll, [f"SR {int(rng.integers(0, 13))}%", *(roll.text.price(rng) for _ in range(columns - 1))])
    if rng.random() < 0.3:
        roll.canvas.frame(roll.x1 - 3, top, roll.x2 + 3, roll.y, roll.color)


def _separator(rng: np.random.Generator, roll: _Roll) -> None:
    """A dotted, dashed, starred or plain line; no text, so no region."""
    y = roll.y + 0.5 * roll.row
    draw = rng.random()
    unit = max(2.0, roll.face.size * rng.uniform(0.15, 0.6))
    if draw < 0.3:
        roll.canvas.rule(roll.x1, roll.x2, y, roll.color)
    elif draw < 0.85:
        filled = unit * rng.uniform(0.4, 0.8)
        for x in np.arange(roll.x1, roll.x2 - unit, unit):
            roll.canvas.rule(x, x + filled, y, roll.color, max(1, roll.face.size // 14))
    else:
        ink = roll.face.ink(
            str(rng.choice(["=", "*", "-"])) * max(1, int(roll.width / max(1.0, roll.face.width("=")) * 0.8))
        )
        if ink is not None and ink.right < roll.width:
            roll.canvas.paint(ink.mask, round(roll.x1), round(y), roll.color, roll.opacity)
    roll.y += roll.row * rng.uniform(0.6, 1.0)


def _codes(rng: np.random.Generator, roll: _Roll) -> None:
    if not roll.has_room(5):
        return
    middle, height = (roll.x1 + roll.x2) / 2, 3.5 * roll.row
    draw: Callable[..., None] = distractors.barcode if rng.random() < 0.6 else distractors.matrix_code
    half = rng.uniform(0.2, 0.45) * roll.width if draw is distractors.barcode else height / 2
    draw(rng, roll.canvas, (middle - half, roll.y + 4, middle + half, roll.y + height), roll.color)
    roll.y += height + 0.6 * roll.row
    if rng.random() < 0.5:
        _centered(roll, roll.text.code(rng))
