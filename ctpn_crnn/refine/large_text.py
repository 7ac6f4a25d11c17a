"""Lines of large characters, found in coarse views of an image, among the lines of the view itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ctpn_crnn.geometry import quad_area, quad_size
from ctpn_crnn.page import Region
from ctpn_crnn.refine.duplicates import are_one


@dataclass(frozen=True)
class LargeTextParams:
    """Which lines of a coarse view are taken.

    Chosen on: twelve drawn pictures of one to four large characters.

    Attributes:
        min_height: Least height of a line in its coarse view, in strides of the network: smaller text is found in the
            view itself.
        max_text: Largest share of a large line that lines of less than half its height may cover: more is a block of
            small text.
    """

    min_height: float = 3.0
    max_text: float = 0.3


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
    kept: list[Region] = list(regions)
    taken: list[Region] = []
    for line in large:
        height, area = quad_size(line.quad)[1], quad_area(line.quad)
        if any(are_one(line.quad, other.quad) for other in taken):
            continue
        is_on_it = [are_one(line.quad, other.quad) for other in kept]
        small = [r for r, on_it in zip(kept, is_on_it) if on_it and quad_size(r.quad)[1] < height / 2]
        if sum(quad_area(other.quad) for other in small) > params.max_text * area:
            continue
        taken.append(line)
        kept = [region for region, on_it in zip(kept, is_on_it) if not on_it]
    return sorted(kept + taken, key=lambda region: region.kind != "text")
