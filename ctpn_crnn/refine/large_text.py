"""Lines of large characters, found in coarse views of an image, among the lines of the view itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ctpn_crnn.geometry import intersection_area, quad_area, quad_size
from ctpn_crnn.page import Region


@dataclass(frozen=True)
class LargeTextParams:
    """Which lines of a coarse view are taken.

    Chosen on: twelve drawn pictures of one to four large characters.

    Attributes:
        min_height: Least height of a line in its coarse view, in strides of the network: smaller text is found in the
            view itself.
        max_text: Largest share of a large line that lines of less than half its height may cover: more is a block of
            small text.
        same: Share of the smaller of two lines from which they are one.
    """

    min_height: float = 3.0
    max_text: float = 0.3
    same: float = 0.5


DEFAULTS = LargeTextParams()


def with_large_lines(
    regions: Sequence[Region], large: Sequence[Region], params: LargeTextParams = DEFAULTS
) -> list[Region]:
    """Add large lines; what was found on them in the view itself are pieces of their characters, and goes.

    Args:
        regions: Found in the view itself.
        large: Lines of coarse views high enough for these, those of the coarsest view first.
        params: Thresholds.
    """
    kept, taken = list(regions), []
    for line in large:
        height, area = quad_size(line.quad)[1], quad_area(line.quad)
        if any(_shared(line, other) > params.same for other in taken):
            continue
        on_it = [other for other in kept if _shared(line, other) > params.same]
        small = [other for other in on_it if quad_size(other.quad)[1] < height / 2]
        if sum(quad_area(other.quad) for other in small) > params.max_text * area:
            continue
        taken.append(line)
        kept = [other for other in kept if not any(other is gone for gone in on_it)]
    return kept[: _texts(kept)] + taken + kept[_texts(kept) :]


def _texts(regions: Sequence[Region]) -> int:
    """Return how many regions at the front are text."""
    return next((i for i, region in enumerate(regions) if region.kind != "text"), len(regions))


def _shared(a: Region, b: Region) -> float:
    """Return the share of the smaller of two regions that lies on the other one."""
    return intersection_area(a.quad, b.quad) / max(min(quad_area(a.quad), quad_area(b.quad)), 1e-6)
