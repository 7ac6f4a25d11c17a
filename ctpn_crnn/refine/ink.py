"""Fitting of found lines to their ink.

CTPN's strips are 16 px wide and its rows of anchors 16 px apart: where small print is packed tightly, as in the cells
of a table, a line may be placed half a line too high, end within its last letter, or run on into the next column. On
paper and on screens the ink itself says where a line is. Each line that stands out from an even ground is cut out along
its slope and fitted: to the rows of its ink, to the columns of its ink, up to the next wide gap or upright rule, beyond
which another cell begins. Text over a photograph, where ground and ink cannot be told apart so simply, stays as CTPN
found it.

This is no part of the paper; `Detector(fit_ink=False)` leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ctpn_crnn.geometry import Quad, quad_size

MIN_HEIGHT = 6.0
"""Lines lower than this, in pixels, are left alone."""

MIN_CONTRAST = 32
"""Grey levels between ground and ink below which nothing is fitted."""

BLANK_CONTRAST = 12
"""Grey levels from the ground below which there is nothing at all."""

BLANK_SHARE = 0.02
"""Share of a line's box that must hold something."""

INK_LEVEL = 0.4
"""Ink is what lies further from the ground than this share of the contrast."""

MIN_GROUND = 0.5
"""Share of the pixels around a line that must be of the ground's grey, within a quarter of the contrast."""

MAX_BETWEEN = 0.3
"""Share of the pixels that may be neither ground nor ink: more of them is a texture, or a photograph."""

REACH = 4.0
"""How far along a line to look for more of it, in heights; doubled as long as the line goes on."""

LEVEL_RULE = 3.0
"""Ink that runs on for so many heights along the line is a rule."""

UPRIGHT_RULE = 1.8
"""Ink that runs on for so many heights across the line is a rule."""

MAX_GROWTH = 1.8
"""A row of ink higher than so many heights of the line is more than this line."""

MAX_CELL = 15.0
"""A piece of a row longer than so many heights would have been seen by CTPN."""

MAX_TAIL = 0.4
"""Accents and descenders, whose rows hold little ink, reach so far out of the other letters, in heights of these."""

NEIGHBOUR = 0.2
"""Ink at the upper or lower edge of a formula's box that is lower than this share of it belongs to another line."""

SPECK = 0.3
"""Ink that is less than this share of a line's height, both across and along, is no line: dust, or a lone full stop."""

FLAT = 0.4
"""A row of ink lower than this share of the line's height is a dash, or dots."""


@dataclass(frozen=True)
class InkParams:
    """How lines are fitted to their ink.

    Args:
        gap: Blank columns wider than this, in heights of the ink, end a line, unless CTPN is sure of text in all of
            them; up to this gap, ink beyond the end of a line still belongs to it.
        margin: Ground left around the ink, in heights of the line.
    """

    gap: float = 1.1
    margin: float = 0.1


DEFAULTS = InkParams()

NO_STRIPS = np.empty((0, 4), np.float32)


def fit_to_ink(
    grey: np.ndarray, quads: Sequence[Quad], strips: np.ndarray = NO_STRIPS, params: InkParams = DEFAULTS
) -> list[list[Quad] | None]:
    """Fit lines to the ink of an image.

    Args:
        grey: uint8 (H, W).
        quads: Lines, float32 (4, 2) each, clockwise from the text's own top left.
        strips: Boxes (S, 4) x1, y1, x2, y2 that CTPN is sure hold text.
        params: Gaps and margin.

    Returns:
        For each line the lines it turned out to be: several where it ran over a gap or a rule, none where there is no
        ink; None where ink and ground cannot be told apart. Two given lines may come back as the same one.
    """
    quads = [np.asarray(quad, np.float32).reshape(4, 2) for quad in quads]
    common = _common_angle(quads)
    return [_fit(grey, quad, common, strips, params) for quad in quads]


