"""Headers and footers: what stands apart at the upper and lower edge of a page."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.layout.marks import is_page_number
from ctpn_crnn.layout.reading_order import rows
from ctpn_crnn.layout.sheet import Sheet

_EDGE = 0.1
"""Share of the page's height, at the upper and at the lower edge, in which headers and footers stand."""

_APART = 1.2
"""Least distance of a page number from the rest, in heights of its own line."""

_WELL_APART = 1.5
"""Likewise for other text, which also has to look unlike the text."""

_SMALL = 0.9
"""Height of a line, in those of the text, from which on it counts as small."""

_OFF_CENTRE = 0.35
"""A line that begins to the right of this share of the text's width is no beginning of a paragraph."""

_MIN_ROWS = 4
"""Pages with fewer rows are a title or a note, and have no margins to speak of."""

_MAX_ROWS = 2


def header_and_footer(sheet: Sheet, members: np.ndarray) -> tuple[list[int], list[int]]:
    """Find them.

    Args:
        sheet: The page.
        members: The lines to look at.

    Returns:
        The indices of the header's lines and of the footer's, in reading order.
    """
    all_rows = rows(sheet.boxes, members)
    if len(all_rows) < _MIN_ROWS:
        return [], []
    top = _margin(sheet, all_rows, at_top=1)
    bottom = _margin(sheet, all_rows[::-1], at_top=-1)
    return [index for row in top for index in row], [index for row in reversed(bottom) for index in row]


def _margin(sheet: Sheet, all_rows: list[list[int]], at_top: int) -> list[list[int]]:
    """The rows, from the edge inwards, that are a header (`at_top` 1) or a footer (-1)."""
    left, right = float(sheet.boxes[:, 0].min()), float(sheet.boxes[:, 2].max())
    for count in range(min(_MAX_ROWS, len(all_rows) - 1), 0, -1):
        outer = all_rows[:count]
        boxes = sheet.boxes[[index for row in outer for index in row]]
        inside = _depth(boxes[:, 3].max() if at_top == 1 else boxes[:, 1].min(), sheet.height, at_top)
        if inside > _EDGE * sheet.height:
            continue
        next_boxes = sheet.boxes[all_rows[count]]
        next_edge = next_boxes[:, 1].min() if at_top == 1 else next_boxes[:, 3].max()
        gap = _depth(next_edge, sheet.height, at_top) - inside
        height = float(np.median(boxes[:, 3] - boxes[:, 1]))
        number = any(is_page_number(sheet.lines[index].text) for index in (outer[0][0], outer[0][-1]))
        small = height <= _SMALL * sheet.body
        # Not large, so no title; and a heading in the size of the text begins where the text does.
        aside = boxes[:, 0].min() > left + _OFF_CENTRE * (right - left) and height <= 1.1 * sheet.body
        if gap > _APART * height and number or gap > _WELL_APART * height and (small or aside):
            return outer
    return []


def _depth(y: float, page_height: float, at_top: int) -> float:
    """Distance from the edge of the page."""
    return float(y if at_top == 1 else page_height - y)
