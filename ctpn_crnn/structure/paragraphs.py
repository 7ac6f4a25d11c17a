"""Which lines of text follow each other within a paragraph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.structure.joining import is_unspaced, is_word_divided
from ctpn_crnn.structure.params import ParagraphParams
from ctpn_crnn.structure.text_patterns import ends_with_punctuation, starts_with_bullet, starts_with_number
from ctpn_crnn.structure.upright_lines import PrintSize, TextRow

_PARAMS = ParagraphParams()


def split_paragraphs(
    rows: Sequence[TextRow], body: PrintSize, params: ParagraphParams = _PARAMS
) -> list[list[TextRow]]:
    """Cut the lines of a text block into paragraphs. A list item or a heading is one too.

    Args:
        rows: Lines of text that follow each other from the top, without tables and formulas among them.
        body: Print of most text of the page.
        params: Tuned numbers.

    Returns:
        The lines of each paragraph.
    """
    if not rows:
        return []
    splitter = _Splitter(rows, body, params)
    paragraphs = [[rows[0]]]
    for place in range(1, len(rows)):
        if splitter.begins_paragraph(place, paragraphs[-1]):
            paragraphs.append([])
        paragraphs[-1].append(rows[place])
    return paragraphs


def continues_in_next_column(
    first: Sequence[TextRow], second: Sequence[TextRow], params: ParagraphParams = _PARAMS
) -> bool:
    """Whether the last paragraph of a column goes on with the first one of the next column.

    Args:
        first: The last paragraph of a column.
        second: The first paragraph of the next column.
        params: Tuned numbers.
    """
    end, begin = first[-1], second[0]
    if begin.middle > end.middle or len(first) < 2 or len(second) < 2:
        return False
    if begin.has_marker or starts_with_bullet(begin.text) or ends_with_punctuation(end.text):
        return False
    is_indented = begin.left > second[1].left + params.indent * begin.height
    is_full = end.right >= max(row.right for row in first) - params.ragged * end.height
    return is_full and not is_indented and _is_same_print(end, begin, params)


class _Splitter:
    """Decides which lines of a text block begin a paragraph.

    Args:
        rows: Lines of text from the top.
        body: Print of most text of the page.
        params: Tuned numbers.
    """

    def __init__(self, rows: Sequence[TextRow], body: PrintSize, params: ParagraphParams) -> None:
        self.rows, self.body, self.params = rows, body, params
        self.height = float(np.median([row.height for row in rows]))
        distances = [below.middle - above.middle for above, below in zip(rows, rows[1:])]
        near = [distance for distance in distances if 0 < distance < params.max_distance * self.height]
        self.usual_distance = float(np.percentile(near or [self.height], params.usual_distance))

    def begins_paragraph(self, place: int, paragraph: Sequence[TextRow]) -> bool:
        """Whether a line begins a new paragraph.

        Args:
            place: Place of the line, at least 1.
            paragraph: Lines of the paragraph that the line above it belongs to.
        """
        above, row = self.rows[place - 1], self.rows[place]
        if not _is_same_print(above, row, self.params) or not self._is_close(above, row):
            return True
        if row.has_marker or starts_with_bullet(row.text):
            return True
        ends_early = self._ends_early(place)
        if starts_with_number(row.text) and self._is_numbered_item(row, above, paragraph[0], ends_early):
            return True
        if self._is_centred_on(paragraph[0], above, row):
            return not all(line.size.is_larger_than(self.body, self.params.size_ratio) for line in (above, row))
        shift = (row.left - above.left) / row.height
        if shift > self.params.indent:
            # The text of a list item may stand further in than its number.
            is_item = len(paragraph) == 1 and not above.has_marker and starts_with_number(above.text)
            return not is_item or shift > self.params.max_indent or ends_early
        if shift < -self.params.indent and (len(paragraph) > 1 or shift < -self.params.max_indent):
            return True
        is_aligned = abs(shift) <= self.params.indent
        return ends_early or (is_aligned and len(paragraph) == 1 and self._is_first_of_indented(place))

    def _is_numbered_item(self, row: TextRow, above: TextRow, first: TextRow, ends_early: bool) -> bool:
        """Whether a line that begins with a number is an item of a list, and not a sentence that goes on."""
        indent = self.params.indent * row.height
        is_beside_item = abs(row.left - first.left) < indent and starts_with_number(first.text)
        return ends_early or abs(row.left - above.left) > indent or is_beside_item

    def _is_first_of_indented(self, place: int) -> bool:
        """Whether a line is indented against the next one, which follows it."""
        if place + 1 == len(self.rows):
            return False
        row, below = self.rows[place], self.rows[place + 1]
        if not self._is_close(row, below) or below.has_marker or starts_with_number(below.text):
            return False
        return self.params.indent < (row.left - below.left) / row.height <= self.params.max_indent

    def _is_close(self, above: TextRow, row: TextRow) -> bool:
        """Whether a line is as near to the one above it as lines of a paragraph are; large print may be further."""
        enlargement = max(1.0, min(above.height, row.height) / self.height)
        return row.middle - above.middle <= self.params.loose * self.usual_distance * enlargement

    def _ends_early(self, place: int) -> bool:
        """Whether the line above one had room for its first word."""
        above, row = self.rows[place - 1], self.rows[place]
        if is_word_divided(above.text, row.text):
            return False
        near = self.rows[max(0, place - 1 - self.params.neighbours) : place + self.params.neighbours]
        edge = max(other.right for other in near if _is_same_print(other, above, self.params))
        return above.right + self._first_word_width(row) < edge

    def _first_word_width(self, row: TextRow) -> float:
        """Width that the first word of a line would take behind other text; generous, since edges are ragged."""
        word = row.text.split(maxsplit=1)[0] if row.text.strip() else ""
        letters = next((n for n, character in enumerate(word) if is_unspaced(character)), len(word))
        if letters == 0:  # a Chinese character, and punctuation that may not begin a line
            return (1 + self.params.ragged) * row.height
        return letters / len(row.text) * row.width + self.params.ragged * row.height

    def _is_centred_on(self, first: TextRow, above: TextRow, row: TextRow) -> bool:
        """Whether lines of different lengths share their middle, as those of a title do."""
        centres = [line.centre for line in (first, above, row)]
        is_centred = max(centres) - min(centres) < 0.5 * row.height
        return is_centred and abs(above.left - row.left) > self.params.ragged * row.height


def _is_same_print(first: TextRow, second: TextRow, params: ParagraphParams) -> bool:
    """Whether the print of two lines is of about the same size."""
    larger, smaller = (first, second) if first.height >= second.height else (second, first)
    return not larger.size.is_larger_than(smaller.size, params.size_ratio)
