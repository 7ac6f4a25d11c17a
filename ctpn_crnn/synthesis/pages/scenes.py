"""Scenes: signs and lettering, slanted and in perspective, on photographs or colour fields."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.synthesis.pages.backgrounds import ink_color, luminance
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import LINE_EXTENT, Box, Canvas, Ink, Typeface, pick_typeface
from ctpn_crnn.synthesis.pages.warping import transform
from ctpn_crnn.synthesis.text.page_text import PageText

_TRIES = 8
"""Places tried for a sign."""
_GAP = 4
"""Least distance of two signs in pixels."""
_LEAST_SIZE = 10
"""Least em of lettering in pixels."""


@dataclass(frozen=True)
class _Sign:
    """Lettering on a flat surface before it is put into the picture.

    Attributes:
        mask: (H, W) uint8, coverage of the letters.
        regions: The lines, in pixels of the surface.
        size: Em of the largest line in pixels.
        least: Em of the smallest line in pixels.
    """

    mask: np.ndarray
    regions: list[TruthRegion]
    size: int
    least: float


def scene_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a photograph with one to ten signs that do not overlap."""
    canvas = Canvas(kit.photos.crop(rng, size).copy())
    taken: list[Box] = []
    for _ in range(int(rng.choice([1, 1, 2, 2, 3, 4, 5, 7, 10]))):
        sign = _sign(rng, kit, size)
        if sign is not None:
            _place(rng, canvas, sign, taken)
    return canvas


