"""Text for training images, drawn from text files and from templates."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.chinese_script import is_hanzi
from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.text.characters import (
    BRACKETS,
    COMMON_SYMBOLS,
    LOOKALIKES,
    PUNCTUATION,
    encodable,
    is_symbol,
    tempered_frequencies,
    traditional_converters,
)
from ctpn_crnn.synthesis.text.program_text import program
from ctpn_crnn.synthesis.text.romanised import accented, syllable
from ctpn_crnn.synthesis.text.short_text import (
    code,
    date,
    mark,
    measure,
    money,
    number,
    shop_sign,
    small_number,
    with_leader,
)
from ctpn_crnn.synthesis.word_lists import word_list

_PHRASE_SEPARATORS = (
    " ", "  ", "，", "、", "：", "/", "；", " | ", " · ", " & ", ", ", "; ", " > ", " → ", " + ", "？", "！", " * ",
)  # fmt: skip
_NUMBER_SEPARATORS = (" ", "  ", " ", "，", "、", " - ", "；", ", ", " | ")
_PHRASE_LENGTH = 24


@dataclass(frozen=True)
class TextStyle:
    """Shares of the kinds of text, each 0..1; all were set by hand.

    Attributes:
        romanised: Of lines: romanised Chinese, or English with accents.
        program: Of lines: what looks like program code.
        running: Of lines: a window of running text.
        numbers: Of lines: numbers of tables, measures, and marks that stand alone.
        phrases: Of lines: names, dates, amounts, codes, entries of contents. English is the rest of the lines.
        symbols: Of lines: with symbols put in that running text hardly ever has.
        spaced_numbers: Of lines: with small numbers, dates, amounts or codes put between their words, mostly between
            blanks.
        sign_words: Of signs: one English word.
        sign_numbers: Of signs: a number, a code, a date or an amount.
        sign_english: Of signs: English words.
        sign_shops: Of signs: the name of a Chinese shop, or a notice. Running text is the rest of the signs.
        latin_length: Number of letters or digits that are as wide as one Chinese character.
    """

    romanised: float = 0.04
    program: float = 0.05
    running: float = 0.57
    numbers: float = 0.14
    phrases: float = 0.10
    symbols: float = 0.12
    spaced_numbers: float = 0.1
    sign_words: float = 0.30
    sign_numbers: float = 0.09
    sign_english: float = 0.05
    sign_shops: float = 0.24
    latin_length: float = 1.8


class Corpus:
    """Draws text for training images; every character of it is in a charset.

    Args:
        folder: A folder of UTF-8 .txt files, a paragraph a line. None uses a few built-in sentences and the templates
            only, which is enough for tests and smoke runs but not for training.
        charset: The characters that may occur; default `Charset.default()`.
        traditional: Share of running Chinese text that is converted to traditional characters (needs OpenCC).
        rare: Share of lines in which most Chinese characters are replaced by others, so that those that are rare in
            running text are drawn often enough.
        style: Shares of the kinds of text.

    Raises:
        SynthesisError: The folder holds no text file.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        charset: Charset | None = None,
        traditional: float = 0.3,
        rare: float = 0.4,
        style: TextStyle = TextStyle(),
    ) -> None:
        self.charset = charset or Charset.default()
        self.style = style
        self._traditional = traditional
        self._rare = rare
        self._hanzi = np.array([c for c in self.charset.characters if is_hanzi(c)] or list(self.charset.characters))
        self._keep = frozenset(self.charset.characters) | {"\n"}
        self._symbols = [c for c in self.charset.characters if is_symbol(c)]
        self._symbols += [c for c in COMMON_SYMBOLS if c in self._keep] * 3
        self._punctuation = [c for c in PUNCTUATION if c in self._keep] or self._symbols
        self._brackets = [pair for pair in BRACKETS if self._keep.issuperset(pair)]
        self._texts = [self._clean(text) for text in _read(folder)]
        sizes = np.sqrt([len(text) for text in self._texts])
        self._text_weights = sizes / sizes.sum()
        self._english = [text for text in self._texts if _is_english(text)] or self._texts
        self._converters = traditional_converters() if traditional > 0 else []
        weights = tempered_frequencies(self._hanzi, self._texts, self._converters)
        # Simplified and traditional characters apart: few fonts have both, and text does not mix them.
        traditional_only = np.array([encodable(c, "big5") and not encodable(c, "gb2312") for c in self._hanzi])
        masks = [~traditional_only, np.array([encodable(c, "big5") for c in self._hanzi])]
        self._pools = [(self._hanzi[m], weights[m] / weights[m].sum()) for m in masks if m.any()]
        self._pools = self._pools or [(self._hanzi, weights)]

    def line(self, rng: np.random.Generator, length: int) -> str:
        """Draw one line without spaces at its ends, about as wide as `length` Chinese characters (at least 1)."""
        style, latin = self.style, int(self.style.latin_length * length)
        kinds = np.cumsum([style.romanised, style.program, style.running, style.numbers, style.phrases])
        kind = int(np.searchsorted(kinds, rng.random(), side="right"))
        if kind == 0:
            text = self.romanised(rng, length)
        elif kind == 1:
            length, text = latin, self.program(rng, latin)
        elif kind == 2:
            text = self.running(rng, length)
        elif kind == 3:
            # Some cells of a table hold a mark or a box to tick and nothing else.
            if rng.random() < 0.12:
                return self._fit(mark(rng), length) or self._any(rng, length)
            make = measure if rng.random() < 0.25 else number
            length, text = latin, _joined(rng, latin, lambda: make(rng), _NUMBER_SEPARATORS)
        elif kind == 4:
            text = _joined(rng, length, lambda: self.phrase(rng), _PHRASE_SEPARATORS)
        else:
            length, text = latin, self.english(rng, latin)
        if rng.random() < self._rare:
            text = self.with_rare_characters(rng, text)
        if rng.random() < style.symbols:
            text = self.with_symbols(rng, text[:length])
        if rng.random() < style.spaced_numbers:
            text = self.with_spaced_numbers(rng, text[:length])
        return self._fit(text, length) or self._fit(self.with_rare_characters(rng, "一" * length), length)

    def sign(self, rng: np.random.Generator, length: int) -> str:
        """Draw a text of signs, packages and screens, at most `length` characters."""
        style = self.style
        kinds = np.cumsum([style.sign_words, style.sign_numbers, style.sign_english, style.sign_shops])
        kind = int(np.searchsorted(kinds, rng.random(), side="right"))
        if kind == 0:
            text = self._sign_word(rng, length)
        elif kind == 1:
            makers = (number, code, date, money)
            text = makers[int(rng.integers(len(makers)))](rng)
        elif kind == 2:
            text = self.english(rng, length)
        elif kind == 3:
            text = shop_sign(rng, self.running(rng, int(rng.integers(1, 5))))
            text = self._sometimes_traditional(rng, text)
            text = self.with_rare_characters(rng, text) if rng.random() < 0.2 else text
        else:
            text = self.running(rng, min(length, int(rng.integers(1, 13))))
            text = self.with_rare_characters(rng, text) if rng.random() < self._rare else text
        return self._fit(text, length) or self._any(rng, length)

    def running(self, rng: np.random.Generator, length: int) -> str:
        """Draw a window of running text, from the start of a line or its middle; some in traditional characters."""
        text = self._texts[int(rng.choice(len(self._texts), p=self._text_weights))]
        return self._sometimes_traditional(rng, _window(rng, text, length))

    def english(self, rng: np.random.Generator, length: int) -> str:
        """Draw English words in lower case, Title Case or CAPITALS."""
        text = ""
        for _ in range(8):  # Most windows of a mixed corpus hold web addresses or Chinese; a few tries find a sentence.
            source = self._english[int(rng.integers(len(self._english)))]
            text = _english_words(_window(rng, source, 2 * length + 24))
            if len(text) > length // 2 + 2:
                break
        built_in = word_list("english")
        words = (text or built_in[int(rng.integers(len(built_in)))]).split(" ")
        start = int(rng.integers(max(1, len(words) - length // 6)))
        text = " ".join(words[start:])
        style = rng.random()
        if style < 0.2:
            return text.upper()
        return text.title() if style < 0.4 else text

    def romanised(self, rng: np.random.Generator, length: int) -> str:
        """Draw romanised Chinese with tone marks, by itself or between Chinese characters, or English with accents."""
        if rng.random() < 0.25:
            words = self.english(rng, int(self.style.latin_length * length)).split(" ")
            return " ".join(accented(rng, word) if rng.random() < 0.4 else word for word in words)
        parts: list[str] = []
        mixed = rng.random() < 0.6
        space = " " if rng.random() < 0.6 else ""
        while sum(map(len, parts)) < length:
            joint = str(rng.choice(["", "-", " "]))
            word = joint.join(syllable(rng) for _ in range(int(rng.integers(1, 4))))
            parts.append(word.capitalize() if rng.random() < 0.2 else word)
            if mixed and rng.random() < 0.8:
                parts.append(self.running(rng, int(rng.integers(1, 8))))
        return (space if mixed else " ").join(parts)

    def program(self, rng: np.random.Generator, length: int) -> str:
        """Draw what looks like a line of code; its words are English or, now and then, a little running text."""

        def word() -> str:
            return self.running(rng, int(rng.integers(1, 7))) if rng.random() < 0.15 else self.english(rng, 8)[:8]

        return program(rng, length, word)

    def phrase(self, rng: np.random.Generator) -> str:
        """Draw something short: a name, a title, a date, an amount, a code, a word."""
        makers: tuple[Callable[[], str], ...] = (
            lambda: date(rng),
            lambda: money(rng),
            lambda: code(rng),
            lambda: measure(rng),
            lambda: with_leader(rng, self.running(rng, int(rng.integers(2, 9))), _PHRASE_LENGTH),
            lambda: self.name(rng),
            lambda: self.running(rng, int(rng.integers(2, 9))),
            lambda: self.running(rng, int(rng.integers(2, 6))),
            lambda: self.english(rng, int(rng.integers(3, 14)))[:14].strip(),
            lambda: self.form_field(rng),
        )
        text = makers[int(rng.integers(len(makers)))]()
        return self._fit(text, _PHRASE_LENGTH) or self._any(rng, _PHRASE_LENGTH)

    def name(self, rng: np.random.Generator) -> str:
        """Draw a Chinese personal name; the one or two characters of the given name are any of the charset."""
        given = "".join(rng.choice(self._hanzi, int(rng.integers(1, 3))))
        surnames = word_list("surnames")
        return surnames[int(rng.integers(len(surnames)))] + given

    def form_field(self, rng: np.random.Generator) -> str:
        """Draw a label of a form with its value."""
        label, cities = self.running(rng, int(rng.integers(2, 6))), word_list("cities")
        values = (number(rng), date(rng), code(rng), self.name(rng), cities[int(rng.integers(len(cities)))] + "市")
        return f"{label}{rng.choice(['：', ':', ': ', '：'])}{values[int(rng.integers(len(values)))]}"

    def with_rare_characters(self, rng: np.random.Generator, text: str) -> str:
        """Replace at least half of the Chinese characters of a text by others, drawn by `tempered_frequencies`."""
        hanzi, weights = self._pools[0 if rng.random() < 0.7 else -1]
        replaced = rng.choice(hanzi, len(text), p=weights)
        share = rng.uniform(0.5, 1.0)
        return "".join(str(new) if is_hanzi(old) and rng.random() < share else old for old, new in zip(text, replaced))

    def with_symbols(self, rng: np.random.Generator, text: str) -> str:
        """Put a symbol or a mark into two or three places of a text, or brackets around a part of it."""
        if self._brackets and rng.random() < 0.3:
            start, end = sorted(rng.integers(0, len(text) + 1, 2).tolist())
            opening, closing = self._brackets[int(rng.integers(len(self._brackets)))]
            return f"{text[:start]}{opening}{text[start:end]}{closing}{text[end:]}"
        pool = self._punctuation if rng.random() < 0.4 else self._symbols
        space = " " if rng.random() < 0.3 else ""
        for _ in range(int(rng.integers(2, 4)) if pool else 0):
            place = int(rng.integers(len(text) + 1))
            text = text[:place] + space + pool[int(rng.integers(len(pool)))] + space + text[place:]
        return text

    def with_spaced_numbers(self, rng: np.random.Generator, text: str) -> str:
        """Put one to four numbers, dates, amounts or codes into a text, between words and mostly between blanks."""
        makers = (small_number, small_number, small_number, small_number, number, date, money, code)
        for _ in range(int(rng.integers(1, 5))):
            piece = makers[int(rng.integers(len(makers)))](rng)
            space = "" if rng.random() < 0.15 else " " * int(rng.choice([1, 1, 1, 2]))
            # Never within a word of letters or digits.
            places = [i for i in range(len(text) + 1) if not (_is_word(text[i - 1 : i]) and _is_word(text[i : i + 1]))]
            place = places[int(rng.integers(len(places)))]
            text = f"{text[:place].rstrip()}{space}{piece}{space}{text[place:].lstrip()}"
        return text

    def _sign_word(self, rng: np.random.Generator, length: int) -> str:
        """Draw one English word of at most `length` letters, or random letters, as names of firms have."""
        words = [w for w in re.findall(r"[A-Za-z]+(?:['&-][A-Za-z]+)*", self.english(rng, 40)) if len(w) <= length]
        text = str(rng.choice(words)) if words else "OPEN"
        if rng.random() < 0.08:
            text = "".join(rng.choice(list(string.ascii_letters), int(rng.integers(2, 9))))
        text = accented(rng, text) if rng.random() < 0.04 else text
        style = rng.random()
        return text.upper() if style < 0.45 else text.capitalize() if style < 0.75 else text

    def _sometimes_traditional(self, rng: np.random.Generator, text: str) -> str:
        """Convert a share of the texts to traditional characters."""
        if self._converters and rng.random() < self._traditional:
            return self._converters[int(rng.integers(len(self._converters)))](text)
        return text

    def _any(self, rng: np.random.Generator, length: int) -> str:
        """Draw a few characters of the charset, for a charset that cannot write the text drawn."""
        drawn = rng.choice(sorted(self._keep - {" ", "\n"}), int(rng.integers(1, min(length, 8) + 1)))
        return "".join(drawn.tolist())

    def _fit(self, text: str, length: int) -> str:
        """Drop what is not in the charset, and everything beyond `length`."""
        text = "".join(c for c in text.translate(LOOKALIKES) if c in self._keep and c != "\n")
        return re.sub(r" {3,}", "  ", text)[:length].strip()

    def _clean(self, text: str) -> str:
        """Drop what is not in the charset, blank lines and repeated spaces."""
        text = text.translate(LOOKALIKES)
        drop = {ord(c): None for c in set(text) - self._keep}
        return re.sub(r"\n\s*\n+", "\n", re.sub(r" {2,}", " ", text.translate(drop))) or "文字"


def _read(folder: str | Path | None) -> list[str]:
    if folder is None:
        return ["\n".join(word_list("sentences")) + "\n"]
    paths = sorted(Path(folder).rglob("*.txt"))
    if not paths:
        raise SynthesisError(f"No .txt file in the corpus folder {folder}: name a folder of UTF-8 text files.")
    return [path.read_text(encoding="utf-8", errors="ignore") for path in paths]


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_english(text: str) -> bool:
    """Return whether most of the first 20 000 characters are lower-case letters."""
    start = text[:20000]
    return len(re.findall(r"[a-z]", start)) > 0.5 * len(start)


def _window(rng: np.random.Generator, text: str, length: int) -> str:
    """Cut a random piece of at most `length` characters out of one line of a text."""
    start = int(rng.integers(max(1, len(text) - length)))
    if rng.random() < 0.4:  # From the start of the next line: where titles, numbering and labels stand.
        newline = text.find("\n", start)
        start = newline + 1 if 0 <= newline < len(text) - length else start
    return max(text[start : start + length].split("\n"), key=len).strip()


def _english_words(text: str) -> str:
    """Return the English words of a text with their punctuation, without web addresses."""
    text = re.sub(r"\S*(?:https?:|www\.|//)\S*", "", text)
    return " ".join(re.findall(r"[A-Za-z0-9.,:;'\"()&/%$#@!?+-]*[A-Za-z][A-Za-z0-9.,:;'\"()&/%$#@!?+-]*", text))


def _joined(rng: np.random.Generator, length: int, make: Callable[[], str], separators: tuple[str, ...]) -> str:
    """Join items by one of the separators until they have `length` characters."""
    separator = separators[int(rng.integers(len(separators)))]
    parts = [make()]
    while sum(map(len, parts)) < length:
        parts.append(make())
    return separator.join(parts)
