"""What a page is made of: paragraphs, headings, tables, headers and footers, from its lines alone.

    from ctpn_crnn.layout import lay_out
    for block in lay_out(page):
        print(block.kind, block.text)

Pure geometry and text: no image and no network.
"""

from __future__ import annotations

from ctpn_crnn.layout.blocks import KINDS, Block, Cell
from ctpn_crnn.layout.joining import join_lines
from ctpn_crnn.layout.page_layout import lay_out

__all__ = ["KINDS", "Block", "Cell", "join_lines", "lay_out"]
