"""Small angles of a page put down askew: how large, and turning it upright.

The angle is where the projection profile of the ink is sharpest (Postl, "Detection of linear oblique structures and
skew scan in digitized documents", ICPR 1986). Of the ink, only what has the size of characters counts, each blob as its
bottom centre (Baird, "The skew angle of printed documents", 1987) and its top centre: rules, frames, pictures and a
scanner's dark border have no say, and there are a few thousand points instead of a million pixels.
"""

from __future__ import annotations

import cv2
import numpy as np

MAX_SKEW = 10.0
"""Degrees; larger angles are not looked for."""

_WORKING_SIDE = 1400
"""Pixels of the longer side that the estimate works on: print of 8 points on A4 is then 11 high."""

_COARSE_STEP, _FINE_STEP = 0.25, 0.02
"""Degrees between the angles tried; the fine ones around the best of the coarse."""

_COARSE_PITCH, _FINE_PITCH = 2.0, 1.5
"""Pixels of a profile's bin. The fine one is no whole number: tops and bottoms are, and would lock the angle to 0."""

_BLOB_HEIGHT = (3, 60)
"""Pixels at the working size; smaller is dirt, larger is no character."""

_BLOB_WIDTH = 300
"""Likewise; a whole word may hang together."""

_MIN_BLOBS = 20
"""Fewer blobs are a signature or a stain, not lines of text."""

_MIN_CONTRAST = 1.8
"""How far the sharpest profile must stand above the median of all angles: photos without text reach 1.4, receipts begin
at 2.8."""

_SOME_CONTRAST = 1.4
"""Above this there may be lines: those of a page photographed from one side reach 1.75."""

_FULL_BLOBS, _FULL_CONTRAST = 400, 2.4
"""So many blobs whose lines stand out so far are dense text: of photographs on an uneven ground 2 of 720 pass for it,
of rendered pages on one all 11."""


def estimate_skew(image: np.ndarray, max_degrees: float = MAX_SKEW) -> float:
    """By how much the lines of text of a page lean.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        max_degrees: Look for angles up to this one, to either side.

    Returns:
        Degrees, positive when lines run down to the right (clockwise as seen); 0.0 where there is no text, or where its
        lines have no common direction. Turned by minus this angle (`geometry.Rotation`), the page stands upright.
    """
    blobs = _blobs(_working_copy(image))
    best, contrast = _sharpest(blobs, max_degrees)
    if contrast < _MIN_CONTRAST:
        return 0.0
    fine = best + np.arange(-_COARSE_STEP, _COARSE_STEP + _FINE_STEP / 2, _FINE_STEP)
    sharpness = _sharpness(blobs, fine, _FINE_PITCH)
    # The mean of the angles that are nearly the best: the peak is flat, and its top is noise.
    weights = np.clip(sharpness - 0.85 * sharpness.max(), 0, None)
    return float(round(np.dot(fine, weights) / weights.sum(), 3))


def is_full_of_lines(image: np.ndarray) -> bool:
    """Whether an image holds many characters that stand in lines of one direction, as pages of dense text do whatever
    their ground, and photographs do not.

    Args:
        image: uint8 (H, W) or (H, W, 3), leaning by `MAX_SKEW` at most.
    """
    blobs = _blobs(_working_copy(image))
    return len(blobs) >= _FULL_BLOBS and _sharpest(blobs, MAX_SKEW)[1] >= _FULL_CONTRAST


def lies_on_its_side(image: np.ndarray) -> bool:
    """Whether characters seem to stand in lines that run from top to bottom rather than from left to right.

    Args:
        image: uint8 (H, W) or (H, W, 3).
    """
    copy = _working_copy(image)
    level, upright = (_sharpest(_blobs(np.ascontiguousarray(way)), MAX_SKEW)[1] for way in (copy, copy.T))
    return upright >= _SOME_CONTRAST and upright > level


def _working_copy(image: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    scale = _WORKING_SIDE / max(grey.shape)
    if scale >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _blobs(grey: np.ndarray) -> np.ndarray:
    """Float32 (N, 3): centre x, top y, bottom y of the connected pieces of ink that may be characters."""
    if min(grey.shape) < 8:
        return np.empty((0, 3), np.float32)
    ink = _ink(grey)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    left, top, width, height = (stats[1:, column].astype(np.float32) for column in range(4))
    low, high = _BLOB_HEIGHT
    kept = (height >= low) & (height <= high) & (width >= 2) & (width <= _BLOB_WIDTH)
    if kept.any():
        # Strokes of a character, dots and dashes say less of the line than whole characters do.
        kept &= height >= 0.5 * np.median(height[kept])
    return np.column_stack([left + width / 2, top, top + height])[kept]


def _ink(grey: np.ndarray) -> np.ndarray:
    """0/255: what is clearly darker than its surroundings, or lighter where the page is dark."""
    surroundings = cv2.blur(grey, (31, 31))
    difference = cv2.subtract(surroundings, grey) if grey.mean() > 100 else cv2.subtract(grey, surroundings)
    return cv2.threshold(difference, 20, 255, cv2.THRESH_BINARY)[1]


def _sharpest(blobs: np.ndarray, max_degrees: float) -> tuple[float, float]:
    """The angle of the sharpest profile, to a coarse step, and how far it stands above the median of all angles; 0 and
    0 for too few blobs."""
    if len(blobs) < _MIN_BLOBS:
        return 0.0, 0.0
    angles = np.arange(-max_degrees, max_degrees + _COARSE_STEP / 2, _COARSE_STEP)
    sharpness = _sharpness(blobs, angles, _COARSE_PITCH)
    return float(angles[sharpness.argmax()]), float(sharpness.max() / np.median(sharpness))


def _sharpness(blobs: np.ndarray, degrees: np.ndarray, pitch: float) -> np.ndarray:
    """For each angle, the sum of squares of the profiles of tops and of bottoms, in bins of `pitch` pixels."""
    centred = blobs[:, 0] - blobs[:, 0].mean()
    return np.array(
        [
            sum(_squares((edge - slope * centred) / pitch) for edge in (blobs[:, 1], blobs[:, 2]))
            for slope in np.tan(np.radians(degrees))
        ]
    )


def _squares(values: np.ndarray) -> float:
    """Sum of squares of a histogram of bins 1 wide, each value shared between the two nearest bins."""
    values = values - values.min()
    floor = values.astype(np.int32)
    share = values - floor
    counts = np.bincount(floor, 1 - share, minlength=int(floor.max()) + 2)
    counts[1:] += np.bincount(floor, share, minlength=len(counts))[: len(counts) - 1]
    return float(np.dot(counts, counts))
