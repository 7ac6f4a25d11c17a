"""Ruled lines that ink fitting must not take for text: slanted, dashed and framed ones, as on forms and receipts.

A level, unbroken rule is found within the strip of a line of text (`ink.strip`). One that leans, or is made of dashes,
is seen only as a whole: it is long and, over its whole length, thin.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class RuledLineParams:
    """Which marks are ruled lines. All lengths are in heights of a typical line of text.

    Chosen on: 16 rendered pages, while 8 pages each of fin_reports_dev and sroie_dev were looked at.

    Attributes:
        ground_window: Side of the window whose mean is the ground.
        min_contrast: Grey levels between ink and the mean around it.
        dash_gap: Widest gap between the dashes of one rule.
        min_length: Least length of a rule: longer than a wide letter or a dash.
        max_thickness: Greatest mean thickness of a rule; a word with its gaps closed is twice as thick.
        frame_side: Ink that runs on for so long across the lines is the side of a frame.
        max_slope: A rule rises by no more than this share of its length, about 7 degrees.
    """

    ground_window: float = 3.0
    min_contrast: int = 24
    dash_gap: float = 0.35
    min_length: float = 5.0
    max_thickness: float = 0.2
    frame_side: float = 2.5
    max_slope: float = 0.12


DEFAULTS = RuledLineParams()


def erase_ruled_lines(grey: np.ndarray, height: float, params: RuledLineParams = DEFAULTS) -> np.ndarray:
    """Paint ruled lines in the grey of what is around them.

    Args:
        grey: uint8 (H, W).
        height: Of a typical line of text, in pixels.
        params: Thresholds.

    Returns:
        uint8 (H, W); `grey` itself where there are no rules.
    """
    window = max(3, int(params.ground_window * height)) | 1
    ground = cv2.blur(grey, (window, window))
    step = max(1, window // 4)
    is_dark_on_light = float(np.median(grey[::step, ::step])) > 127
    away = cv2.subtract(ground, grey) if is_dark_on_light else cv2.subtract(grey, ground)
    ink = (away > params.min_contrast).astype(np.uint8)
    # The sides of a frame are taken out, so that its top and bottom are marks by themselves.
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((max(8, int(params.frame_side * height)), 1), np.uint8))
    ink[cv2.dilate(upright, np.ones((3, 3), np.uint8)) > 0] = 0
    gap = max(2, int(params.dash_gap * height))
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    widths, heights, areas = (boxes[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    thickness = np.maximum(2.0, params.max_thickness * height)
    is_rule = (widths >= params.min_length * height) & (areas <= thickness * widths)
    is_rule &= heights <= thickness + params.max_slope * widths
    is_rule[0] = False  # the ground
    if not is_rule.any():
        return grey
    mask = cv2.dilate(is_rule[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(mask > 0, cv2.medianBlur(ground, 3), grey)
