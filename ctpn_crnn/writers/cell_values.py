"""The text of a table's cell as a spreadsheet has it: a number where it is one."""

from __future__ import annotations

import re
from typing import NamedTuple

_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>[-+])?(?P<currency>[¥$€£])?"
    r"(?P<whole>0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?P<fraction>\.\d+)?(?P<percent>%)?(?P<close>\))?",
    re.ASCII,
)
"""Digits in groups of three or without groups. Leading zeros are those of a code, which must keep them."""

_MOST_DIGITS = 15
"""A spreadsheet rounds numbers with more digits, such as those of bank cards."""

_FULL_WIDTH = {code + 0xFEE0: code for code in range(0x21, 0x7F)}
_ASCII = str.maketrans({**_FULL_WIDTH, "\u2212": "-", "\u2013": "-", "\uffe5": "¥", "\u3000": " "})


class Value(NamedTuple):
    """A number and how it is written.

    Attributes:
        number: An int where the text has no fraction and no percent sign.
        format: Number format of spreadsheets, such as "#,##0.00".
    """

    number: int | float
    format: str


def cell_value(text: str) -> Value | None:
    """Return the number that a text is: "1,234.50", "-3", "(5.2)", "12%", "¥80"; None for everything else.

    Brackets around a number mean that it is negative, as accountants write it. Codes with leading zeros, telephone
    numbers, dates and numbers of more than 15 digits are texts.

    Example:
        >>> cell_value("(1,234.50)")
        Value(number=-1234.5, format='#,##0.00;(#,##0.00)')
    """
    found = _NUMBER.fullmatch(text.translate(_ASCII).strip(" "))
    if not found or bool(found["open"]) != bool(found["close"]) or (found["open"] and found["sign"]):
        return None
    fraction = found["fraction"] or ""
    digits = found["whole"].replace(",", "") + fraction
    if len(digits.replace(".", "")) > _MOST_DIGITS:
        return None
    number: int | float = float(digits) if fraction else int(digits)
    if found["percent"]:
        number = round(number / 100, len(fraction) + 2)
    if found["sign"] == "-" or found["open"]:
        number = -number
    return Value(number, _format(found, max(0, len(fraction) - 1)))


def _format(found: re.Match[str], decimals: int) -> str:
    plain = ("#,##0" if "," in found["whole"] else "0") + ("." + "0" * decimals if decimals else "")
    plain = (f'"{found["currency"]}"' if found["currency"] else "") + plain + (found["percent"] or "")
    return f"{plain};({plain})" if found["open"] else plain
