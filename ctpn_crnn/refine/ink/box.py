"""An upright box, such as a formula's, drawn in to the ink that it holds."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.geometry import Quad, quad_size
from ctpn_crnn.refine.ink.columns import runs
from ctpn_crnn.refine.ink.params import DEFAULTS, InkParams
from ctpn_crnn.refine.ink.strip import InkStrip


def trim_to_ink(grey: np.ndarray, box: Quad, params: InkParams = DEFAULTS) -> Quad:
    """Draw an upright box in to the ink that it holds.

    Args:
        grey: uint8 (H, W).
        box: float32 (4, 2).
        params: Thresholds.

    Returns:
        The box around the ink, without what reaches in from the rows above and below; the box itself where ink and
        ground cannot be told apart.
    """
    if min(quad_size(box)) < params.min_height:
        return box
    strip = InkStrip.cut(grey, box, 0.0, 0.0, params)
    seen = strip.ink()
    if seen is None:
        return box
    rows, columns = strip.box()
    ink = seen[0][rows, columns]
    if not ink.any():
        return box
    bands = runs(ink.any(axis=1))
    if len(bands) > 1 and bands[0][0] == 0 and bands[0][1] < params.neighbour * len(ink):
        bands.pop(0)
    if len(bands) > 1 and bands[-1][1] == len(ink) and len(ink) - bands[-1][0] < params.neighbour * len(ink):
        bands.pop()
    top, bottom = bands[0][0], bands[-1][1]
    inked = np.flatnonzero(ink[top:bottom].any(axis=0))
    margin = params.margin * (bottom - top)
    left, upper = columns.start, rows.start
    return strip.to_image(
        left + inked[0] - margin, left + inked[-1] + 1 + margin, upper + top - margin, upper + bottom + margin
    )
