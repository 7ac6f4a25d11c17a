"""Headers and footers: rows that stand apart at the upper and lower edge of a page."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.layout.reading_order import rows
from ctpn_crnn.structure.text_patterns import is_page_number
from ctpn_crnn.structure.upright_lines import Row, UprightLines


def header_and_footer(lines: UprightLines, members: np.ndarray) -> tuple[Row, Row]:
    """Find the header and the footer of a page.

    Args:
        lines: The page.
        members: Indices of the lines to look at.

    Returns:
        Indices of the header's lines and of the footer's, each in reading order.
    """
    all_rows = rows(lines.boxes, members, lines.params.layout.reading_order)
    if len(all_rows) < 2 * lines.params.margins.max_rows:
        return [], []  # a title or a note
    header = _rows_apart(lines, all_rows, at_top=True)
    footer = _rows_apart(lines, all_rows[::-1], at_top=False)
    return [index for row in header for index in row], [index for row in reversed(footer) for index in row]


def _rows_apart(lines: UprightLines, all_rows: list[Row], at_top: bool) -> list[Row]:
    """The rows, from one edge of the page inwards, that are its header or footer."""
    params = lines.params.margins
    for count in range(min(params.max_rows, len(all_rows) - 1), 0, -1):
        outer = all_rows[:count]
        members = [index for row in outer for index in row]
        depth, next_depth = _inner_edge(lines, members, at_top), _outer_edge(lines, all_rows[count], at_top)
        if depth > params.edge * lines.page_height:
            continue
        gap = (next_depth - depth) / lines.height_of(members)
        has_number = any(is_page_number(lines.lines[index].text) for index in (outer[0][0], outer[0][-1]))
        if has_number and gap > params.number_gap or _is_unlike_body(lines, members) and gap > params.text_gap:
            return outer
    return []


def _is_unlike_body(lines: UprightLines, members: Row) -> bool:
    """Whether lines are in smaller print than the text, or begin far to the right and are no title in large print."""
    params = lines.params.margins
    height, body = lines.height_of(members), lines.body.height
    left, right = float(lines.boxes[:, 0].min()), float(lines.boxes[:, 2].max())
    begins_aside = lines.boxes[members, 0].min() > left + params.off_centre * (right - left)
    return bool(height <= params.small * body or (begins_aside and params.small * height <= body))


def _inner_edge(lines: UprightLines, members: Row, at_top: bool) -> float:
    """Distance of the inner edge of lines from the upper or lower edge of the page."""
    boxes = lines.boxes[members]
    return float(boxes[:, 3].max() if at_top else lines.page_height - boxes[:, 1].min())


def _outer_edge(lines: UprightLines, members: Row, at_top: bool) -> float:
    """Distance of the outer edge of lines from the upper or lower edge of the page."""
    boxes = lines.boxes[members]
    return float(boxes[:, 1].min() if at_top else lines.page_height - boxes[:, 3].max())
