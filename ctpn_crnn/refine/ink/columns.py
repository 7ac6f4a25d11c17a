"""Left and right ends of a line: runs of ink up to a wide gap or an upright rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctpn_crnn.refine.ink.strip import InkStrip


def spans_of_line(
    ink: np.ndarray, barred: np.ndarray, rows: tuple[float, float], strip: InkStrip, sure_text: np.ndarray
) -> tuple[list[tuple[float, float]], bool]:
    """Return the spans of columns, with a margin, of the ink that a line's box touches.

    Args:
        ink: bool (H, W), of the strip.
        barred: bool (W,), columns that hold an upright rule.
        rows: Top and bottom of the line's ink.
        strip: The line.
        sure_text: Boxes (S, 4) in pixels of the image that CTPN is sure hold text.

    Returns:
        The spans, and whether one of them goes on to the edge of the strip.
    """
    top, bottom = int(rows[0]), int(rows[1])
    height = rows[1] - rows[0]
    inked = ink[top:bottom].any(axis=0)
    # Words and the marks of a wide-spaced line stand further apart than the columns of some tables: CTPN tells them.
    text = strip.columns_of(sure_text, rows)
    spans = join_runs(runs(inked), barred, strip.params.gap * height, text)
    margin = strip.params.margin * height
    width = ink.shape[1]
    kept = [span for span in spans if _is_covered(span, strip)]
    goes_on = any(left <= 1 or right >= width - 1 for left, right in kept)
    return [(max(0.0, left - margin), min(float(width), right + margin)) for left, right in kept], goes_on


def join_runs(
    columns: Sequence[tuple[int, int]], barred: np.ndarray, gap: float, text: np.ndarray | None = None
) -> list[tuple[int, int]]:
    """Join runs of columns to spans, but never over an upright rule.

    Args:
        columns: Pairs of start and end, from the left.
        barred: bool (W,), columns that hold an upright rule.
        gap: Widest gap in pixels.
        text: bool (W,), columns that hold text for sure: a gap of nothing else may be of any width.
    """
    spans: list[tuple[int, int]] = []
    for left, right in columns:
        last = spans[-1][1] if spans else left
        may_join = spans and (left - last <= gap or (text is not None and text[last:left].all()))
        if may_join and not barred[last : left + 1].any():
            spans[-1] = spans[-1][0], right
        else:
            spans.append((left, right))
    return spans


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Return the runs of True of a mask (N,) as pairs of start and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist()))


def _is_covered(span: Sequence[float], strip: InkStrip) -> bool:
    """Return whether a span is the line's, not a neighbour that its box only brushes."""
    common = min(span[1], strip.right) - max(span[0], strip.left)
    params = strip.params
    return common >= min(params.covered_share * (span[1] - span[0]), params.covered_heights * strip.height)
