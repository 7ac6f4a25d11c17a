"""The words of pages: running text, headings, labels and table cells in one of two languages."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.synthesis.text import short_text
from ctpn_crnn.synthesis.text.corpus import Corpus
from ctpn_crnn.synthesis.word_lists import word_list

_TRIES = 4


class PageText:
    """Draws the words of a page from a corpus.

    Args:
        corpus: Source of running text.
        language: "zh" (Chinese with English and numbers in it) or "en".
    """

    def __init__(self, corpus: Corpus, language: str) -> None:
        self.corpus = corpus
        self.language = language

    def running(self, rng: np.random.Generator, length: int) -> str:
        """Draw running text of at least `length` characters, or less if 12 draws do not give as many."""
        parts: list[str] = []
        total = 0
        for _ in range(12 if length > 1 else 1):
            part = self._line(rng, min(60, max(2, length - total)))
            parts.append(part)
            total += len(part)
            if total >= length:
                break
        return (" " if self.language == "en" else "").join(parts)

    def heading(self, rng: np.random.Generator) -> str:
        """Draw a title of a few words."""
        text = self._line(rng, int(rng.integers(4, 26)))
        return text.upper() if self.language == "en" and rng.random() < 0.4 else text

    def label(self, rng: np.random.Generator, longest: int = 14) -> str:
        """Draw a short label: an item of a table's first column, a menu entry, a button."""
        if rng.random() < 0.25:
            return self.corpus.phrase(rng)
        return self._line(rng, int(rng.integers(2, longest)))

    def amount(self, rng: np.random.Generator) -> str:
        """Draw a number of a financial table: thousands separators, parentheses for negative, a dash for none."""
        draw = rng.random()
        if draw < 0.07:
            return str(rng.choice(["–", "-", "—", "－"]))
        value = int(10 ** rng.uniform(0, 8))
        plain = f"{value:,}" if rng.random() < 0.7 else f"{value / 100:,.2f}"
        if draw < 0.25:
            return f"({plain})"
        if draw < 0.32:
            return f"{rng.uniform(0, 120):.{int(rng.integers(3))}f}%"
        return f"-{plain}" if draw < 0.35 else plain

    def price(self, rng: np.random.Generator) -> str:
        """Draw a price on a receipt."""
        mark = str(rng.choice(["", "", "", "", "$", "RM", "¥"]))
        return f"{mark}{10 ** rng.uniform(-0.3, 3.2):,.2f}" + (" SR" if rng.random() < 0.06 else "")

    def date(self, rng: np.random.Generator) -> str:
        """Draw a date or a time."""
        return short_text.date(rng)

    def code(self, rng: np.random.Generator) -> str:
        """Draw a number or identifier that no dictionary holds."""
        return short_text.code(rng)

    def program(self, rng: np.random.Generator, length: int) -> str:
        """Draw a line of code, mostly of at most `length` characters; now and then running text, as comments are."""
        return self.running(rng, length) if rng.random() < 0.25 else self.corpus.program(rng, length)

    def receipt_label(self, rng: np.random.Generator) -> str:
        """Draw the label of a sum on a receipt."""
        return str(rng.choice(word_list(f"receipt_sums_{self.language}")))

    def receipt_header(self, rng: np.random.Generator, count: int) -> list[str]:
        """Draw `count` different column headers of a receipt's list of items."""
        return [str(label) for label in rng.choice(word_list(f"receipt_headers_{self.language}"), count, replace=False)]

    def closing(self, rng: np.random.Generator) -> str:
        """Draw the closing words of a receipt."""
        return str(rng.choice(word_list(f"receipt_closings_{self.language}")))

    def _line(self, rng: np.random.Generator, length: int) -> str:
        if self.language == "en":
            # English takes about twice the letters to fill the width of as many hanzi.
            for _ in range(_TRIES):
                text = self.corpus.english(rng, 2 * length)
                if sum(map(str.isalpha, text)) > 0.6 * len(text) and text.lower() != "text":
                    break
            return text
        if rng.random() < 0.06:
            return short_text.date(rng) if rng.random() < 0.4 else short_text.hanzi_number(rng)
        return self.corpus.line(rng, length)
