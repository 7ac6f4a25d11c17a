"""Rules that ink fitting must not take for text: slanted, dashed and framed ones, as forms and receipts have them.

A level, unbroken rule is found within a line's own strip (`ink`). One that leans, or is made of dashes, is seen only as
a whole: it is long and, over its whole length, thin.
"""

from __future__ import annotations

import cv2
import numpy as np

GROUND_WINDOW = 3.0
"""Side of the window whose mean is the ground, in line heights."""

MIN_CONTRAST = 24
"""Grey levels between ink and the mean around it."""

DASH_GAP = 0.35
"""Dashes of one rule are not further apart, in line heights."""

MIN_LENGTH = 5.0
"""Least length of a rule in line heights: longer than a wide letter or a dash."""

MAX_THICKNESS = 0.2
"""Greatest mean thickness of a rule in line heights; a word with its gaps closed is twice as thick."""

UPRIGHT = 2.5
"""Ink that runs on for so many line heights across the lines is the side of a frame."""

MAX_SLOPE = 0.12
"""A rule rises by no more than this share of its length, about 7 degrees."""


def without_rules(grey: np.ndarray, height: float) -> np.ndarray:
    """Paint long thin marks in the grey of what is around them.

    Args:
        grey: uint8 (H, W).
        height: Of a typical line of text, in pixels.

    Returns:
        uint8 (H, W); `grey` itself where there are no rules.
    """
    window = max(3, int(GROUND_WINDOW * height)) | 1
    ground = cv2.blur(grey, (window, window))
    dark = (
        float(np.median(grey[:: max(1, window // 4), :: max(1, window // 4)])) > 127
    )  # ink on paper, or light on dark
    away = cv2.subtract(ground, grey) if dark else cv2.subtract(grey, ground)
    ink = (away > MIN_CONTRAST).astype(np.uint8)
    # The sides of a frame are taken out, so that its top and bottom are marks by themselves.
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((max(8, int(UPRIGHT * height)), 1), np.uint8))
    ink[cv2.dilate(upright, np.ones((3, 3), np.uint8)) > 0] = 0
    gap = max(2, int(DASH_GAP * height))
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    widths, heights, areas = (boxes[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    thickness = np.maximum(2.0, MAX_THICKNESS * height)
    is_rule = (
        (widths >= MIN_LENGTH * height) & (areas <= thickness * widths) & (heights <= thickness + MAX_SLOPE * widths)
    )
    is_rule[0] = False  # the ground
    if not is_rule.any():
        return grey
    mask = cv2.dilate(is_rule[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(mask > 0, cv2.medianBlur(ground, 3), grey)
