"""Which way up a page is: the reader tells, since text upside down or on its side reads badly.

A few lines are read before the others. Where they read well, as on nearly all pages, the page stands upright. Otherwise
they are read turned by half; and where the print stands out in columns rather than in rows the page is looked at turned
by a quarter. What reads clearly better is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.geometry import Rotation, quad_size
from ctpn_crnn.page import Region, TextLine
from ctpn_crnn.refine.skew import lies_on_its_side

Find = Callable[[np.ndarray], list[Region]]
"""uint8 BGR (H, W, 3) -> regions in its pixels."""

Read = Callable[[np.ndarray, Sequence[Region]], list[TextLine]]
"""The same image and regions -> a line for each."""

WELL_READ = 0.85
"""Characters so probable on average stand upright: of 32 pages and receipts all have more, upside down none, on their
side 12 of them less than .54."""

READABLE = 0.65
"""Characters less probable tell nothing of how they stand."""

CLEARLY_BETTER = 0.1
"""How much more probable the characters of another orientation have to be. Upside down all of those gain .14 or more,
of 100 photographs with badly read signs none but those that are upside down."""

FEW_LINES, THEIR_LENGTH = 12, 12.0
"""How many lines are read first: those whose length, in heights, is nearest to this. Short ones read upside down too,
long ones take longer."""


@dataclass(frozen=True, eq=False)
class _Way:
    """An image turned one way, and what its few lines say."""

    turn: Rotation
    image: np.ndarray
    regions: list[Region]
    few: list[Region]
    lines: list[TextLine]

    @property
    def legibility(self) -> float:
        """See `legibility`."""
        return legibility(self.lines)

    def all_lines(self, read: Read) -> list[TextLine]:
        """Those of all regions, in their order; the few lines are not read again."""
        lines = {id(region): line for region, line in zip(self.few, self.lines)}
        rest = [region for region in self.regions if id(region) not in lines]
        lines |= {id(region): line for region, line in zip(rest, read(self.image, rest))}
        return [lines[id(region)] for region in self.regions]


def read_upright(image: np.ndarray, find: Find, read: Read) -> tuple[list[TextLine], Rotation]:
    """Read a page the way up in which it reads best.

    Args:
        image: uint8 (H, W, 3).
        find: Finds the regions of an image.
        read: Reads them.

    Returns:
        The lines, and the turn of the image, by a multiple of 90 degrees, in whose pixels they are.
    """

    def way(degrees: int) -> _Way:
        turn = Rotation(degrees, image.shape[1], image.shape[0])
        turned = turn.apply(image)
        regions = find(turned)
        text = [region for region in regions if region.kind == "text"]
        few = sorted(text, key=lambda region: abs(_length(region.quad) - THEIR_LENGTH))[:FEW_LINES]
        return _Way(turn, turned, regions, few, read(turned, few))

    def upside_down(one: _Way) -> float:
        return legibility(
            read(one.image, [Region(region.quad[[2, 3, 0, 1]], region.score, region.kind) for region in one.few])
        )

    def way_or_reverse(degrees: int) -> _Way:
        one = way(degrees)
        reverse = one.legibility < WELL_READ and _is_clearly_better(upside_down(one), one.legibility)
        return way(degrees + 180) if reverse else one

    best = way_or_reverse(0)
    if best.legibility < READABLE and lies_on_its_side(image):
        aside = way_or_reverse(90)
        if _is_clearly_better(aside.legibility, best.legibility):
            best = aside
    return best.all_lines(read), best.turn


def _is_clearly_better(legible: float, than: float) -> bool:
    return legible >= max(READABLE, than + CLEARLY_BETTER)


def legibility(lines: Sequence[TextLine]) -> float:
    """How probable the characters of lines are on average, long lines counting more; 0 without lines."""
    weights = [_length(line.quad) for line in lines]
    return float(np.average([line.character_confidence for line in lines], weights=weights)) if lines else 0.0


def _length(quad: np.ndarray) -> float:
    """Of a line, in its heights: about the number of its hanzi."""
    width, height = quad_size(quad)
    return max(width, 1.0) / max(height, 1.0)