def _sign(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> _Sign | None:
    text = PageText(kit.corpus, "zh" if rng.random() < 0.5 else "en")
    em = min(np.exp(rng.uniform(np.log(15), np.log(150))), 0.3 * size[0], 0.3 * size[1])
    face = pick_typeface(rng, kit.fonts, em, text.language)
    inks = []
    for _ in range(int(rng.choice([1, 1, 1, 2, 2, 3, 5]))):
        used = face.resized(max(_LEAST_SIZE, face.size * rng.uniform(0.5, 1.0))) if inks else face
        ink = _words(rng, text, used, 0.85 * size[1])
        if ink is not None:
            inks.append(ink)
    return _stacked(rng, inks, face.size) if inks else None


def _words(rng: np.random.Generator, text: PageText, face: Typeface, width: float) -> Ink | None:
    draw = rng.random()
    words = text.label(rng, 10) if draw < 0.7 else text.heading(rng) if draw < 0.85 else text.code(rng)
    if text.language == "en" and rng.random() < 0.4:
        words = words.upper()
    if text.language == "en" and rng.random() < 0.3:
        words = words.split(" ")[0]
    tracking = rng.uniform(0, 0.35) * face.size if rng.random() < 0.15 else 0.0
    return face.fitted(words, width / (1 + tracking / face.size), tracking)


def _stacked(rng: np.random.Generator, inks: list[Ink], size: int) -> _Sign:
    """Stack lines, centred or flush left, with room around them for a plate, an outline and a shadow."""
    pad = round(size * rng.uniform(0.25, 0.7)) + 3
    leading = rng.uniform(0.12, 0.6) * size
    width = max(ink.width for ink in inks)
    least = min(ink.em_bottom - ink.em_top for ink in inks) / LINE_EXTENT
    height = sum(ink.mask.shape[0] for ink in inks) + round(leading) * (len(inks) - 1)
    surface = Canvas(np.zeros((height + 2 * pad, width + 2 * pad, 3), np.uint8))
    centered, y = rng.random() < 0.6, pad
    for ink in inks:
        x = pad + ((width - ink.width) // 2 if centered else 0)
        surface.paint(ink.mask, x, y, (255, 255, 255))
        top, bottom = ink.tight_extent()
        surface.note(x, y + top - ink.top, x + ink.width, y + bottom - ink.top, ink.text)
        y += ink.mask.shape[0] + round(leading)
    return _Sign(np.ascontiguousarray(surface.image[..., 0]), surface.regions, size, least)


def _place(rng: np.random.Generator, canvas: Canvas, sign: _Sign, taken: list[Box]) -> None:
    """Put a sign where none stands yet, wholly inside the picture; gives up after a few tries."""
    height, width = sign.mask.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    for attempt in range(_TRIES):
        # A sign that found no place is tried smaller.
        scale = min(1.0, 0.96 * canvas.width / width, 0.96 * canvas.height / height) * 0.85**attempt
        if sign.least * scale < 0.8 * _LEAST_SIZE:
            return
        target = _view(rng, corners * scale)
        span = target.max(0) - target.min(0)
        room = np.array([canvas.width, canvas.height]) - span
        if (room < 0).any():
            continue
        target += rng.uniform(0, 1, 2) * room - target.min(0)
        box = (*target.min(0), *target.max(0))
        if any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        matrix = cv2.getPerspectiveTransform(corners, target.astype(np.float32))
        _paint(rng, canvas, sign, matrix, box)
        canvas.regions += [TruthRegion(transform(region.quad, matrix), region.text) for region in sign.regions]
        return


def _view(rng: np.random.Generator, corners: np.ndarray) -> np.ndarray:
    """Return the corners in a view: mostly turned by less than 15 degrees, slanted, in perspective."""
    draw = rng.random()
    angle = 0.0 if draw < 0.35 else rng.normal(0, 6) if draw < 0.93 else rng.uniform(-32, 32)
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    height = corners[2, 1]
    points = corners.astype(np.float64)
    if rng.random() < 0.5:
        points = points + rng.uniform(-0.1, 0.1, (4, 2)) * height
    if rng.random() < 0.2:
        points[:, 0] += rng.uniform(-0.3, 0.3) * (height - points[:, 1])
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _paint(rng: np.random.Generator, canvas: Canvas, sign: _Sign, matrix: np.ndarray, box: Box) -> None:
    """Blend plate, shadow or outline, and letters into the picture within their box."""
    x1, y1 = int(box[0]), int(box[1])
    x2, y2 = min(canvas.width, int(np.ceil(box[2])) + 1), min(canvas.height, int(np.ceil(box[3])) + 1)
    area = canvas.image[y1:y2, x1:x2]
    local = np.array([[1, 0, -x1], [0, 1, -y1], [0, 0, 1]], np.float64) @ matrix

    def placed(mask: np.ndarray) -> np.ndarray:
        return _resampled(mask, local, (x2 - x1, y2 - y1))

    ground = luminance(area.mean((0, 1)))
    if rng.random() < 0.45:
        plate = rng.uniform(0, 255, 3)
        _blend(area, placed(_plate(rng, sign.mask.shape)), plate, rng.uniform(0.75, 1.0))
        ground = luminance(area.mean((0, 1)))
    else:
        letters = placed(sign.mask) > 40
        ground = luminance(area[letters].mean(0)) if letters.any() else ground
    ink = np.asarray(ink_color(rng, ground), float)
    opposite = 255.0 - np.full(3, luminance(ink))
    reach = max(1, round(sign.size * rng.uniform(0.02, 0.07)))
    draw, spread = rng.random(), area.std()
    if draw < 0.2:
        _blend(area, placed(np.roll(sign.mask, (reach, reach), (0, 1))), opposite, rng.uniform(0.4, 0.9))
    elif draw < 0.45 or spread > 55:  # On a restless ground only an outline makes letters legible.
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        _blend(area, placed(cv2.dilate(sign.mask, kernel)), opposite, rng.uniform(0.7, 1.0))
    _blend(area, placed(sign.mask), ink, rng.uniform(0.8, 1.0))


def _resampled(mask: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    # Quads count from pixel edges, OpenCV from pixel centres.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    return cv2.warpPerspective(mask, np.linalg.inv(shift) @ matrix @ shift, size, flags=cv2.INTER_LINEAR)


def _plate(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    plate = np.full(shape, 255, np.uint8)
    if rng.random() < 0.3:
        cv2.rectangle(plate, (2, 2), (shape[1] - 3, shape[0] - 3), 90, max(1, min(shape) // 30))
    return plate


def _blend(area: np.ndarray, mask: np.ndarray, color: np.ndarray, opacity: float) -> None:
    cover = mask[..., None].astype(np.float32) * np.float32(opacity / 255)
    area[:] = (area + (color.astype(np.float32) - area) * cover + 0.5).astype(np.uint8)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] + _GAP and b[0] < a[2] + _GAP and a[1] < b[3] + _GAP and b[1] < a[3] + _GAP
