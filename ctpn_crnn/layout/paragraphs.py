"""Which lines of text follow each other within a paragraph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.layout.joining import is_divided, is_unspaced
from ctpn_crnn.layout.marks import ends_sentence, starts_with_number, starts_with_symbol
from ctpn_crnn.layout.sheet import Strip

_SIZE = 1.3
"""Ratio of heights from which on two lines are not of one paragraph; found boxes vary by a tenth or two."""

_TITLE = 1.15
"""Height of a title, in that of the text."""

_LOOSE = 1.35
"""Distance of two lines, in that of most, from which on a paragraph ends between them."""

_INDENT = 0.8
"""In line heights. A paragraph of Chinese begins two characters in, English 1 to 2."""

_MAX_INDENT = 5.0

_NEIGHBOURS = 3
"""Lines above and below from which the right edge of the text is taken."""


def split_paragraphs(strips: Sequence[Strip], body: tuple[float, float] = (0.0, 0.0)) -> list[list[Strip]]:
    """Cut the lines of a region into paragraphs.

    Args:
        strips: Lines of text that follow each other from the top, without tables and formulas among them.
        body: Height and em of most text of the page: a title that is larger, and centred, may take several lines.

    Returns:
        The paragraphs; list items and headings are such too.
    """
    if not strips:
        return []
    pitch = _usual_pitch(strips)
    paragraphs = [[strips[0]]]
    for place in range(1, len(strips)):
        if _begins_anew(strips, place, paragraphs[-1], pitch, body):
            paragraphs.append([])
        paragraphs[-1].append(strips[place])
    return paragraphs


def continues(first: Sequence[Strip], second: Sequence[Strip]) -> bool:
    """Whether a paragraph goes on at the top of the next column.

    Args:
        first: The last paragraph of a column.
        second: The first of the next one.
    """
    end, begin = first[-1], second[0]
    if second[0].middle > end.middle or len(first) < 2 or len(second) < 2:
        return False
    if begin.hanging or starts_with_symbol(begin.text) or ends_sentence(end.text) or not _alike(end, begin):
        return False
    is_indented = begin.left > second[1].left + _INDENT * begin.height
    is_full = end.right >= max(strip.right for strip in first) - 2 * end.height
    return is_full and not is_indented


def _begins_anew(
    strips: Sequence[Strip], place: int, paragraph: list[Strip], pitch: tuple[float, float], body: tuple[float, float]
) -> bool:
    above, strip = strips[place - 1], strips[place]
    if not _alike(above, strip) or not _follows(above, strip, pitch):
        return True
    if strip.hanging or starts_with_symbol(strip.text):
        return True
    shift = (strip.left - above.left) / strip.height
    ends_early = _ends_early(strips, place)
    if starts_with_number(strip.text):
        beside = abs(strip.left - paragraph[0].left) < 0.5 * strip.height
        if ends_early or abs(shift) > 0.5 or (beside and starts_with_number(paragraph[0].text)):
            return True
    if _are_centred(paragraph[0], above, strip):
        return not (above.is_larger(*body, _TITLE) and strip.is_larger(*body, _TITLE))
    if shift > _INDENT:
        # A list item's text may stand further in than its number, which is part of its first line here.
        is_item = len(paragraph) == 1 and not above.hanging and starts_with_number(above.text)
        return not is_item or shift > _MAX_INDENT or ends_early
    if shift < -_INDENT and (len(paragraph) > 1 or shift < -_MAX_INDENT):
        return True
    return ends_early or (abs(shift) <= 0.5 and len(paragraph) == 1 and _stands_out(strips, place, pitch))


def _stands_out(strips: Sequence[Strip], place: int, pitch: tuple[float, float]) -> bool:
    """Whether a line is indented against the one below it, which follows it: then it begins a paragraph."""
    if place + 1 == len(strips):
        return False
    strip, below = strips[place], strips[place + 1]
    follows = _follows(strip, below, pitch) and not below.hanging and not starts_with_number(below.text)
    return follows and _INDENT < (strip.left - below.left) / strip.height <= _MAX_INDENT


def _alike(first: Strip, second: Strip) -> bool:
    larger, smaller = (first, second) if first.height >= second.height else (second, first)
    return not larger.is_larger(smaller.height, smaller.em, _SIZE)


def _follows(above: Strip, strip: Strip, pitch: tuple[float, float]) -> bool:
    """Whether a line stands below another as closely as lines do, large ones in proportion."""
    usual, height = pitch
    return strip.middle - above.middle <= _LOOSE * usual * max(1.0, min(above.height, strip.height) / height)


def _usual_pitch(strips: Sequence[Strip]) -> tuple[float, float]:
    """Distance from line to line within paragraphs (most of the smaller ones), and the height of the lines."""
    height = float(np.median([strip.height for strip in strips]))
    distances = [below.middle - above.middle for above, below in zip(strips, strips[1:])]
    near = [distance for distance in distances if 0 < distance < 2.5 * height]
    return (float(np.percentile(near, 35)) if near else 1.5 * height), height


def _ends_early(strips: Sequence[Strip], place: int) -> bool:
    """Whether the first word of a line would have found room at the end of the line above it, and does not go on with
    a word divided there."""
    above, strip = strips[place - 1], strips[place]
    if is_divided(above.text, strip.text):
        return False
    near = strips[max(0, place - 1 - _NEIGHBOURS) : place + _NEIGHBOURS]
    edge = max(other.right for other in near if _alike(other, above))
    return above.right + _first_word_width(strip) < edge


def _first_word_width(strip: Strip) -> float:
    """Width that the first word would take behind other text, generously: edges are ragged, and quads not exact."""
    word = strip.text.split(maxsplit=1)[0] if strip.text.strip() else ""
    if not word or is_unspaced(word[0]):
        return 2.5 * strip.height  # a character, and punctuation that may not begin a line
    letters = 0
    while letters < len(word) and not is_unspaced(word[letters]):
        letters += 1
    return (letters / max(1, len(strip.text))) * (strip.right - strip.left) + 1.5 * strip.height


def _are_centred(first: Strip, above: Strip, strip: Strip) -> bool:
    """Whether lines of different lengths share their middle, as those of a title do."""
    centres = [(line.left + line.right) / 2 for line in (first, above, strip)]
    lefts = [line.left for line in (above, strip)]
    return max(centres) - min(centres) < 0.6 * strip.height and max(lefts) - min(lefts) > 1.5 * strip.height
