"""The font of the invisible text in a PDF: it draws nothing, and tells which characters stand where."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

FONT_FILE = Path(__file__).parent.parent / "assets" / "CtpnCrnnGlyphless.ttf"
"""A font whose glyph n is n units wide and draws nothing; docs/make_glyphless_font.py makes it."""

FONT_NAME = "CtpnCrnnGlyphless"
EM = 1000
UNIT = 50
"""Widths are multiples of this, in thousandths of an em. Character boxes are exact to a fortieth of the line height."""

UNITS_PER_EM = EM // UNIT
WIDEST = 160
"""Width of the widest glyph, in units. The box of a wider character is cut there; the next one is in its place."""

ASCENT, DESCENT = 800, -200
_LAST_CODE = 0xFFFF
"""Codes have two bytes (Identity-H)."""

_RESERVED = 16_384
"""Codes that are kept for characters not seen before, when common ones appear in ever more widths."""

_CMAP_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
"""
_CMAP_TAIL = """endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
_CMAP_BLOCK = 100  # entries that a bfchar section may hold


class GlyphlessFont:
    """Gives codes to characters, and becomes a font of a PDF.

    A code stands for a character (or a letter with its accents) of a certain width. So a line is one string of codes,
    whose boxes are where the characters are, without gaps or overlaps: viewers make spaces of gaps, and take
    overlapping letters that are equal for a shadow. Codes are given in the order of first use, so that the same pages
    give the same bytes.

    Example:
        >>> font = GlyphlessFont()
        >>> font.code("汉", 20), font.code("字", 21), font.code("汉", 20)
        (1, 2, 1)
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[str, int], int] = {}
        self._widths: dict[str, list[int]] = {}

    def code(self, text: str, units: int) -> int:
        """Return the code of a character of a certain width.

        Args:
            text: One character, or one with combining marks.
            units: Its width, at least 1, in `UNIT`s.

        Returns:
            1..65535. When codes run short, that of the nearest width that the character had before; when none are
            left, that of U+FFFD.
        """
        known = self._codes.get((text, units))
        if known is not None:
            return known
        widths = self._widths.setdefault(text, [])
        left = _LAST_CODE - 1 - len(self._codes)  # one stays for U+FFFD
        if widths and left <= _RESERVED:
            return self._codes[text, min(widths, key=lambda width: abs(width - units))]
        if left <= 0:
            return self._codes.setdefault(("\ufffd", UNITS_PER_EM), _LAST_CODE)
        widths.append(units)
        self._codes[text, units] = len(self._codes) + 1
        return self._codes[text, units]

    def add_to(self, pdf: Any) -> Any:
        """Add an empty font object to a PDF (pikepdf). Pages may refer to it before `fill` completes it."""
        from pikepdf import Dictionary, Name

        return pdf.make_indirect(Dictionary(Type=Name.Font))

    def fill(self, pdf: Any, font: Any) -> None:
        """Complete the object that `add_to` made. Codes given afterwards are not in it."""
        from pikepdf import Dictionary, Name

        name = Name("/" + FONT_NAME)
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=name,
            Flags=4,  # symbolic: the codes follow no standard encoding
            FontBBox=[0, DESCENT, WIDEST * UNIT, ASCENT],
            ItalicAngle=0,
            Ascent=ASCENT,
            Descent=DESCENT,
            CapHeight=ASCENT,
            StemV=80,
            FontFile2=pdf.make_stream(_font_bytes(), Length1=len(_font_bytes())),
        )
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=name,
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=EM,
            W=[1, [units * UNIT for _, units in self._codes]],
            CIDToGIDMap=pdf.make_stream(self._glyphs()),
        )
        font.Subtype = Name.Type0
        font.BaseFont = name
        font.Encoding = Name("/Identity-H")
        font.DescendantFonts = [pdf.make_indirect(descendant)]
        font.ToUnicode = pdf.make_stream(self._to_unicode())

    def _glyphs(self) -> bytes:
        """The CIDToGIDMap: two bytes for each code."""
        glyphs = [0, *(min(units, WIDEST) for _, units in self._codes)]
        return b"".join(glyph.to_bytes(2, "big") for glyph in glyphs)

    def _to_unicode(self) -> bytes:
        """The CMap from codes to UTF-16."""
        entries = [f"<{code:04X}> <{_utf16(text)}>" for (text, _), code in self._codes.items()]
        blocks = [entries[start : start + _CMAP_BLOCK] for start in range(0, len(entries), _CMAP_BLOCK)]
        body = "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
        return (_CMAP_HEAD + body + _CMAP_TAIL).encode("ascii")


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


@lru_cache(maxsize=1)
def _font_bytes() -> bytes:
    return FONT_FILE.read_bytes()
