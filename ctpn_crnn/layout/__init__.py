"""Layout: the reading order of a page's lines, and its paragraphs, headings, tables, headers and footers.

    from ctpn_crnn.layout import lay_out
    for block in lay_out(page):
        print(block.kind, block.text)

It works on the places and texts of the lines alone, without the image and without a network.
"""

from __future__ import annotations

from ctpn_crnn.layout.blocks import KINDS, Block, Cell
from ctpn_crnn.layout.joining import join_lines
from ctpn_crnn.layout.page_layout import lay_out
from ctpn_crnn.layout.params import LayoutParams

__all__ = ["KINDS", "Block", "Cell", "LayoutParams", "join_lines", "lay_out"]