def trim_to_ink(grey: np.ndarray, box: Quad, params: InkParams = DEFAULTS) -> Quad:
    """Draw an upright box, such as a formula's, in to the ink that it holds.

    Args:
        grey: uint8 (H, W).
        box: float32 (4, 2).
        params: The margin.

    Returns:
        The box around the ink, without what reaches in from the rows above and below; the box itself where ink and
        ground cannot be told apart.
    """
    if min(quad_size(box)) < MIN_HEIGHT:
        return box
    strip = _Strip.cut(grey, box, 0.0, 0.0)
    seen = strip.ink()
    if seen is None:
        return box
    rows, columns = strip.box()
    ink = seen[0][rows, columns]
    if not ink.any():
        return box
    bands = _runs(ink.any(axis=1))
    if len(bands) > 1 and bands[0][0] == 0 and bands[0][1] < NEIGHBOUR * len(ink):
        bands.pop(0)
    if len(bands) > 1 and bands[-1][1] == len(ink) and len(ink) - bands[-1][0] < NEIGHBOUR * len(ink):
        bands.pop()
    top, bottom = bands[0][0], bands[-1][1]
    inked = np.flatnonzero(ink[top:bottom].any(axis=0))
    margin = params.margin * (bottom - top)
    left, upper = columns.start, rows.start
    return strip.to_image(
        left + inked[0] - margin, left + inked[-1] + 1 + margin, upper + top - margin, upper + bottom + margin
    )


def rest_of_rows(grey: np.ndarray, quads: Sequence[Quad], params: InkParams = DEFAULTS) -> list[Quad]:
    """Find ink that stands in one row with fitted lines, such as the short cells of a table.

    What counts is as high as its row and has blank paper above and below, so that neither a picture beside a line nor
    half a line of another column is taken for a cell.

    Args:
        grey: uint8 (H, W).
        quads: Lines that `fit_to_ink` has fitted.
        params: Gaps and margin.

    Returns:
        The further pieces of all rows; many lie on one another or on `quads`.
    """
    quads = [np.asarray(quad, np.float32).reshape(4, 2) for quad in quads]
    common = _common_angle(quads)
    found: list[Quad] = []
    done: list[tuple[float, float]] = []
    for quad in quads:
        height = quad_size(quad)[1]
        offset = float(quad.mean(axis=0) @ np.array([-np.sin(common), np.cos(common)], np.float32))
        if height >= MIN_HEIGHT and all(abs(offset - row) > 0.15 * min(height, other) for row, other in done):
            done.append((offset, height))
            found += _rest_of_row(grey, quad, common, params)
    return found


def _rest_of_row(grey: np.ndarray, quad: Quad, angle: float, params: InkParams) -> list[Quad]:
    strip = _Strip.cut(grey, quad, angle, float(max(grey.shape)))
    seen = strip.ink()
    rows = _rows(seen[0], strip) if seen else None
    if rows is None or not FLAT * strip.height <= rows[1] - rows[0] <= MAX_GROWTH * strip.height:
        return []
    ink, barred = seen
    top, bottom = int(rows[0]), int(rows[1])
    height = bottom - top
    near, far = max(1, round(0.1 * height)), max(2, round(0.35 * height))
    around = np.concatenate([ink[max(0, top - far) : max(0, top - near)], ink[bottom + near : bottom + far]])
    low, high = _edges(rows, strip, params)
    margin = params.margin * strip.height
    pieces = []
    for left, right in _spans(_runs(ink[top:bottom].any(axis=0)), barred, params.gap * height):
        piece = ink[top:bottom, left:right]
        rises = np.ptp(np.flatnonzero(piece.any(axis=1))) + 1
        is_letters = rises >= 0.5 * height and right - left >= 0.15 * height
        is_dash = 0.3 * height <= right - left <= 1.5 * height and rises <= 0.25 * height and piece.mean() >= 0.04
        if (is_letters or is_dash) and right - left <= MAX_CELL * height and not around[:, left:right].any():
            pieces.append(strip.to_image(left - margin, right + margin, low, high))
    return pieces


def _common_angle(quads: Sequence[Quad]) -> float:
    """Return the angle of the image's lines in radians, clockwise: the median, each line counting by its length."""
    if not quads:
        return 0.0
    angles, lengths = np.array([_angle(quad) for quad in quads]), np.array([quad_size(quad)[0] for quad in quads])
    order = np.argsort(angles)
    total = np.cumsum(lengths[order])
    return float(angles[order][np.searchsorted(total, total[-1] / 2)])


def _angle(quad: Quad) -> float:
    x, y = (quad[1] + quad[2] - quad[0] - quad[3]) / 2
    return float(np.arctan2(y, x))


