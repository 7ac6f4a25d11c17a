"""Set an image upright before its lines are looked for: the one place where the turn of a page is decided.

A page may lean by some degrees, lie on its side, or stand upside down. The lean is measured on the pixels. Which side
is up cannot be: the reader tells, since text that does not stand upright reads badly. A few lines of the image are
read; if they read well, as on nearly all pages, that is all. Otherwise the same lines are read turned by half, and
where the print runs from top to bottom the image is tried turned by a quarter.

The result is one `geometry.Rotation`. Whatever is found in the turned image goes back to the source through it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import cv2
import numpy as np

from ctpn_crnn.geometry import WARP_LIMIT, Rotation
from ctpn_crnn.refine.skew import estimate_skew, lies_on_its_side


@dataclass(frozen=True)
class UprightParams:
    """When an image is turned.

    Attributes:
        max_lean: Degrees; larger leans are not looked for.
        min_page_lean: Degrees from which a page is turned. Steeper lines of dense text run into their neighbours.
            Chosen on: rendered pages.
        min_any_lean: Degrees from which any image is turned when asked to deskew. A line across an A4 page then rises
            by half the width of its strokes.
        well_read: Mean probability of the characters from which the image stands upright for sure, which saves reading
            a few lines upside down. Chosen on: 32 pages and receipts, which all have more upright, and less upside
            down; on their side 12 have less than 0.54.
        clearly_better: By how much the mean probability of another orientation has to be higher. Chosen on: the same
            pages, which gain 0.14 or more, and 100 photographs with badly read signs, of which only those upside down
            gain as much.
        few_lines: How many lines are read to judge an image: those found first, whose strips are most and surest.
    """

    max_lean: float = 30.0
    min_page_lean: float = 2.0
    min_any_lean: float = 0.1
    well_read: float = 0.85
    clearly_better: float = 0.1
    few_lines: int = 12


DEFAULTS = UprightParams()


class Sight(Protocol):
    """What is seen in an image: its lines, of which a few are read when a legibility is asked for."""

    @property
    def legibility(self) -> float:
        """Mean probability of the characters of a few lines, 0..1; 0 without lines."""

    @property
    def legibility_upside_down(self) -> float:
        """Mean probability of the characters of the same lines, each turned by half."""


SightT = TypeVar("SightT", bound=Sight)


def set_upright(
    image: np.ndarray,
    look: Callable[[Rotation], SightT],
    *,
    quarter_turns: bool = True,
    any_lean: bool = False,
    params: UprightParams = DEFAULTS,
) -> tuple[Rotation, SightT]:
    """Find how an image has to be turned so that its text stands upright.

    Args:
        image: uint8 BGR (H, W, 3).
        look: Finds the lines of the image turned so. It is called once for an image that reads well without a quarter
            turn, so that nothing is found or read twice.
        quarter_turns: Whether the image may be upside down or on its side; otherwise only its lean is taken out.
        any_lean: Turn whatever leans by `UprightParams.min_any_lean`; otherwise see `lean_turn`.
        params: Thresholds.

    Returns:
        The turn, and what `look` saw in the turned image.
    """

    def seen(quarters: int) -> tuple[Rotation, SightT]:
        """Look at the image after quarter turns clockwise, its lean taken out."""
        turn = _turn(image, quarters, any_lean, params)
        return turn, look(turn)

    def seen_or_reversed(quarters: int) -> tuple[Rotation, SightT]:
        """Look at the image turned by quarters, and by half more if it is legible only so."""
        turn, sight = seen(quarters)
        legible = sight.legibility
        if legible < params.well_read and _is_clearly_better(sight.legibility_upside_down, legible, params):
            turn = Rotation(turn.degrees + 180, turn.width, turn.height)
            sight = look(turn)
        return turn, sight

    if not quarter_turns:
        return seen(0)
    turn, sight = seen_or_reversed(0)
    if sight.legibility < params.well_read and lies_on_its_side(image):
        other_turn, other = seen_or_reversed(1)
        if _is_clearly_better(other.legibility, sight.legibility, params):
            return other_turn, other
    return turn, sight


def lean_turn(image: np.ndarray, params: UprightParams = DEFAULTS) -> Rotation:
    """Return the turn after which the lines of a leaning image run level; one by 0 degrees where none lean.

    Where lines are set close, the strips of a line that climbs are joined to those of its neighbours: dense text has to
    be level to be told apart. A few signs in a photograph have no common lean that could be measured, and are found as
    they are.

    Args:
        image: uint8 BGR (H, W, 3).
        params: Thresholds.
    """
    return _turn(image, 0, False, params)


def _turn(image: np.ndarray, quarters: int, any_lean: bool, params: UprightParams) -> Rotation:
    """Return the turn by quarters clockwise and by what the lines then lean."""
    height, width = image.shape[:2]
    by_quarters = Rotation(90 * quarters, width, height)
    grey = by_quarters.apply(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    lean = estimate_skew(grey, params.max_lean)
    turn = Rotation(-lean, grey.shape[1], grey.shape[0])
    if abs(lean) < (params.min_any_lean if any_lean else params.min_page_lean) or max(turn.size) > WARP_LIMIT:
        return by_quarters
    return Rotation(90 * quarters - lean, width, height)


def _is_clearly_better(legible: float, than: float, params: UprightParams) -> bool:
    return legible >= than + params.clearly_better
