"""Which paragraphs are headings."""

from __future__ import annotations

from collections.abc import Sequence

from ctpn_crnn.structure.params import HeadingParams
from ctpn_crnn.structure.text_patterns import ends_with_punctuation, starts_with_section_number
from ctpn_crnn.structure.upright_lines import Interval, PrintSize, TextRow


def heading_levels(
    paragraphs: Sequence[Sequence[TextRow]], body: PrintSize, params: HeadingParams = HeadingParams()
) -> list[int]:
    """Tell headings from paragraphs.

    Args:
        paragraphs: Paragraphs of one text block, from the top.
        body: Print of most text of the page.
        params: Tuned numbers.

    Returns:
        For each paragraph the level of the heading that it is, 1 to 3, or 0.
    """
    edges = _text_edges(paragraphs, params)
    return [_level(paragraphs, place, body, edges, params) for place in range(len(paragraphs))]


def _level(
    paragraphs: Sequence[Sequence[TextRow]],
    place: int,
    body: PrintSize,
    edges: Interval | None,
    params: HeadingParams,
) -> int:
    paragraph = paragraphs[place]
    text = "".join(row.text for row in paragraph).strip()
    has_letters = sum(character.isalpha() for character in text) >= 2
    if len(text) > params.max_length or not has_letters or ends_with_punctuation(text):
        return 0
    for level, ratio in ((1, params.largest), (2, params.large)):
        if all(row.size.is_larger_than(body, ratio) for row in paragraph):
            return level
    if len(paragraph) > 1:
        return 0
    is_centred = edges is not None and _is_centred(paragraph[0], edges, params)
    return 3 if is_centred or _is_numbered_heading(paragraphs, place, params) else 0


def _text_edges(paragraphs: Sequence[Sequence[TextRow]], params: HeadingParams) -> Interval | None:
    """Left and right edge of the running text, taken from its full lines; None where these are few."""
    rows = [row for paragraph in paragraphs for row in paragraph]
    if not rows:
        return None
    widest = max(row.width for row in rows)
    full = [row for row in rows if row.width >= params.full_line * widest]
    if len(full) < params.min_full_lines:
        return None
    return min(row.left for row in full), max(row.right for row in full)


def _is_numbered_heading(paragraphs: Sequence[Sequence[TextRow]], place: int, params: HeadingParams) -> bool:
    row = paragraphs[place][0]
    if not starts_with_section_number(row.text) or len(row.text) > params.max_numbered_length:
        return False
    # Numbered lines that follow each other are items of a list.
    before = paragraphs[place - 1] if place else None
    after = paragraphs[place + 1] if place + 1 < len(paragraphs) else None
    near = params.item_distance * row.height
    follows_item = before and starts_with_section_number(before[0].text) and row.middle - before[-1].middle < near
    precedes_item = after and starts_with_section_number(after[0].text) and after[0].middle - row.middle < near
    return not (follows_item or precedes_item)


def _is_centred(row: TextRow, edges: Interval, params: HeadingParams) -> bool:
    width = edges[1] - edges[0]
    off = abs(row.centre - sum(edges) / 2)
    is_indented = row.left - edges[0] > params.side_margin * width
    return off < 0.5 * row.height and is_indented