def _fit(grey: np.ndarray, quad: Quad, common: float, strips: np.ndarray, params: InkParams) -> list[Quad] | None:
    width, height = quad_size(quad)
    if height < MIN_HEIGHT or width < MIN_HEIGHT / 2:
        return None
    angle, reach = _angle(quad), REACH * height
    strip = _Strip.cut(grey, quad, angle, reach)
    if abs(angle - common) * width > 0.1 * height:
        # A slope measured on a few strips is unsure; the ink tells whether the line lies like the others.
        like_others = _Strip.cut(grey, quad, common, reach)
        if like_others.sharpness() >= strip.sharpness():
            strip, angle = like_others, common
    while True:
        seen = strip.ink()
        if seen is None:
            return [] if strip.is_blank() else None
        ink, barred = seen
        rows = _rows(ink, strip)
        if rows is None:
            return []
        if rows[1] - rows[0] > MAX_GROWTH * strip.height:
            # Lines that touch, or a stamp across them: the rows stay as CTPN found them.
            rows = max(0.0, strip.top), strip.bottom
        spans, goes_on = _columns(ink, barred, rows, strip, strips, params)
        if not (goes_on and strip.can_grow and reach < max(grey.shape)):
            if rows[1] - rows[0] < SPECK * strip.height:
                margin = 2 * params.margin * strip.height
                spans = [(left, right) for left, right in spans if right - left - margin >= SPECK * strip.height]
            top, bottom = _edges(rows, strip, params)
            return [strip.to_image(left, right, top, bottom) for left, right in spans]
        reach *= 2
        strip = _Strip.cut(grey, quad, angle, reach)


