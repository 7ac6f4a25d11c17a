"""Views: images as the CTPN sees them, no larger than their text needs.

A photograph is shown as in the paper, by its short side. A page, ink on an even ground or lines upon lines on any, says
by itself how large it has to be: its small print must keep some pixels, its margins can go. The cost of the network is
that of its pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.geometry import Quad, clip_quad
from ctpn_crnn.refine.skew import is_full_of_lines

MIN_SIDE = 4
"""Images with a side below this many pixels hold no legible text; there is no view of them."""

MAX_ENLARGEMENT = 3.0
"""Small images are enlarged up to this factor; beyond it only blur is added."""

LEAST_SCALE = 0.66
"""A page is not shrunk further on account of its text: narrow gaps between columns would close."""

PAGE_GROUND = 0.8
"""Share of a page's pixels that are ground, within `GROUND_LEVELS` of what is around them."""

GROUND_LEVELS = 16
INK_LEVELS = 40
"""Grey levels from the ground around it from which a pixel is ink."""

PAGE_WRITING = 150.0
"""Least length of all that is written on a page, in heights of its small print."""

SMALL_PRINT = 0.1
"""The height of small print: so much of the page's words, by their widths, is not higher."""

BLANK_LEVELS = 6
"""Grey levels from the ground within which margins are blank, seen at a quarter of the size, which averages grain."""

MAX_INKED = 0.4
"""An image with more that is not blank has no margins to look for."""

MARGIN = 2 * STRIDE
"""Blank pixels left around what is on a page: the network learnt that ground surrounds text."""


@dataclass(frozen=True, eq=False)
class View:
    """An image as the network sees it.

    Attributes:
        pixels: uint8 (H, W, 3) RGB, both sides multiples of 16.
        size: (height, width) of it without padding.
        grey: uint8, the whole source image.
        page: Whether that is a page, see `is_page`.
        scales: (x, y) from source to view.
        corner: (x, y) in the source of the view's top left.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    grey: np.ndarray
    page: bool
    scales: tuple[float, float]
    corner: tuple[int, int] = (0, 0)

    def to_source(self, quad: Quad) -> Quad:
        """A quad of the view in pixels of the source, inside of it."""
        points = quad / np.array(self.scales, np.float32) + np.array(self.corner, np.float32)
        return clip_quad(points, self.grey.shape)


def view_of(
    image: np.ndarray, short_side: int, max_side: int, small_print: float | None, enlargement: float = 1.0
) -> View | None:
    """Return what the network is to see of an image.

    Args:
        image: (H, W, 3) BGR uint8.
        short_side: Least short side in pixels; a smaller image is enlarged, at most threefold.
        max_side: Largest long side in pixels.
        small_print: Height in pixels to which the ink of a page's small print may be shrunk, if the page need not be
            enlarged; None: pages are shown as photographs are, margins and all.
        enlargement: Factor up to which a page is enlarged until its small print is that high.

    Returns:
        The view; None where there is nothing to see.
    """
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE or (image == image[0, 0]).all():
        return None
    scale = min(max(1.0, short_side / min(height, width)), MAX_ENLARGEMENT, max_side / max(height, width))
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    away = _away_from_ground(grey)
    page = _is_page(grey, away)
    x1, y1, x2, y2 = 0, 0, width, height
    if small_print is not None:
        found = _print_height(away) if page and (scale <= 1 or enlargement > 1) else None
        if found is not None:
            most = min(max(scale, enlargement), max_side / max(height, width))
            scale = min(most, max(LEAST_SCALE, small_print / found))
        x1, y1, x2, y2 = content_box(grey, round(MARGIN / scale))
    size = max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale))
    image = image[y1:y2, x1:x2]
    if size != (x2 - x1, y2 - y1):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    scales = size[0] / (x2 - x1), size[1] / (y2 - y1)
    right, bottom = -size[0] % STRIDE, -size[1] % STRIDE
    padded = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=cv2.mean(image)[:3])
    return View(cv2.cvtColor(padded, cv2.COLOR_BGR2RGB), size[::-1], grey, page, scales, (x1, y1))


def is_page(grey: np.ndarray) -> bool:
    """Whether an image is ink on an even ground, as paper and screens are and photographs are not, or full of lines:
    a noisy scan, a page in a shadow or with pictures.

    Args:
        grey: uint8 (H, W).
    """
    return _is_page(grey, _away_from_ground(grey))


def print_height(grey: np.ndarray) -> float | None:
    """Height in pixels of the ink of a page's small print; None for what is no page.

    Args:
        grey: uint8 (H, W).
    """
    away = _away_from_ground(grey)
    return _print_height(away) if _is_page(grey, away) else None


def _is_page(grey: np.ndarray, away: np.ndarray) -> bool:
    ground = int(np.count_nonzero(away < GROUND_LEVELS))
    return ground >= PAGE_GROUND * away.size or is_full_of_lines(grey)


def _print_height(away: np.ndarray) -> float | None:
    ink = (away > INK_LEVELS).astype(np.uint8)
    ink = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, 7), np.uint8))  # letters to words
    _, _, boxes, _ = cv2.connectedComponentsWithStats(ink)
    widths, heights, areas = boxes[1:, 2], boxes[1:, 3], boxes[1:, 4]
    # Neither dust nor pictures, frames and rules.
    words = (heights >= 6) & (heights <= 120) & (widths >= 1.2 * heights) & (areas > 0.2 * widths * heights)
    if not words.any():
        return None
    widths, heights = widths[words], heights[words]
    by_height = np.argsort(heights)
    so_far = np.cumsum(widths[by_height])
    found = float(heights[by_height[np.searchsorted(so_far, SMALL_PRINT * so_far[-1])]])
    return found if so_far[-1] >= PAGE_WRITING * found else None


def _away_from_ground(grey: np.ndarray) -> np.ndarray:
    """Grey levels (H, W) uint8 between each pixel and the ground around it."""
    # The median of every eighth pixel around follows shadows but no letters, which cover less than half of their lines.
    small = np.ascontiguousarray(grey[::8, ::8])
    ground = cv2.resize(cv2.medianBlur(small, 15), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.absdiff(grey, ground)


def content_box(grey: np.ndarray, margin: int) -> tuple[int, int, int, int]:
    """Box x1, y1, x2, y2 of what is on an even ground, with `margin` pixels around it; of the whole image where the
    ground is not even, or blank altogether.

    Args:
        grey: uint8 (H, W).
        margin: In pixels.
    """
    height, width = grey.shape
    small = cv2.resize(grey, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    something = cv2.absdiff(small, np.full_like(small, np.median(small))) > BLANK_LEVELS
    if not something.any() or np.count_nonzero(something) > MAX_INKED * something.size:
        return 0, 0, width, height
    columns, rows = np.flatnonzero(something.any(axis=0)), np.flatnonzero(something.any(axis=1))
    across, down = width / small.shape[1], height / small.shape[0]
    return (
        max(0, int(columns[0] * across) - margin),
        max(0, int(rows[0] * down) - margin),
        min(width, int(np.ceil((columns[-1] + 1) * across)) + margin),
        min(height, int(np.ceil((rows[-1] + 1) * down)) + margin),
    )


def groups_of(views: Sequence[View | None], most_pixels: int) -> Iterator[list[int]]:
    """Yield indices of views of one padded size, as many at once as are within `most_pixels` (or one)."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for i, view in enumerate(views):
        if view is not None:
            by_size.setdefault(view.pixels.shape[:2], []).append(i)
    for (height, width), members in by_size.items():
        most = max(1, most_pixels // (height * width))
        for start in range(0, len(members), most):
            yield members[start : start + most]
