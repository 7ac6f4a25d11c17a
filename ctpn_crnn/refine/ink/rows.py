"""Top and bottom of a line: the row of ink that its box covers most of."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.refine.ink.columns import runs
from ctpn_crnn.refine.ink.strip import InkStrip


def row_of_ink(ink: np.ndarray, strip: InkStrip) -> tuple[float, float] | None:
    """Return top and bottom of the row of ink that a line's box covers most of; None where there is no such row.

    Args:
        ink: bool (H, W), of the strip.
        strip: The line.
    """
    rows, columns = strip.box()
    profile = ink[:, columns].sum(axis=1)
    inside = profile[rows]
    if not inside.any():
        return None
    # Descenders and accents of a neighbour are few pixels; so are the blank rows of a noisy scan.
    bands = runs(profile > max(0, strip.params.sparse_row * np.percentile(inside[inside > 0], 90)))
    bands = _joined(bands, strip)
    share = [
        profile[max(a, rows.start) : min(b, rows.stop)].sum() if a < rows.stop and b > rows.start else 0
        for a, b in bands
    ]
    best = int(np.argmax(share))
    if not share[best]:
        return None
    top, bottom = bands[best]
    most = int(strip.params.max_tail * (bottom - top))
    above, below = profile[max(0, top - most) : top][::-1], profile[bottom:][:most]
    return float(top - _tail_rows(above)), float(bottom + _tail_rows(below))


def fitted_edges(rows: tuple[float, float], strip: InkStrip) -> tuple[float, float]:
    """Return top and bottom of the fitted line: its rows of ink with a margin, or the found ones for a dash or dots."""
    top, bottom = rows
    if bottom - top < strip.params.flat * strip.height:  # its rows say little about where the line is
        if top >= strip.top and bottom <= strip.bottom:
            return strip.top, strip.bottom
        middle = (top + bottom) / 2
        return middle - strip.height / 2, middle + strip.height / 2
    margin = strip.params.margin * strip.height
    return top - margin, bottom + margin


def _tail_rows(profile: np.ndarray) -> int:
    """Return how many rows next to a line hold its accents or descenders.

    These end at the first blank row, or at the row where they come nearest to those of the neighbouring line.

    Args:
        profile: (N,) pixels of ink in each row, from the line outwards.
    """
    blank = np.flatnonzero(profile == 0)
    return int(blank[0]) if len(blank) else int(np.argmin(profile)) if len(profile) else 0


def _joined(bands: list[tuple[int, int]], strip: InkStrip) -> list[tuple[int, int]]:
    """Join rows of ink that make up one line, such as the strokes of a numeral or the dot of an i."""
    height, params = strip.height, strip.params
    low, high = strip.top - params.close_outside * height, strip.bottom + params.close_outside * height
    joined = bands[:1]
    for top, bottom in bands[1:]:
        last_top, last_bottom = joined[-1]
        near = bottom - last_top <= params.close_height * height and top - last_bottom <= params.close_gap * height
        if near and last_top > low and bottom < high:
            joined[-1] = last_top, bottom
        else:
            joined.append((top, bottom))
    return joined
