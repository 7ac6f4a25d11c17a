"""How the lines of text of an image lean, measured on its pixels.

The angle is where the projection profile of the ink is sharpest (Postl, "Detection of linear oblique structures and
skew scan in digitized documents", ICPR 1986). Of the ink, only what has the size of characters counts, each blob as its
bottom centre (Baird, "The skew angle of printed documents", 1987) and its top centre: rules, frames, pictures and a
scanner's dark border have no say, and there are a few thousand points instead of a million pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class SkewParams:
    """How lines of text are told from anything else.

    Chosen on: rendered pages, while receipts and photographs of the training sets were looked at.

    Attributes:
        max_degrees: Largest lean looked for unless another one is asked for.
        working_side: Pixels of the longer side that is worked on: print of 8 points on A4 is then 11 high.
        coarse_step: Degrees between the angles tried first.
        fine_step: Degrees between the angles tried around the best of these.
        coarse_pitch: Pixels of a bin of the profile for the coarse angles.
        fine_pitch: Pixels of a bin of the profile for the fine angles. No whole number: tops and bottoms are, and
            would lock the angle to 0.
        nearly_best: Share of the greatest sharpness from which an angle counts for the mean. Checked on: 30 pages, each
            turned by 11 angles: 3.9 % of the means are off by more than 0.1 degrees, of the sharpest angles 5.2 %.
        blob_heights: Least and largest height of a character in pixels at the working size; less is dirt.
        max_blob_width: Largest width of a character in these pixels; a whole word may hang together.
        min_blobs: Fewer characters are a signature or a stain, not lines of text.
        min_contrast: How far the sharpest profile must stand above the median of all angles: photographs without text
            reach 1.4, receipts begin at 2.8.
        some_contrast: Above this there may be lines: those of a page photographed from one side reach 1.75. Without it
            five of 59 upright pages and photographs are looked at on their side in vain, instead of one.
        full_blobs: So many characters, ...
        full_contrast: ... whose lines stand out so far, are dense text: of photographs on an uneven ground 2 of 720
            pass for it, of rendered pages on one all 11.
    """

    max_degrees: float = 10.0
    working_side: int = 1400
    coarse_step: float = 0.25
    fine_step: float = 0.02
    coarse_pitch: float = 2.0
    fine_pitch: float = 1.5
    nearly_best: float = 0.85
    blob_heights: tuple[int, int] = (3, 60)
    max_blob_width: int = 300
    min_blobs: int = 20
    min_contrast: float = 1.8
    some_contrast: float = 1.4
    full_blobs: int = 400
    full_contrast: float = 2.4


DEFAULTS = SkewParams()


def estimate_skew(image: np.ndarray, max_degrees: float | None = None, params: SkewParams = DEFAULTS) -> float:
    """Return by how much the lines of text of a page lean.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        max_degrees: Look for angles up to this one, to either side; None for `SkewParams.max_degrees`.
        params: Thresholds.

    Returns:
        Degrees, positive when lines run down to the right (clockwise as seen); 0.0 where there is no text, or where its
        lines have no common direction. Turned by minus this angle (`geometry.Rotation`), the page stands upright.
    """
    blobs = _blobs(_working_copy(image, params), params)
    best, contrast = _sharpest(blobs, params.max_degrees if max_degrees is None else max_degrees, params)
    if contrast < params.min_contrast:
        return 0.0
    fine = best + np.arange(-params.coarse_step, params.coarse_step + params.fine_step / 2, params.fine_step)
    sharpness = _sharpness(blobs, fine, params.fine_pitch)
    # The mean of the angles that are nearly the best: the peak is flat, and its top is noise.
    weights = np.clip(sharpness - params.nearly_best * sharpness.max(), 0, None)
    return float(round(np.dot(fine, weights) / weights.sum(), 3))


def is_full_of_lines(image: np.ndarray, params: SkewParams = DEFAULTS) -> bool:
    """Return whether an image holds many characters that stand in lines of one direction.

    Pages of dense text do, whatever their ground; photographs do not.

    Args:
        image: uint8 (H, W) or (H, W, 3), leaning by `SkewParams.max_degrees` at most.
        params: Thresholds.
    """
    blobs = _blobs(_working_copy(image, params), params)
    if len(blobs) < params.full_blobs:
        return False
    return _sharpest(blobs, params.max_degrees, params)[1] >= params.full_contrast


def lies_on_its_side(image: np.ndarray, params: SkewParams = DEFAULTS) -> bool:
    """Return whether characters seem to stand in lines that run from top to bottom rather than from left to right.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        params: Thresholds.
    """
    copy = _working_copy(image, params)
    level, upright = (
        _sharpest(_blobs(np.ascontiguousarray(way), params), params.max_degrees, params)[1] for way in (copy, copy.T)
    )
    return upright >= params.some_contrast and upright > level


def _working_copy(image: np.ndarray, params: SkewParams) -> np.ndarray:
    """Return the image in grey, shrunk to the working size."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    scale = params.working_side / max(grey.shape)
    if scale >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _blobs(grey: np.ndarray, params: SkewParams) -> np.ndarray:
    """Return float32 (N, 3): centre x, top y, bottom y of the connected pieces of ink that may be characters."""
    if min(grey.shape) < 8:
        return np.empty((0, 3), np.float32)
    _, _, stats, _ = cv2.connectedComponentsWithStats(_ink(grey), connectivity=8, ltype=cv2.CV_32S)
    left, top, width, height = (stats[1:, column].astype(np.float32) for column in range(4))
    low, high = params.blob_heights
    kept = (height >= low) & (height <= high) & (width >= 2) & (width <= params.max_blob_width)
    if kept.any():
        # Strokes of a character, dots and dashes say less of the line than whole characters do.
        kept &= height >= 0.5 * np.median(height[kept])
    return np.column_stack([left + width / 2, top, top + height])[kept]


