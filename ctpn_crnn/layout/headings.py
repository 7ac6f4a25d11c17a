"""Which paragraphs are headings."""

from __future__ import annotations

from collections.abc import Sequence

from ctpn_crnn.layout.marks import ends_sentence, starts_like_section
from ctpn_crnn.layout.sheet import Strip

_LARGE, _LARGEST = 1.2, 1.7
"""Heights of a line, in those of the text, that make a heading, and one of level 1; found boxes vary by a tenth."""

_MAX_STRIPS = 3
_MAX_LENGTH = 60
_MAX_NUMBERED_LENGTH = 30
"""Characters. A numbered line as long as that is rather a clause."""

_SHORT = 0.7
"""A heading in the size of the text takes less than this share of its width."""

_MARGIN = 0.12
"""A centred line leaves this share of the text's width free on either side."""

_MIN_FULL = 3
"""Lines that must fill the width of the text before another one can be said to be short or centred."""


def heading_level(
    paragraphs: Sequence[Sequence[Strip]],
    place: int,
    body: tuple[float, float],
    extent: tuple[float, float],
    edges: tuple[float, float] | None,
) -> int:
    """1..3 for a heading, 0 for a paragraph.

    Args:
        paragraphs: Those of a region, from the top.
        place: Which of them.
        body: Height and em of most text of the page.
        extent: Left and right of the region with its tables.
        edges: Left and right of its running text (see `text_edges`); None where it has none to speak of.
    """
    paragraph = paragraphs[place]
    text = "".join(strip.text for strip in paragraph).strip()
    letters = sum(character.isalpha() for character in text)
    if len(paragraph) > _MAX_STRIPS or len(text) > _MAX_LENGTH or letters < 2 or ends_sentence(text):
        return 0
    for level, ratio in ((1, _LARGEST), (2, _LARGE)):
        if all(strip.is_larger(*body, ratio) for strip in paragraph):
            return level
    if len(paragraph) > 1:
        return 0
    is_centred = edges is not None and _is_centred(paragraph[0], edges)
    return 3 if is_centred or _is_numbered_heading(paragraphs, place, extent) else 0


def text_edges(paragraphs: Sequence[Sequence[Strip]]) -> tuple[float, float] | None:
    """Left and right edge of the running text: those of the widest lines, when there are several of them."""
    strips = [strip for paragraph in paragraphs for strip in paragraph]
    if not strips:
        return None
    widest = max(strip.right - strip.left for strip in strips)
    full = [strip for strip in strips if strip.right - strip.left >= 0.85 * widest]
    if len(full) < _MIN_FULL or widest < 10 * full[0].height:
        return None
    return min(strip.left for strip in full), max(strip.right for strip in full)


def _is_numbered_heading(paragraphs: Sequence[Sequence[Strip]], place: int, extent: tuple[float, float]) -> bool:
    strip = paragraphs[place][0]
    if not starts_like_section(strip.text):
        return False
    if strip.right - strip.left > _SHORT * (extent[1] - extent[0]) or len(strip.text) > _MAX_NUMBERED_LENGTH:
        return False
    # Numbered lines that follow each other are items of a list.
    before = paragraphs[place - 1] if place else None
    after = paragraphs[place + 1] if place + 1 < len(paragraphs) else None
    near = 2.2 * strip.height
    follows_item = before and starts_like_section(before[0].text) and strip.middle - before[-1].middle < near
    precedes_item = after and starts_like_section(after[0].text) and after[0].middle - strip.middle < near
    return not (follows_item or precedes_item)


def _is_centred(strip: Strip, edges: tuple[float, float]) -> bool:
    width = edges[1] - edges[0]
    off = abs((strip.left + strip.right) / 2 - sum(edges) / 2)
    return off < max(0.5 * strip.height, 0.015 * width) and strip.left - edges[0] > _MARGIN * width
