"""Several lines that lie on each other become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ctpn_crnn.geometry import Quad, intersection_area, quad_area, quad_axes
from ctpn_crnn.page import Region


@dataclass(frozen=True)
class DuplicateParams:
    """When two lines are one.

    Chosen on: 16 rendered pages.

    Attributes:
        same_line: Two lines are one if more than this share of the smaller one lies in the other.
    """

    same_line: float = 0.5


DEFAULTS = DuplicateParams()


def are_one(a: Quad, b: Quad, params: DuplicateParams = DEFAULTS) -> bool:
    """Return whether most of the smaller of two quads lies on the other one."""
    if (a.min(axis=0) >= b.max(axis=0)).any() or (b.min(axis=0) >= a.max(axis=0)).any():
        return False
    return intersection_area(a, b) > params.same_line * min(quad_area(a), quad_area(b))


def merge_duplicates(regions: Sequence[Region], params: DuplicateParams = DEFAULTS) -> list[Region]:
    """Make one of lines that mostly lie in one another.

    Args:
        regions: The stronger of two lines comes first.
        params: Thresholds.

    Returns:
        The stronger lines, each lengthened by the weaker ones on it.
    """
    kept: list[Region] = []
    boxes = np.empty((len(regions), 4), np.float32)  # of those in `kept`
    for region in regions:
        low, high = region.quad.min(axis=0), region.quad.max(axis=0)
        filled = boxes[: len(kept)]
        near = np.flatnonzero(((filled[:, :2] < high) & (filled[:, 2:] > low)).all(axis=1))
        place = next((i for i in near if are_one(region.quad, kept[i].quad, params)), len(kept))
        if place == len(kept):
            kept.append(region)
        else:
            kept[place] = replace(kept[place], quad=_as_long_as_both(kept[place].quad, region.quad))
        quad = kept[place].quad
        boxes[place] = *quad.min(axis=0), *quad.max(axis=0)
    return kept


def drop_covered(
    regions: Sequence[Region], others: Sequence[Region], params: DuplicateParams = DEFAULTS
) -> list[Region]:
    """Return the regions of which no more than the share `DuplicateParams.same_line` lies in the other ones."""
    if not others:
        return list(regions)
    corners = np.stack([r.quad for r in others])
    low, high = corners.min(axis=1), corners.max(axis=1)

    def is_covered(region: Region) -> bool:
        near = ((region.quad.min(axis=0) < high) & (region.quad.max(axis=0) > low)).all(axis=1)
        common = sum(intersection_area(region.quad, others[i].quad) for i in np.flatnonzero(near))
        return common > params.same_line * quad_area(region.quad)

    return [r for r in regions if not is_covered(r)]


def _as_long_as_both(line: Quad, other: Quad) -> Quad:
    """Return a line lengthened by another one that lies on it, of which it lacks one end."""
    middle, along, _ = quad_axes(line)
    reach = (other - middle) @ along
    left, right = (line[[0, 3]] - middle) @ along, (line[[1, 2]] - middle) @ along
    before, behind = left.mean() - reach.min(), reach.max() - right.mean()
    if (before > 0) == (behind > 0):  # One of the two holds the other: the stronger one knows best.
        return line
    longer = line.copy()
    longer[[0, 3]] -= np.outer(np.maximum(0, left - reach.min()), along)
    longer[[1, 2]] += np.outer(np.maximum(0, reach.max() - right), along)
    return longer
