"""Till receipts: narrow, often monospaced, thermal print; texts that stand apart are regions of their own."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.pages import distractors
from ctpn_crnn.synthesis.pages.backgrounds import paper
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import Canvas, Ink, Typeface, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText


def receipt_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a receipt that fills the picture, or lies on a table or on a scanner."""
    receipt = _Receipt(rng, kit, size)
    receipt.shop()
    parts = (
        *(receipt.details, receipt.details, receipt.items, receipt.items, receipt.sums, receipt.sums),
        *(receipt.taxes, receipt.separator, receipt.codes),
    )
    receipt.items()
    receipt.sums()
    while receipt.has_room(3) and rng.random() < 0.97:
        parts[int(rng.integers(len(parts)))]()
    for _ in range(int(rng.integers(1, 4))):
        receipt.centered(receipt.text.closing(rng))
    return receipt.canvas


class _Receipt:
    """A receipt while it is printed: methods print a part and move y down.

    Attributes:
        x1, x2: Left and right ends of the print in pixels.
        y: Where the next row begins.
        row: Height of a row in pixels.
    """

    def __init__(self, rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> None:
        height, width = size
        self.rng, self.canvas = rng, Canvas(paper(rng, size))
        x1, x2 = 0.0, float(width)
        if rng.random() < 0.4:
            share = rng.uniform(0.6, 0.95)
            x1 = rng.uniform(0, 1 - share) * width
            x2 = x1 + share * width
            _draw_surroundings(rng, kit, self.canvas, x1, x2)
        self.text = PageText(kit.corpus, "en" if rng.random() < 0.65 else "zh")
        margin = rng.uniform(0.02, 0.12) * (x2 - x1)
        em = min(rng.uniform(11, 32), (x2 - x1 - 2 * margin) / rng.uniform(14, 26))
        self.face = _pick_face(rng, kit.fonts, max(7, em), self.text.language)
        level = int(rng.uniform(0, 90))
        self.row = self.face.size * (rng.uniform(1.0, 1.35) if rng.random() < 0.6 else rng.uniform(1.35, 2.0))
        self.x1, self.x2 = x1 + margin, x2 - margin
        self.y = rng.uniform(0.0, 0.12) * height
        self.color = (level, level, level) if rng.random() < 0.85 else (int(rng.integers(90, 150)), 50, 60)
        self.opacity = rng.uniform(0.5, 1.0)

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    def has_room(self, rows: float = 1.0) -> bool:
        """Return whether so many more rows fit on the page."""
        return self.y + (rows + 0.5) * self.row < self.canvas.height

    def shop(self) -> None:
        """Print the name of the shop, often larger, and lines below it."""
        rng, face, row = self.rng, self.face, self.row
        if rng.random() < 0.5:
            factor = rng.uniform(1.1, 2.0)
            self.face, self.row = face.resized(face.size * factor), row * factor
        self.centered(self.text.heading(rng).upper())
        self.face, self.row = face, row
        for _ in range(int(rng.integers(1, 6))):
            heading = rng.random() < 0.6
            words = self.text.heading(rng) if heading else f"{self.text.label(rng, 6)}: {self.text.code(rng)}"
            self.centered(words)

    def details(self) -> None:
        """Print dates and numbers of the purchase."""
        rng, text = self.rng, self.text
        for _ in range(int(rng.integers(1, 4))):
            value = text.date(rng) if rng.random() < 0.5 else text.code(rng)
            draw = rng.random()
            if draw < 0.4:
                self._pair(f"{text.label(rng, 6)}: {value}", "")
            elif draw < 0.75:
                self._pair(text.date(rng), value)
            else:
                self._pair(f"{text.label(rng, 5)} :", value)

    def items(self) -> None:
        """Print a list: a row for each item, or its name on one row and code, count and price on the next."""
        rng, text = self.rng, self.text
        count, columns = int(rng.integers(2, 7)), int(rng.integers(2, 5))
        if rng.random() < 0.5:
            self.separator()
            self._columns(text.receipt_header(rng, columns))
            self.separator()
        two_rows = rng.random() < 0.5
        for number in range(1, count + 1):
            values = [f"{int(rng.integers(1, 12))}" + str(rng.choice(["", " x", " PC", "件"]))] * (columns > 2)
            values += [text.price(rng) for _ in range(columns - 1 - len(values))]
            name = (f"{number} " if rng.random() < 0.3 else "") + text.label(rng)
            if two_rows:
                self._pair(name, "")
                name = f"{int(rng.integers(10**6, 10**9))}"
            self._columns([name, *values])

    def sums(self) -> None:
        """Print totals with their labels."""
        rng = self.rng
        indent = 0.3 * rng.random() if rng.random() < 0.4 else 0.0
        if rng.random() < 0.5:
            self.separator()
        for _ in range(int(rng.integers(2, 6))):
            label = self.text.receipt_label(rng) + str(rng.choice(["", "", " :", ":"]))
            self._pair(label, self.text.price(rng), indent)

    def taxes(self) -> None:
        """Print the small table of taxes at the end."""
        if not self.has_room(4):
            return
        rng, top = self.rng, self.y
        columns = int(rng.integers(3, 5))
        self._columns(self.text.receipt_header(rng, columns))
        for _ in range(int(rng.integers(1, 4))):
            self._columns([f"SR {int(rng.integers(0, 13))}%", *(self.text.price(rng) for _ in range(columns - 1))])
        if rng.random() < 0.3:
            self.canvas.frame(self.x1 - 3, top, self.x2 + 3, self.y, self.color)

    def separator(self) -> None:
        """Print a dotted, dashed, starred or plain line, which is no region."""
        rng = self.rng
        y = self.y + 0.5 * self.row
        draw = rng.random()
        unit = max(2.0, self.face.size * rng.uniform(0.15, 0.6))
        if draw < 0.3:
            self.canvas.rule(self.x1, self.x2, y, self.color)
        elif draw < 0.85:
            filled = unit * rng.uniform(0.4, 0.8)
            for x in np.arange(self.x1, self.x2 - unit, unit):
                self.canvas.rule(x, x + filled, y, self.color, max(1, self.face.size // 14))
        else:
            count = max(1, int(self.width / max(1.0, self.face.width("=")) * 0.8))
            ink = self.face.ink(str(rng.choice(["=", "*", "-"])) * count)
            if ink is not None and ink.right < self.width:
                self.canvas.paint(ink.mask, round(self.x1), round(y), self.color, self.opacity)
        self.y += self.row * rng.uniform(0.6, 1.0)

    def codes(self) -> None:
        """Print a barcode or a two-dimensional code, perhaps with its number."""
        if not self.has_room(5):
            return
        rng, middle, height = self.rng, (self.x1 + self.x2) / 2, 3.5 * self.row
        barcode = rng.random() < 0.6
        half = rng.uniform(0.2, 0.45) * self.width if barcode else height / 2
        draw = distractors.barcode if barcode else distractors.matrix_code
        draw(rng, self.canvas, (middle - half, self.y + 4, middle + half, self.y + height), self.color)
        self.y += height + 0.6 * self.row
        if rng.random() < 0.5:
            self.centered(self.text.code(rng))

    def centered(self, words: str) -> None:
        """Print a row in the middle."""
        if not self.has_room():
            return
        ink = self._ink(words)
        if ink is not None:
            self._put(ink, ink.start(self.x1, self.x2, "center"))
        self.y += self.row

    def _pair(self, left: str, right: str, indent: float = 0.0) -> None:
        """Print a row with words at the left and words at the right edge."""
        if not self.has_room():
            return
        value = self._ink(right, 0.45)
        taken = (value.right + self.face.size) / self.width if value else 0
        label = self._ink(left, max(0.1, 1 - indent - 0.05 - taken))
        if label is not None:
            self._put(label, self.x1 + indent * self.width)
        if value is not None:
            self._put(value, self.x2 - value.right)
        self.y += self.row

    def _columns(self, words: list[str]) -> None:
        """Print a row of columns: the first at the left, the others right-aligned at equal distances."""
        if not self.has_room():
            return
        stops = np.linspace(self.x1 + (0.46 if len(words) > 2 else 0.5) * self.width, self.x2, len(words))
        free = self.x1 - self.face.size
        for index, word in enumerate(words):
            ink = self._ink(word, 0.42 if index == 0 else 0.6 / len(words))
            if ink is None:
                continue
            x = self.x1 if index == 0 else stops[index] - ink.right
            if x + ink.left < free + 1.2 * self.face.size:  # As close as two words: it would read as one text.
                continue
            self._put(ink, x)
            free = x + ink.right
        self.y += self.row

    def _ink(self, words: str, share: float = 1.0) -> Ink | None:
        """Draw the beginning of `words` that fits into a share of the width."""
        return self.face.fitted(words, share * self.width)

    def _put(self, ink: Ink, x: float) -> None:
        # Regions follow the ink: receipts are annotated tight to capitals, and Chinese fills its em anyway.
        baseline = self.face.baseline(self.y, self.row)
        self.canvas.write(ink, x, baseline, self.color, opacity=self.opacity, tight=True)


def _draw_surroundings(rng: np.random.Generator, kit: PageKit, canvas: Canvas, x1: float, x2: float) -> None:
    """Draw what is seen beside the receipt: a table top, the lid of a scanner."""
    strip = canvas.image[:, round(x1) : round(x2)].copy()
    if rng.random() < 0.5:
        canvas.image[:] = kit.photos.crop(rng, canvas.image.shape[:2])
    else:
        canvas.image[:] = int(rng.uniform(0, 255))
    canvas.image[:, round(x1) : round(x2)] = strip


def _pick_face(rng: np.random.Generator, fonts: FontLibrary, size: float, language: str) -> Typeface:
    """Pick a face, half of the time a monospaced one, as old tills have."""
    face = pick_typeface(rng, fonts, size, language)
    if rng.random() < 0.5:
        return face
    for _ in range(12):
        latin = pick_typeface(rng, fonts, size, "en")
        if abs(latin.width("il") - latin.width("MW")) < 1:
            return latin if language == "en" else Typeface(face.font, face.size, latin.font)
    return face
