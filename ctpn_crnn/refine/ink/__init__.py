"""Fit found lines to their ink.

CTPN's strips are 16 px wide and its rows of anchors 16 px apart: where small print is packed tightly, as in the cells
of a table, a line may be placed half a line too high, end within its last letter, or run on into the next column. On
paper and on screens the ink itself says where a line is. Text over a photograph, where ground and ink cannot be told
apart so simply, stays as CTPN found it.

This is no part of the paper; `Detector(fit_ink=False)` leaves it out.

    params.py       InkParams: every tuned number of this room
    strip.py        InkStrip: a line cut out level with what is around it, and which of its pixels are ink
    rows.py         top and bottom of a line: the row of ink that its box covers most of
    columns.py      left and right ends of a line: runs of ink up to a wide gap or an upright rule
    fitting.py      fit_to_ink: lines -> lines on their ink
    row_pieces.py   rest_of_rows: ink that stands in one row with fitted lines, such as short cells
    box.py          trim_to_ink: the box of a formula drawn in to its ink
"""

from __future__ import annotations

from ctpn_crnn.refine.ink.box import trim_to_ink
from ctpn_crnn.refine.ink.fitting import NO_STRIPS, fit_to_ink
from ctpn_crnn.refine.ink.params import DEFAULTS, InkParams
from ctpn_crnn.refine.ink.row_pieces import rest_of_rows

__all__ = ["DEFAULTS", "NO_STRIPS", "InkParams", "fit_to_ink", "rest_of_rows", "trim_to_ink"]