@dataclass(frozen=True, eq=False)
class _Strip:
    """A line and what is around it, turned level: the line's box is ``left..right`` x ``top..bottom`` in ``grey``."""

    grey: np.ndarray
    left: float
    right: float
    top: float
    bottom: float
    origin: np.ndarray
    along: np.ndarray
    down: np.ndarray
    can_grow: bool

    @classmethod
    def cut(cls, grey: np.ndarray, quad: Quad, angle: float, reach: float) -> _Strip:
        """Cut a line out at an angle, with ``reach`` pixels on both sides and one height above and below."""
        width, height = quad_size(quad)
        along = np.array([np.cos(angle), np.sin(angle)], np.float32)
        down = np.array([-along[1], along[0]], np.float32)
        middle = quad.mean(axis=0)
        image_height, image_width = grey.shape
        if abs(along[1]) * (width + 2 * reach) < 1.0:  # level to the pixel: no need to turn anything
            x1, x2 = (
                max(0, int(middle[0] - width / 2 - reach)),
                min(image_width, int(middle[0] + width / 2 + reach) + 1),
            )
            y1 = max(0, int(middle[1] - 1.5 * height))
            y2 = min(image_height, int(middle[1] + 1.5 * height) + 1)
            origin, piece = np.array([x1, y1], np.float32), grey[y1:y2, x1:x2]
            along, down = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
            can_grow = x1 > 0 or x2 < image_width
        else:
            origin = middle - along * (width / 2 + reach) - down * 1.5 * height
            size = int(width + 2 * reach) + 1, int(3 * height) + 1
            matrix = np.array([[along[0], down[0], origin[0]], [along[1], down[1], origin[1]]], np.float32)
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            piece = cv2.warpAffine(grey, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
            can_grow = reach < max(image_width, image_height)
        centre = (middle - origin) @ np.stack([along, down], axis=1)
        return cls(
            piece,
            float(centre[0] - width / 2),
            float(centre[0] + width / 2),
            float(centre[1] - height / 2),
            float(centre[1] + height / 2),
            origin,
            along,
            down,
            bool(can_grow),
        )

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the line's own box."""
        rows = slice(max(0, int(self.top)), max(int(self.top) + 1, int(np.ceil(self.bottom))))
        return rows, slice(max(0, int(self.left)), max(int(self.left) + 1, int(np.ceil(self.right))))

    def columns_of(self, boxes: np.ndarray, rows: tuple[float, float]) -> np.ndarray:
        """Return which columns, bool (W,), hold a box of the image (S, 4) whose middle is within the rows."""
        middles = np.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], axis=1) / 2 - self.origin
        down, widths = middles @ self.down, boxes[:, 2] - boxes[:, 0]
        mine = (down > rows[0]) & (down < rows[1])
        along, half = (middles @ self.along)[mine], widths[mine] / 2
        width = self.grey.shape[1]
        edges = np.zeros(width + 1, int)
        np.add.at(edges, np.clip(np.floor(along - half), 0, width).astype(int), 1)
        np.add.at(edges, np.clip(np.ceil(along + half), 0, width).astype(int), -1)
        return edges.cumsum()[:-1] > 0

    def ink(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return where there is ink, bool like ``grey``, and which columns hold a rule; None on an uneven ground."""
        ground, contrast = self._levels
        if abs(contrast) < MIN_CONTRAST:
            return None
        histogram, levels = self._histogram, np.arange(256)
        away = (levels - ground) * np.sign(contrast)
        band = abs(contrast) / 4
        even = histogram[abs(away) <= band].sum()
        between = histogram[(away > band) & (away < 2 * band)].sum() + histogram[away < -band].sum()
        if even < MIN_GROUND * histogram.sum() or between > MAX_BETWEEN * histogram.sum():
            return None
        table = (away > INK_LEVEL * abs(contrast)).astype(np.uint8)
        return _without_rules(cv2.LUT(self.grey, table), self.height)

    def is_blank(self) -> bool:
        """Return whether next to nothing in the line's box differs from the ground."""
        away = np.abs(self.grey[self.box()].astype(np.int16) - self._levels[0]) > BLANK_CONTRAST
        return bool(away.sum() <= BLANK_SHARE * away.size)

    def sharpness(self) -> float:
        """Return how much the rows differ: the most where they run along the lines of text."""
        _, columns = self.box()
        profile = self.grey[:, columns].mean(axis=1)
        return float(np.square(np.diff(profile)).mean()) if len(profile) > 1 else 0.0

    @cached_property
    def _histogram(self) -> np.ndarray:
        """Return how often each grey occurs in the line's columns."""
        _, columns = self.box()
        return np.bincount(self.grey[:, columns].reshape(-1), minlength=256)

    @cached_property
    def _levels(self) -> tuple[int, int]:
        """Return the ground's grey and how much brighter the ink is; 0 in an empty strip."""
        total = np.cumsum(self._histogram)
        if not total[-1]:
            return 0, 0
        low, ground, high = (int(np.searchsorted(total, share * total[-1])) for share in (0.01, 0.5, 0.99))
        return ground, low - ground if ground - low >= high - ground else high - ground

    def to_image(self, left: float, right: float, top: float, bottom: float) -> Quad:
        """Return the quad of a box of this strip in pixels of the image."""
        points = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        return (self.origin + points[:, :1] * self.along + points[:, 1:] * self.down).astype(np.float32)


def _without_rules(ink: np.ndarray, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the ink without level and upright rules, and which columns (W,) hold an upright one."""
    pixels = ink.astype(np.uint8)
    level = _opened(pixels, 1, max(12, int(LEVEL_RULE * height)))
    pixels[cv2.dilate(level, np.ones((3, 3), np.uint8)) > 0] = 0
    upright = _opened(pixels, max(8, int(UPRIGHT_RULE * height)), 1)
    pixels[cv2.dilate(upright, np.ones((3, 3), np.uint8)) > 0] = 0
    return pixels.astype(bool), upright.any(axis=0)


def _opened(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the ink that a box of this size fits into; there is none outside of the pixels."""
    if pixels.shape[0] < height or pixels.shape[1] < width:
        return np.zeros_like(pixels)
    box = np.ones((height, width), np.uint8)
    return cv2.morphologyEx(pixels, cv2.MORPH_OPEN, box, borderType=cv2.BORDER_CONSTANT, borderValue=0)


def _rows(ink: np.ndarray, strip: _Strip) -> tuple[float, float] | None:
    """Return top and bottom of the row of ink that a line's box covers most of; None where there is no such row."""
    rows, columns = strip.box()
    profile = ink[:, columns].sum(axis=1)
    inside = profile[rows]
    if not inside.any():
        return None
    # Descenders and accents of a neighbour are few pixels; so are the blank rows of a noisy scan.
    bands = _runs(profile > max(0, 0.04 * np.percentile(inside[inside > 0], 90)))
    bands = _closed(bands, strip)
    share = [
        profile[max(a, rows.start) : min(b, rows.stop)].sum() if a < rows.stop and b > rows.start else 0
        for a, b in bands
    ]
    best = int(np.argmax(share))
    if not share[best]:
        return None
    top, bottom = bands[best]
    most = int(MAX_TAIL * (bottom - top))
    return float(top - _tail(profile[max(0, top - most) : top][::-1])), float(bottom + _tail(profile[bottom:][:most]))


def _tail(profile: np.ndarray) -> int:
    """Return how many rows next to a line hold its accents or descenders: up to the first blank one, or the one where
    they come nearest to those of the neighbouring line."""
    blank = np.flatnonzero(profile == 0)
    return int(blank[0]) if len(blank) else int(np.argmin(profile)) if len(profile) else 0


def _closed(bands: list[tuple[int, int]], strip: _Strip) -> list[tuple[int, int]]:
    """Join rows of ink that make up one line, such as the strokes of a numeral or the dot of an i."""
    joined = bands[:1]
    for top, bottom in bands[1:]:
        last_top, last_bottom = joined[-1]
        gap, both = top - last_bottom, bottom - last_top
        within = last_top > strip.top - 0.15 * strip.height and bottom < strip.bottom + 0.15 * strip.height
        if both <= 1.1 * strip.height and (gap <= 0.12 * strip.height or (within and gap <= 0.5 * strip.height)):
            joined[-1] = last_top, bottom
        else:
            joined.append((top, bottom))
    return joined


def _columns(
    ink: np.ndarray,
    barred: np.ndarray,
    rows: tuple[float, float],
    strip: _Strip,
    strips: np.ndarray,
    params: InkParams,
) -> tuple[list[tuple[float, float]], bool]:
    """Return the spans of ink that a line's box touches, and whether one of them goes on to the edge of the strip."""
    top, bottom = int(rows[0]), int(rows[1])
    height = max(rows[1] - rows[0], 0.6 * strip.height)
    inked = ink[top:bottom].any(axis=0)
    # Words and the marks of a wide-spaced line stand further apart than the columns of some tables: CTPN tells them.
    text = strip.columns_of(strips, rows)
    spans = _spans(_runs(inked), barred, params.gap * height, text)
    margin = params.margin * height
    width = ink.shape[1]
    kept = [span for span in spans if _is_covered(span, strip)]
    goes_on = any(left <= 1 or right >= width - 1 for left, right in kept)
    return [(max(0.0, left - margin), min(float(width), right + margin)) for left, right in kept], goes_on


def _spans(
    runs: Sequence[tuple[int, int]], barred: np.ndarray, gap: float, text: np.ndarray | None = None
) -> list[tuple[int, int]]:
    """Join runs of columns up to a gap in pixels, or any whose columns are all `text` (W,), but not over a rule."""
    spans: list[tuple[int, int]] = []
    for left, right in runs:
        last = spans[-1][1] if spans else left
        may_join = spans and (left - last <= gap or (text is not None and text[last:left].all()))
        if may_join and not barred[last : left + 1].any():
            spans[-1] = spans[-1][0], right
        else:
            spans.append((left, right))
    return spans


def _is_covered(span: Sequence[float], strip: _Strip) -> bool:
    """Whether a span is the line's, not a neighbour that its box only brushes."""
    common = min(span[1], strip.right) - max(span[0], strip.left)
    return common >= min(0.5 * (span[1] - span[0]), 0.25 * strip.height)


def _edges(rows: tuple[float, float], strip: _Strip, params: InkParams) -> tuple[float, float]:
    """Return top and bottom of the fitted line."""
    top, bottom = rows
    if bottom - top < FLAT * strip.height:  # a dash or dots: its rows say little about where the line is
        if top >= strip.top and bottom <= strip.bottom:
            return strip.top, strip.bottom
        middle = (top + bottom) / 2
        return middle - strip.height / 2, middle + strip.height / 2
    margin = params.margin * strip.height
    return top - margin, bottom + margin


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Return the runs of True of a mask (N,) as pairs of start and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist()))
