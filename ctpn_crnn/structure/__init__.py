"""The structure of a page: its paragraphs, headings, tables, headers and footers.

    from ctpn_crnn.structure import lay_out
    for block in lay_out(page):
        print(block.kind, block.text)

It works on the places and texts of the lines alone, without the image and without a network.
"""

from __future__ import annotations

from ctpn_crnn.structure.blocks import KINDS, Block, Cell
from ctpn_crnn.structure.joining import join_lines
from ctpn_crnn.structure.page_layout import lay_out
from ctpn_crnn.structure.params import StructureParams

__all__ = ["KINDS", "Block", "Cell", "StructureParams", "join_lines", "lay_out"]
