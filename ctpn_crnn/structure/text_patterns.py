"""Patterns in the text of a line: list markers, section numbers, page numbers, units, closing punctuation."""

from __future__ import annotations

import re

_CHINESE_DIGITS = "一二三四五六七八九十百零〇"
_ENCLOSED = "\u2460-\u24ff\u2776-\u2793\u3220-\u3229"
_SYMBOLS = "•·●○■□◆◇▪▫‣⁃∙➢➤►▶※★☆√✓✔☑☒\uf0b7\uf06c\uf0d8"
_ROMAN = r"[ivxIVX]{1,5}"

_NUMBERING = (
    rf"[(（]\s*(?:\d{{1,2}}|[a-zA-Z]|{_ROMAN}|[{_CHINESE_DIGITS}]{{1,4}})\s*[)）]"
    rf"|(?:\d{{1,2}}|[a-zA-Z]|{_ROMAN})\s*[)）]"
    rf"|\d{{1,2}}(?:\.\d{{1,2}})*\s*[、．]"
    rf"|\d{{1,2}}\.(?!\d)"
    rf"|(?:[A-Z]|{_ROMAN})\.(?=\s|$)"
    rf"|[{_CHINESE_DIGITS}]{{1,4}}\s*[、．.]"
)
_SYMBOL = rf"[{_SYMBOLS}{_ENCLOSED}]|[-–—*](?=\s|$)"
_MARKER = re.compile(rf"\s*(?P<marker>(?P<symbol>{_SYMBOL})|{_NUMBERING})(?P<rest>.*)", re.DOTALL)

_SECTION = re.compile(
    rf"\s*(?:第\s*[\d{_CHINESE_DIGITS}]{{1,5}}\s*[章节節部编編篇卷]"
    rf"|[{_CHINESE_DIGITS}]{{1,4}}\s*[、．.]"
    rf"|[(（]\s*[{_CHINESE_DIGITS}]{{1,4}}\s*[)）]"
    rf"|\d{{1,2}}\s*[、．]\s*[^\d\s]"
    rf"|\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}\.?\s+[^\W\d_]"
    rf"|(?:chapter|section|part|appendix|article)\s+(?:\d+|[ivx]+|[a-z])\b"
    rf"|附录|附錄)",
    re.IGNORECASE,
)

_PAGE_NUMBER = re.compile(
    r"\W*(?:\d{1,4}(?:\s*(?:/|of|-|–|共)\s*\d{1,4})?|[ivxlc]{1,6}"
    r"|第\s*[\d一二三四五六七八九十百〇]{1,5}\s*[页頁](?:\W*共\s*\d{1,4}\s*[页頁])?"
    r"|[pP](?:age|\.)?\s*\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?)\W*",
    re.IGNORECASE,
)

_UNIT = re.compile(r"\s*[(（]?\s*(?:金额|金額)?(?:单位|單位|币种|幣種)\s*[:：/]")

_PUNCTUATION = tuple("。！？；：，、….!?;:,")
_CLOSING = "」』”’\"')）】》 "


def is_list_marker(text: str) -> bool:
    """Whether a text is a list marker and nothing else: "•", "(1)", "2.", "三、"."""
    found = _MARKER.fullmatch(text)
    return found is not None and not found["rest"].strip()


def starts_with_bullet(text: str) -> bool:
    """Whether a text begins with a bullet, which no sentence does."""
    found = _MARKER.match(text)
    return found is not None and found["symbol"] is not None


def starts_with_number(text: str) -> bool:
    """Whether a text begins with the number of a list item or section. A sentence may do so by chance."""
    found = _MARKER.match(text)
    return (found is not None and found["symbol"] is None) or starts_with_section_number(text)


def starts_with_section_number(text: str) -> bool:
    """Whether a text begins with the number of a section: "第二章", "三、", "1.2 Results"."""
    return _SECTION.match(text) is not None


def is_page_number(text: str) -> bool:
    """Whether a text is a page number and nothing else: "7", "- 7 -", "7 / 12", "第 7 页", "Page 7 of 12", "iv"."""
    return _PAGE_NUMBER.fullmatch(text.strip()) is not None


def is_unit(text: str) -> bool:
    """Whether a text names the unit of a table's amounts, which stands above it at the right: "单位：元"."""
    return _UNIT.match(text) is not None


def ends_with_punctuation(text: str) -> bool:
    """Whether a text ends with a full stop, comma or the like, before closing quotes and brackets."""
    return text.rstrip(_CLOSING).endswith(_PUNCTUATION)
