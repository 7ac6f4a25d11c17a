"""The characters that a reader knows, and their class indices."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from ctpn_crnn.errors import CharsetError

BLANK = 0
"""Class index of the CTC blank (Graves et al., 2006). Characters are numbered from 1."""

_ASCII = [chr(code) for code in range(0x20, 0x7F)]
# The ideographic space, and two code points that fonts draw like the common dash and middle dot.
_UNUSED = "\u3000\u2015\u30fb"
_COMMON_SYMBOLS = (
    "•–—…‘’“”′″€£¥￥￡￠©®™°±×÷²³¹½¼¾µ·§¶†‡№℃℉‰←↑→↓↔⇒⇔≤≥≠≈∞√∑∏∫∂∆∈∩∪⊂⊃∅∠⊥∥□■▪▫▲△▼▽◆◇○●◎★☆☑☐✓✔✕✖♀♂♪❤※〒▶◀►◄／－＋＝╱╲"
)

# Letters with the marks of tones and accents: pinyin, romanised Min, names and words of European languages.
_ACCENTED = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜàáâãäåæçèéêëìíîïñòóôõöøùúûüßĀÁǍĒĚĪŌǑŪāǎēěīǐōǒūǔǖǘǚǜńňǹⁿ"
# Chinese characters outside GB 2312 and level 1 of Big5 that names and texts use: zero, variants, and the most frequent
# others in 33 million characters of Chinese text.
_FURTHER_HANZI = (
    "〇囧啰镕翀堃裏衆啓峯爲眞"
    "豊璉鏞萩紘鎌瑄珣旻榎煒諏鰲嬛灝瀧鶚鈺諤惲鉞玠琇屌顒昉璠璵瓘鷲燿詵軫烜燁鵜瑋寔伝棨瑀湜寀槻乂纘驤芃鯤嶠昺顗詒鵙塤瓛騏垚煇偁鋐"
    "鮨澂棐珽璲贇埜贄輅亶燊栻鄔暠柟楙咘叡垕珵詡諲鄺鎧侁彧懌璡釴烺瑢藎鎡炘扆淩絅沄僊澐禕誾韞嫚潁"
)


class Charset:
    """An ordered set of characters, each with a class index; index 0 is the CTC blank.

    Args:
        characters: the characters in the order of their indices, each a single code point, none twice. At least one.

    Raises:
        CharsetError: the set is empty, a character is repeated, is not a single code point, or cannot be printed.

    Example:
        >>> charset = Charset("abc")
        >>> charset.encode("cab")
        [3, 1, 2]
        >>> charset.decode([3, 1, 2])
        'cab'
    """

    def __init__(self, characters: str | Sequence[str]) -> None:
        self.characters: tuple[str, ...] = tuple(characters)
        if not self.characters:
            raise CharsetError("The charset is empty: give at least one character.")
        for index, character in enumerate(self.characters, start=1):
            if len(character) != 1:
                raise CharsetError(f"Charset entry {index} is {character!r}: every entry must be one character.")
            if character in "\n\r\t" or unicodedata.category(character) in ("Cc", "Cs"):
                raise CharsetError(f"Charset entry {index} is the control character {character!r}: remove it.")
        self._index = {character: index for index, character in enumerate(self.characters, start=1)}
        if len(self._index) != len(self.characters):
            seen: set[str] = set()
            twice = next(c for c in self.characters if c in seen or seen.add(c))  # type: ignore[func-returns-value]
            raise CharsetError(f"The character {twice!r} stands twice in the charset: remove one of them.")

    def __len__(self) -> int:
        """The number of characters, without the blank."""
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Charset) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Charset({len(self)} characters: {''.join(self.characters[:8])!r}...)"

    @property
    def num_classes(self) -> int:
        """The number of outputs of a network for this charset: every character and the blank."""
        return len(self.characters) + 1

    def covers(self, text: str) -> bool:
        """Whether every character of `text` is in the charset."""
        return all(character in self._index for character in text)

    def missing(self, text: str) -> str:
        """The characters of `text` that the charset lacks, each once, in order of appearance."""
        return "".join(dict.fromkeys(character for character in text if character not in self._index))

    def encode(self, text: str) -> list[int]:
        """The class indices of `text`.

        Raises:
            CharsetError: a character is not in the charset.
        """
        try:
            return [self._index[character] for character in text]
        except KeyError as error:
            raise CharsetError(
                f"The charset of {len(self)} characters lacks {error.args[0]!r} (in {text[:40]!r}): "
                "use a charset that has it, or drop the text."
            ) from None

    def decode(self, indices: Iterable[int]) -> str:
        """The text of class indices; blanks are dropped, nothing is merged.

        Raises:
            CharsetError: an index is outside of the charset.
        """
        characters = []
        for index in indices:
            if not 0 <= index <= len(self.characters):
                raise CharsetError(f"Class index {index} is outside of this charset of {len(self)} characters.")
            if index != BLANK:
                characters.append(self.characters[index - 1])
        return "".join(characters)

    @classmethod
    def load(cls, path: str | Path) -> Charset:
        """Reads a charset file: UTF-8, one character a line, in the order of the class indices.

        A line that holds one space is the space character; an empty last line is ignored.

        Raises:
            CharsetError: the file is missing, is not UTF-8, or a line holds other than one character.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise CharsetError(f"Cannot read the charset file {path}: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CharsetError(f"The charset file {path} is not UTF-8: save it as UTF-8.") from None
        lines = text.split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        lines = [line.rstrip("\r") for line in lines]
        for number, line in enumerate(lines, start=1):
            if len(line) != 1:
                raise CharsetError(f"{path}, line {number}: expected one character, found {line!r}.")
        return cls(lines)

    def save(self, path: str | Path) -> None:
        """Writes the charset file that `load` reads."""
        Path(path).write_text("".join(f"{character}\n" for character in self.characters), encoding="utf-8")

    @classmethod
    def default(cls) -> Charset:
        """The charset of the shipped reader: simplified and traditional Chinese, Latin letters and symbols.

        Space and ASCII; the non-alphabetic rows of GB 2312-80 (punctuation, enumeration, full-width ASCII, Greek) and
        common symbols; the 6763 hanzi of GB 2312-80; the level-1 hanzi of Big5 that GB 2312 lacks; letters with the
        marks of tones and accents; and some further hanzi, mostly of names.
        """
        return cls(
            list(
                dict.fromkeys(
                    [
                        *_ASCII,
                        *_gb2312_rows(1, 3),
                        *_gb2312_rows(6, 6),
                        *_COMMON_SYMBOLS,
                        *_gb2312_rows(16, 87),
                        *_big5_level1(),
                        *_ACCENTED,
                        *_FURTHER_HANZI,
                    ]
                )
            )
        )


def _gb2312_rows(first: int, last: int) -> list[str]:
    """The characters of rows `first`..`last` of GB 2312-80 (rows are numbered from 1)."""
    characters = []
    for row in range(first, last + 1):
        for cell in range(1, 95):
            try:
                characters.append(bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return [c for c in characters if c not in _UNUSED]


def _big5_level1() -> list[str]:
    """The 5401 frequently used hanzi of Big5: code points A440 to C67E."""
    characters = []
    for lead in range(0xA4, 0xC7):
        for trail in [*range(0x40, 0x7F), *range(0xA1, 0xFF)]:
            if (lead, trail) > (0xC6, 0x7E):
                break
            characters.append(bytes([lead, trail]).decode("big5"))
    return characters
