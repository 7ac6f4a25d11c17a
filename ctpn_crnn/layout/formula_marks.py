"""Which lines, or parts of lines, are formulas: marks on lines that are read like all others.

CTPN takes what stands alone between blanks for a formula now and then. A mark is therefore no reason to leave anything
out; and what reads as plain text, such as "2024-05-01" or "14 kg", is not marked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ctpn_crnn.crnn.chinese_script import HANZI
from ctpn_crnn.crnn.params import DEFAULTS as READING
from ctpn_crnn.geometry import Quad, intersection_area, quad_area, quad_axes, quad_size
from ctpn_crnn.page import Char, Region, TextLine, mean_confidence
from ctpn_crnn.refine.duplicates import DEFAULTS as SAME
from ctpn_crnn.refine.duplicates import are_one

_BETWEEN = re.compile(rf"[\s{HANZI},，。、；;：:()（）“”\"'…·]+")
"""What parts plain text into tokens, Chinese among it."""

_TOKEN = re.compile(
    r"[#№]?[-–+]?[¥￥$€£]?\d+(?:[./~–-]\d+)*[.]?(?:[%‰℃°㎡]|°C|[a-zA-Z]{1,3}[²³]?)?"  # number, date, amount, measure
    r"|[A-Z]{1,4}[-/]?\d[\dA-Z/-]*"  # code
    r"|[A-Z][.)]|[-–—•.①-⑳]"  # mark of a list
    r"|[A-Za-z]{2,}[.]?"  # word or unit
)


def is_plain_text(text: str) -> bool:
    """Return whether a text is made of words, numbers, dates, units, amounts, codes and list marks only.

    Example:
        >>> [is_plain_text(text) for text in ("共 14 kg", "¥3.50", "2024-05-01", "B12", "x+1", "F=ma", "a")]
        [True, True, True, True, False, False, False]
    """
    return all(_TOKEN.fullmatch(token) for token in _BETWEEN.split(text) if token)


def with_unread_formulas(regions: Sequence[Region]) -> list[Region]:
    """Return what is to be read: all regions but the formulas that lie on a line."""
    lines = [region for region in regions if region.kind != "formula"]
    return lines + [r for r in regions if r.kind == "formula" and not any(are_one(r.quad, line.quad) for line in lines)]


def mark_formulas(lines: Sequence[TextLine], formulas: Sequence[Quad]) -> list[TextLine]:
    """Mark the lines that are formulas, or hold some.

    Args:
        lines: Lines that were read, all of kind "text".
        formulas: Quads of the formulas found, in the same pixels.

    Returns:
        The lines in their order. Each formula that does not read as plain text is one of `TextLine.formulas` of the
        line that it shares most with. Lines that lie in formulas for the most part are of kind "formula".
    """
    own: list[list[Quad]] = [[] for _ in lines]
    inside = [0.0] * len(lines)  # area of each line that lies in formulas
    for formula in formulas:
        touched = [i for i, line in enumerate(lines) if are_one(line.quad, formula)]
        if not touched or _reads_as_plain_text([char for i in touched for char in _chars_in(lines[i], formula)]):
            continue
        shared = [intersection_area(lines[i].quad, formula) for i in touched]
        own[touched[int(np.argmax(shared))]].append(formula)
        for i, area in zip(touched, shared, strict=True):
            inside[i] += area
    return [
        replace(line, formulas=mine, kind="formula" if area > SAME.same_line * quad_area(line.quad) else line.kind)
        for line, mine, area in zip(lines, own, inside, strict=True)
    ]


def _chars_in(line: TextLine, formula: Quad) -> list[Char]:
    """Return the characters of a line whose middles lie in the formula's stretch of the line."""
    middle, along, _ = quad_axes(line.quad)
    stretch = (formula - middle) @ along / max(quad_size(line.quad)[0], 1e-6) + 0.5
    return [char for char in line.chars if stretch.min() <= (char.start + char.end) / 2 <= stretch.max()]


def _reads_as_plain_text(chars: Sequence[Char]) -> bool:
    """Return whether characters, read so well that no second reading is asked for, are plain text."""
    return mean_confidence(chars) >= READING.second_reading_below and is_plain_text("".join(c.text for c in chars))