def _ink(grey: np.ndarray) -> np.ndarray:
    """Return 0/255: what is clearly darker than its surroundings, or lighter where the page is dark."""
    surroundings = cv2.blur(grey, (31, 31))
    difference = cv2.subtract(surroundings, grey) if grey.mean() > 100 else cv2.subtract(grey, surroundings)
    return cv2.threshold(difference, 20, 255, cv2.THRESH_BINARY)[1]


def _sharpest(blobs: np.ndarray, max_degrees: float, params: SkewParams) -> tuple[float, float]:
    """Return the angle of the sharpest profile, to a coarse step, and how far it stands above the median of all angles;
    0 and 0 for too few blobs."""
    if len(blobs) < params.min_blobs:
        return 0.0, 0.0
    angles = np.arange(-max_degrees, max_degrees + params.coarse_step / 2, params.coarse_step)
    sharpness = _sharpness(blobs, angles, params.coarse_pitch)
    return float(angles[sharpness.argmax()]), float(sharpness.max() / np.median(sharpness))


def _sharpness(blobs: np.ndarray, degrees: np.ndarray, pitch: float) -> np.ndarray:
    """Return for each angle the sum of squares of the profiles of tops and of bottoms, in bins of `pitch` pixels."""
    centred = blobs[:, 0] - blobs[:, 0].mean()
    return np.array(
        [
            sum(_squares((edge - slope * centred) / pitch) for edge in (blobs[:, 1], blobs[:, 2]))
            for slope in np.tan(np.radians(degrees))
        ]
    )


def _squares(values: np.ndarray) -> float:
    """Return the sum of squares of a histogram of bins 1 wide, each value shared between the two nearest bins."""
    values = values - values.min()
    floor = values.astype(np.int32)
    share = values - floor
    counts = np.bincount(floor, 1 - share, minlength=int(floor.max()) + 2)
    counts[1:] += np.bincount(floor, share, minlength=len(counts))[: len(counts) - 1]
    return float(np.dot(counts, counts))
