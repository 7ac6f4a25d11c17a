"""The text of training images: running text, titles, names, numbers, codes, English, rare characters."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.chinese_script import is_hanzi
from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.text.program_text import program
from ctpn_crnn.synthesis.text.short_text import code, date, mark, measure, money, number, with_leader
from ctpn_crnn.synthesis.text.sign_text import shop_sign

# Code points that look alike in print are one class each: the one that text uses most.
_LOOKALIKES = str.maketrans(
    {
        "―": "—",
        "─": "—",
        "‐": "-",
        "‑": "-",
        "‒": "–",
        "・": "·",
        "‧": "·",
        "\u3000": " ",
        "\xa0": " ",
        "\t": " ",
        "″": "″",
        "˝": '"',
        "｡": "。",
        "､": "、",
    }
)
_BUILT_IN = """\
今天的会议改到下午三点，请提前十分钟到场。
本合同一式两份，双方各执一份，具有同等法律效力。
这本书介绍了图像处理的基本方法，适合初学者阅读。
图书馆周一闭馆，其余时间早上九点开放。
请在收到货物后七天内核对数量和质量。
The quick train leaves the old station at noon.
Please read the instructions before you begin.
公司上半年收入同比增长百分之十二，利润保持稳定。
窗外的雨下了一整夜，清晨的空气格外清新。
附件为本次采购的清单和报价，供参考。
实验结果表明，新方法的误差比原来小得多。
Every sample was measured three times and averaged.
孩子们在操场上放风筝，笑声传得很远。
"""
_WORDS = (
    "station",
    "Total",
    "number",
    "exit",
    "OPEN",
    "street",
    "coffee",
    "Please",
    "market",
    "office",
    "water",
    "Hotel",
    "service",
    "light",
    "SALE",
    "centre",
    "kitchen",
    "welcome",
    "garden",
    "price",
    "date",
    "Tax",
    "Invoice",
    "school",
    "parking",
)
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_PLACES = (
    "北京上海广州深圳天津重庆南京武汉成都杭州西安苏州长沙沈阳青岛郑州大连宁波厦门福州济南合肥昆明"
    "太原南昌贵阳南宁长春兰州海口"
)
_INITIALS = " p ph b m f t th d n l k kh g ng h ts tsh s j q x zh ch sh r z c w y".split(" ")
_FINALS = (
    "a e i o u ai ei au ao ou ia ie io iu ua ue ui uai iau an en in un ang eng ing ong am im iam iong ah ak at ik it "
    "iok uat er ee oo"
).split(" ")
_TONES = {"a": "āáǎàâ", "e": "ēéěèê", "i": "īíǐìî", "o": "ōóǒòô", "u": "ūúǔùûǖǘǚǜü", "n": "ńňǹ"}
_ACCENTS = {"a": "àáâäãå", "e": "éèêëé", "i": "íîïì", "o": "óôöõø", "u": "üúûù", "c": "ç", "n": "ñ"}
_PAIRS = ("〔〕", "〈〉", "〖〗", "『』", "［］", "｛｝", "「」", "【】", "《》", "‘’", "“”")
_PUNCTUATION = "!\"#$%&'*+/;<=>?@\\^_`|~！？；：、…—～“”‘’·￥＋－＝＜＞＆＊＃＠％｜／"
"""Marks, of ASCII and in full width, that running text has much less often than the comma."""
_COMMON_SYMBOLS = "①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤ±×÷≤≥≠≈→←↑↓℃°ΩμαβγδλπσθφΔΣ★☆☑☐□■●○◆◇▲△※§©®™√∞№²³½‰〔〕"
_SYMBOL_SHARE = 0.12
"""Share of the lines with symbols put in among their text, which has some of the charset's hardly ever."""

_SEPARATORS = (
    " ", "  ", "，", "、", "：", "/", "；", " | ", " · ", " & ", ", ", "; ", " > ", " → ", " + ", "？", "！", " * ",
)  # fmt: skip
_LATIN_LENGTH = 1.8
"""Letters and digits that take the room of a hanzi."""


