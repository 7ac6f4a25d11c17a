"""What kind of image it is: whether a page or a photograph, how high its print is, where its content lies."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.refine.skew import is_full_of_lines


@dataclass(frozen=True)
class PaperParams:
    """What a page looks like.

    Chosen on: rendered pages and photographs, while the pages of fin_reports_dev, sroie_dev and 100 pictures of the
    training part of MSRA-TD500 were looked at.

    Attributes:
        ground_levels: Grey levels from the ground around it within which a pixel is ground itself.
        ground_share: Share of the pixels that are ground from which an image is a page.
        ink_levels: Grey levels from the ground around it from which a pixel is ink.
        word_gap: Widest gap in pixels between letters of one word.
        word_heights: Least and largest height of a word, in pixels: neither dust nor pictures.
        word_shape: Least width of a word, in its heights.
        word_ink: Least share of ink in a word's box: frames have less.
        small_print: Share of the words, by their widths, that are no higher than the small print.
        blank_levels: Grey levels from the ground within which margins are blank, at a quarter of the size, which
            averages grain.
    """

    ground_levels: int = 16
    ground_share: float = 0.8
    ink_levels: int = 40
    word_gap: int = 7
    word_heights: tuple[int, int] = (6, 120)
    word_shape: float = 1.2
    word_ink: float = 0.2
    small_print: float = 0.1
    blank_levels: int = 6


DEFAULTS = PaperParams()


class Paper:
    """Measures of one image.

    Args:
        grey: uint8 (H, W).
        params: Thresholds.
    """

    def __init__(self, grey: np.ndarray, params: PaperParams = DEFAULTS) -> None:
        self._grey = grey
        self._params = params
        self._away = _away_from_ground(grey)
        ground = int(np.count_nonzero(self._away < params.ground_levels))
        self.is_page = ground >= params.ground_share * grey.size or is_full_of_lines(grey)
        """Whether the image is ink on an even ground, as paper and screens are and photographs are not, or full of
        lines: a noisy scan, a page in a shadow or with pictures."""

    def print_height(self) -> float | None:
        """Return the height in pixels of the ink of a page's small print; None for what is no page or has no
        words."""
        if not self.is_page:
            return None
        params = self._params
        ink = (self._away > params.ink_levels).astype(np.uint8)
        ink = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, params.word_gap), np.uint8))  # letters to words
        _, _, boxes, _ = cv2.connectedComponentsWithStats(ink)
        widths, heights, areas = boxes[1:, 2], boxes[1:, 3], boxes[1:, 4]
        low, high = params.word_heights
        words = (heights >= low) & (heights <= high)
        words &= (widths >= params.word_shape * heights) & (areas > params.word_ink * widths * heights)
        if not words.any():
            return None
        widths, heights = widths[words], heights[words]
        by_height = np.argsort(heights)
        length = np.cumsum(widths[by_height])
        return float(heights[by_height[np.searchsorted(length, params.small_print * length[-1])]])

    def content_box(self, margin: int) -> tuple[int, int, int, int]:
        """Return the box x1, y1, x2, y2 of what is on an even ground, with `margin` pixels around it.

        It is the whole image where that is blank altogether.
        """
        height, width = self._grey.shape
        small = cv2.resize(self._grey, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
        content = cv2.absdiff(small, np.full_like(small, np.median(small))) > self._params.blank_levels
        if not content.any():
            return 0, 0, width, height
        columns, rows = np.flatnonzero(content.any(axis=0)), np.flatnonzero(content.any(axis=1))
        across, down = width / small.shape[1], height / small.shape[0]
        return (
            max(0, int(columns[0] * across) - margin),
            max(0, int(rows[0] * down) - margin),
            min(width, int(np.ceil((columns[-1] + 1) * across)) + margin),
            min(height, int(np.ceil((rows[-1] + 1) * down)) + margin),
        )


def _away_from_ground(grey: np.ndarray) -> np.ndarray:
    """Return the grey levels (H, W) uint8 between each pixel and the ground around it."""
    # The median of every eighth pixel around follows shadows but no letters, which cover less than half of their lines.
    small = np.ascontiguousarray(grey[::8, ::8])
    ground = cv2.resize(cv2.medianBlur(small, 15), grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.absdiff(grey, ground)