class Corpus:
    """Draws text for training images, every character of it in a charset.

    Args:
        folder: a folder of UTF-8 .txt files, a paragraph a line; None uses a few built-in sentences and the templates
            only, which is enough for tests and smoke runs, not for training.
        charset: the characters that may occur; default `Charset.default()`.
        traditional: the share of running Chinese text that is converted to traditional characters (needs OpenCC).
        rare: the share of lines that hold characters drawn from the charset by `tempered_frequencies`, so that those
            which running text seldom has are seen often enough.

    Raises:
        SynthesisError: the folder holds no text file.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        charset: Charset | None = None,
        traditional: float = 0.3,
        rare: float = 0.4,
    ) -> None:
        self.charset = charset or Charset.default()
        self._traditional = traditional
        self._rare = rare
        self._hanzi = np.array([c for c in self.charset.characters if is_hanzi(c)] or list(self.charset.characters))
        self._keep = frozenset(self.charset.characters) | {"\n"}
        self._symbols = [c for c in self.charset.characters if _is_symbol(c)]
        self._symbols += [c for c in _COMMON_SYMBOLS if c in self._keep] * 3
        self._punctuation = [c for c in _PUNCTUATION if c in self._keep] or self._symbols
        self._pairs = [pair for pair in _PAIRS if self._keep.issuperset(pair)]
        self._blobs = self._read(folder)
        sizes = np.sqrt([len(blob) for blob in self._blobs])
        self._blob_weights = sizes / sizes.sum()
        self._english = [
            b for b in self._blobs if len(re.findall(r"[a-z]", b[:20000])) > 0.5 * min(len(b), 20000)
        ] or self._blobs
        self._converters = _converters() if traditional > 0 else []
        weights = tempered_frequencies(self._hanzi, self._blobs, self._converters)
        # Simplified and traditional apart: few fonts have both, and text does not mix them.
        traditional_only = np.array([_encodable(c, "big5") and not _encodable(c, "gb2312") for c in self._hanzi])
        masks = [~traditional_only, np.array([_encodable(c, "big5") for c in self._hanzi])]
        self._pools = [(self._hanzi[m], weights[m] / weights[m].sum()) for m in masks if m.any()]
        self._pools = self._pools or [(self._hanzi, weights)]

    def line(self, rng: np.random.Generator, length: int) -> str:
        """One line as long as about `length` hanzi (at least 1), without spaces at its ends."""
        draw = rng.random()
        if draw < 0.04:
            text = self.romanised(rng, length)
        elif draw < 0.09:
            length = int(_LATIN_LENGTH * length)
            text = self.program(rng, length)
        elif draw < 0.66:
            text = self.running(rng, length)
        elif draw < 0.80:
            # Some cells of a table hold a mark or a box to tick and nothing else.
            if rng.random() < 0.12:
                return self._fit(mark(rng), length) or self._any(rng, length)
            length = int(_LATIN_LENGTH * length)
            make = measure if rng.random() < 0.25 else number
            text = _join(rng, length, lambda: make(rng), (" ", "  ", " ", "，", "、", " - ", "；", ", ", " | "))
        elif draw < 0.90:
            text = _join(rng, length, lambda: self.phrase(rng), _SEPARATORS)
        else:
            length = int(_LATIN_LENGTH * length)
            text = self.english(rng, length)
        if rng.random() < self._rare:
            text = self.salted(rng, text)
        if rng.random() < _SYMBOL_SHARE:
            text = self.with_symbols(rng, text[:length])
        return self._fit(text, length) or self._fit(self.salted(rng, "一" * length), length)

    def running(self, rng: np.random.Generator, length: int) -> str:
        """A window of running text, from a line's start or its middle; some of it in traditional characters."""
        blob = self._blobs[int(rng.choice(len(self._blobs), p=self._blob_weights))]
        return self._now_and_then_traditional(rng, _window(rng, blob, length))

    def romanised(self, rng: np.random.Generator, length: int) -> str:
        """Chinese in Latin letters with marks of tones, by itself or between hanzi; or English with accents."""
        if rng.random() < 0.25:
            words = self.english(rng, int(_LATIN_LENGTH * length)).split(" ")
            return " ".join(_accented(rng, word) if rng.random() < 0.4 else word for word in words)
        parts: list[str] = []
        mixed = rng.random() < 0.6
        space = " " if rng.random() < 0.6 else ""
        while sum(map(len, parts)) < length:
            joint = str(rng.choice(["", "-", " "]))
            word = joint.join(_syllable(rng) for _ in range(int(rng.integers(1, 4))))
            parts.append(word.capitalize() if rng.random() < 0.2 else word)
            if mixed and rng.random() < 0.8:
                parts.append(self.running(rng, int(rng.integers(1, 8))))
        return (space if mixed else " ").join(parts)

    def english(self, rng: np.random.Generator, length: int) -> str:
        """English words, lower case, Title Case or CAPITALS."""
        text = ""
        for _ in range(8):  # Most windows of a mixed corpus hold web addresses or Chinese; a few tries find a sentence.
            blob = self._english[int(rng.integers(len(self._english)))]
            text = _english_words(_window(rng, blob, 2 * length + 24))
            if len(text) > length // 2 + 2:
                break
        words = (text or _WORDS[int(rng.integers(len(_WORDS)))]).split(" ")
        start = int(rng.integers(max(1, len(words) - length // 6)))
        text = " ".join(words[start:])
        style = rng.random()
        if style < 0.2:
            return text.upper()
        return text.title() if style < 0.4 else text

    def sign(self, rng: np.random.Generator, length: int) -> str:
        """What signs, packages and screens say, at most `length` characters: one English word, or some hanzi."""
        draw = rng.random()
        if draw < 0.30:
            words = [w for w in re.findall(r"[A-Za-z]+(?:['&-][A-Za-z]+)*", self.english(rng, 40)) if len(w) <= length]
            text = str(rng.choice(words)) if words else "OPEN"
            if rng.random() < 0.08:  # No dictionary holds names of firms.
                text = "".join(rng.choice(list(string.ascii_letters), int(rng.integers(2, 9))))
            text = _accented(rng, text) if rng.random() < 0.04 else text
            style = rng.random()
            text = text.upper() if style < 0.45 else text.capitalize() if style < 0.75 else text
        elif draw < 0.39:
            makers = (lambda: number(rng), lambda: code(rng), lambda: date(rng), lambda: money(rng))
            text = makers[int(rng.integers(len(makers)))]()
        elif draw < 0.44:
            text = self.english(rng, length)
        elif draw < 0.68:
            text = shop_sign(rng, self.running(rng, int(rng.integers(1, 5))))
            text = self._now_and_then_traditional(rng, text)
            text = self.salted(rng, text) if rng.random() < 0.2 else text
        else:
            text = self.running(rng, min(length, int(rng.integers(1, 13))))
            text = self.salted(rng, text) if rng.random() < self._rare else text
        return self._fit(text, length) or self._any(rng, length)

    def phrase(self, rng: np.random.Generator) -> str:
        """Something short: a name, a title, a date, an amount, a code, a word."""
        makers: tuple[Callable[[], str], ...] = (
            lambda: date(rng),
            lambda: money(rng),
            lambda: code(rng),
            lambda: measure(rng),
            lambda: with_leader(rng, self.running(rng, int(rng.integers(2, 9))), 24),
            lambda: self.name(rng),
            lambda: self.running(rng, int(rng.integers(2, 9))),
            lambda: self.running(rng, int(rng.integers(2, 6))),
            lambda: self.english(rng, int(rng.integers(3, 14)))[:14].strip(),
            lambda: label(rng, self),
        )
        return self._fit(makers[int(rng.integers(len(makers)))](), 24) or self._any(rng, 24)

    def name(self, rng: np.random.Generator) -> str:
        """A personal name of two or three characters, given names from all hanzi."""
        given = "".join(rng.choice(self._hanzi, int(rng.integers(1, 3))))
        return _SURNAMES[int(rng.integers(len(_SURNAMES)))] + given

    def salted(self, rng: np.random.Generator, text: str) -> str:
        """`text` with at least half of its hanzi replaced by others, rare ones among them more often than in print."""
        hanzi, weights = self._pools[0 if rng.random() < 0.7 else -1]
        replaced = rng.choice(hanzi, len(text), p=weights)
        share = rng.uniform(0.5, 1.0)
        return "".join(str(new) if is_hanzi(old) and rng.random() < share else old for old, new in zip(text, replaced))

    def program(self, rng: np.random.Generator, length: int) -> str:
        """What looks like a line of a program; see `program_text`. Its words are English, or a little running text."""

        def word() -> str:
            return self.running(rng, int(rng.integers(1, 7))) if rng.random() < 0.15 else self.english(rng, 8)[:8]

        return program(rng, length, word)

    def with_symbols(self, rng: np.random.Generator, text: str) -> str:
        """`text` with a symbol or a mark in two or three places, or with brackets about a part of it."""
        if self._pairs and rng.random() < 0.3:
            start, end = sorted(rng.integers(0, len(text) + 1, 2).tolist())
            opening, closing = self._pairs[int(rng.integers(len(self._pairs)))]
            return f"{text[:start]}{opening}{text[start:end]}{closing}{text[end:]}"
        pool = self._punctuation if rng.random() < 0.4 else self._symbols
        space = " " if rng.random() < 0.3 else ""
        for _ in range(int(rng.integers(2, 4)) if pool else 0):
            place = int(rng.integers(len(text) + 1))
            text = text[:place] + space + pool[int(rng.integers(len(pool)))] + space + text[place:]
        return text

    def _now_and_then_traditional(self, rng: np.random.Generator, text: str) -> str:
        """`text`, in a share of the draws in traditional characters."""
        if self._converters and rng.random() < self._traditional:
            return self._converters[int(rng.integers(len(self._converters)))](text)
        return text

    def _any(self, rng: np.random.Generator, length: int) -> str:
        """A few characters of the charset, for want of a text that it can write."""
        drawn = rng.choice(sorted(self._keep - {" ", "\n"}), int(rng.integers(1, min(length, 8) + 1)))
        return "".join(drawn.tolist())

    def _fit(self, text: str, length: int) -> str:
        text = "".join(c for c in text.translate(_LOOKALIKES) if c in self._keep and c != "\n")
        return re.sub(r" {3,}", "  ", text)[:length].strip()

    def _read(self, folder: str | Path | None) -> list[str]:
        if folder is None:
            texts = [_BUILT_IN]
        else:
            paths = sorted(Path(folder).rglob("*.txt"))
            if not paths:
                raise SynthesisError(f"No .txt file in the corpus folder {folder}: name a folder of UTF-8 text files.")
            texts = [path.read_text(encoding="utf-8", errors="ignore") for path in paths]
        return [self._clean(text) for text in texts]

    def _clean(self, text: str) -> str:
        text = text.translate(_LOOKALIKES)
        drop = {ord(c): None for c in set(text) - self._keep}
        return re.sub(r"\n\s*\n+", "\n", re.sub(r" {2,}", " ", text.translate(drop))) or "文字"


def _encodable(character: str, coding: str) -> bool:
    try:
        return bool(character.encode(coding))
    except UnicodeEncodeError:
        return False


def tempered_frequencies(
    characters: np.ndarray, texts: Sequence[str], converters: Sequence[Callable[[str], str]] = (), power: float = 0.4
) -> np.ndarray:
    """Probabilities that lie between those of running text (power 1) and equal ones (power 0).

    Args:
        characters: single characters.
        texts: running text to count in.
        converters: each maps a text to another form (traditional characters), which is counted too.
        power: of the frequency.

    Returns:
        (len(characters),) float, sum 1; a character that the texts lack counts as seen once in a million characters.
    """
    counts = Counter()
    for text in texts:
        counts.update(text[:2_000_000])
    forms = list(counts.items())
    for convert in converters:
        for character, count in forms:
            if (form := convert(character)) != character:
                counts[form] += count / len(converters) / 2
    total = max(1.0, sum(counts[c] for c in characters))
    weights = np.array([(counts[c] / total + 1e-6) ** power for c in characters])
    return weights / weights.sum()


def _is_symbol(character: str) -> bool:
    """Whether it is neither ASCII nor a hanzi nor the wide form of an ASCII letter or digit."""
    wide = "\uff10" <= character <= "\uff5a" and unicodedata.normalize("NFKC", character).isalnum()
    return not character.isascii() and not is_hanzi(character) and not wide


def _window(rng: np.random.Generator, blob: str, length: int) -> str:
    start = int(rng.integers(max(1, len(blob) - length)))
    if rng.random() < 0.4:  # From the start of the next line: where titles, numbering and labels stand.
        newline = blob.find("\n", start)
        start = newline + 1 if 0 <= newline < len(blob) - length else start
    text = blob[start : start + length]
    line = max(text.split("\n"), key=len)
    return line.strip()


def _english_words(text: str) -> str:
    """The English of a text, without web addresses and what else no sentence holds."""
    text = re.sub(r"\S*(?:https?:|www\.|//)\S*", "", text)
    return " ".join(re.findall(r"[A-Za-z0-9.,:;'\"()&/%$#@!?+-]*[A-Za-z][A-Za-z0-9.,:;'\"()&/%$#@!?+-]*", text))


def _join(rng: np.random.Generator, length: int, make: Callable[[], str], separators: tuple[str, ...]) -> str:
    separator = separators[int(rng.integers(len(separators)))]
    parts = [make()]
    while sum(map(len, parts)) < length:
        parts.append(make())
    return separator.join(parts)


def _syllable(rng: np.random.Generator) -> str:
    """A syllable as pinyin or romanised Min write it, mostly with the mark of its tone."""
    initial, final = _INITIALS[int(rng.integers(len(_INITIALS)))], _FINALS[int(rng.integers(len(_FINALS)))]
    if not initial and rng.random() < 0.1:
        return str(rng.choice(list(_TONES["n"]))) + "g"
    if rng.random() < 0.25:
        return initial + final
    place = min(i for i, letter in enumerate(final) if letter in "aeiou")
    if final[: place + 2] in ("ia", "ie", "io", "iu", "ua", "ue", "ui"):
        place += 1
    marked = _TONES[final[place]]
    nasal = "ⁿ" if rng.random() < 0.04 else ""
    return initial + final[:place] + marked[int(rng.integers(len(marked)))] + final[place + 1 :] + nasal


def _accented(rng: np.random.Generator, word: str) -> str:
    """A word with an accent on one of its letters, as French or Spanish ones have."""
    places = [i for i, letter in enumerate(word) if letter in _ACCENTS]
    if not places:
        return word
    place = places[int(rng.integers(len(places)))]
    marked = _ACCENTS[word[place]]
    return word[:place] + marked[int(rng.integers(len(marked)))] + word[place + 1 :]


def label(rng: np.random.Generator, corpus: Corpus) -> str:
    """A form's label with its value."""
    key = corpus.running(rng, int(rng.integers(2, 6)))
    values = (
        number(rng),
        date(rng),
        code(rng),
        corpus.name(rng),
        _PLACES[2 * int(rng.integers(len(_PLACES) // 2)) :][:2] + "市",
    )
    return f"{key}{rng.choice(['：', ':', ': ', '：'])}{values[int(rng.integers(len(values)))]}"


def _converters() -> list[Callable[[str], str]]:
    """Converters to traditional characters as used in general, in Hong Kong and in Taiwan; none without OpenCC."""
    try:
        import opencc
    except ImportError:
        return []
    return [opencc.OpenCC(variant).convert for variant in ("s2t", "s2hk", "s2tw")]
