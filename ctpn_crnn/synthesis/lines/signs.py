"""Words as photographs show them: cropped tight to the ink, in perspective, bent, outlined, on any ground."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ctpn_crnn.crnn.chinese_script import has_hanzi
from ctpn_crnn.synthesis.degradation import degrade
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.lines.line_drawing import (
    LineSample,
    LineStyle,
    at_line_height,
    draw_glyphs,
    empty_line,
    pick_faces,
    place_glyphs,
    texture,
)
from ctpn_crnn.synthesis.lines.sign_surroundings import SignCrop, with_surroundings

_LEAST_CONTRAST = 45.0
_LOW_CONTRAST = 20.0
"""What is enough on a few of the signs: red on dark or on blue, seen in grey."""
_SMALL_CAPITALS = 0.08
"""Share of words in capitals of which the first letter is larger than the others."""
_BENT = 0.18
_FAR = 0.1
_FAINTEST = 96
"""Coverage from which on ink counts for the crop's edge; less where all of the letters are hair lines."""


def render_sign(
    rng: np.random.Generator,
    fonts: FontLibrary,
    text: str,
    style: LineStyle = LineStyle(),
    backgrounds: Sequence[np.ndarray] = (),
    max_width: int | None = None,
) -> LineSample:
    """Draws `text` as lettering and cuts it out as scene text is annotated: close to the ink, whatever its height.

    A word without descenders therefore fills the whole crop, and its letters stand larger than in a document's line.

    Args:
        rng: the source of randomness.
        fonts: faces to draw with.
        text: what to draw, without spaces at its ends; cut at a character where it would pass `max_width`.
        style: its `strength` sets the degradation, `mixed_fonts` the faces; the rest of it is for documents' lines.
        backgrounds: grey photographs for the ground.
        max_width: widest crop in pixels; None = any.

    Raises:
        SynthesisError: no font covers the text.
    """
    text = text.strip()
    size = int(np.exp(rng.uniform(np.log(16), np.log(64))))
    chinese, latin = pick_faces(rng, fonts, text, style)
    if text.isupper() and rng.random() < _SMALL_CAPITALS:
        first = place_glyphs(rng, text[:1], chinese, latin, size, None)
        rest = place_glyphs(rng, text[1:], chinese, latin, round(size * rng.uniform(0.65, 0.85)), None)
        glyphs = first + [(c, x + first[0][2], end + first[0][2], face) for c, x, end, face in rest]
    else:
        glyphs = place_glyphs(rng, text, chinese, latin, size, None, 0.3 if has_hanzi(text) else 0.04)
    while glyphs:
        sample = _render(rng, glyphs, size, style, backgrounds)
        if max_width is None or sample.image.shape[1] <= max_width:
            return sample
        # As many as fit, one fewer where that is not yet less.
        kept = min(len(glyphs) - 1, int(len(glyphs) * max_width / sample.image.shape[1]))
        glyphs = glyphs[:kept]
        while glyphs and glyphs[-1][0] == " ":
            glyphs.pop()
    return empty_line()


def _render(
    rng: np.random.Generator, glyphs: list, size: int, style: LineStyle, backgrounds: Sequence[np.ndarray]
) -> LineSample:
    pad = size
    height, width = 3 * size, round(glyphs[-1][2]) + 2 * pad
    hanzi = any(has_hanzi(glyph[0]) for glyph in glyphs)
    # Letters made for signs are heavy, and few of the installed Chinese faces are.
    bold = rng.uniform(0.0, 0.05) if hanzi and rng.random() < 0.3 else 0.0
    ink = draw_glyphs(rng, glyphs, (height, width), pad, size, bold)
    inked = np.flatnonzero(ink.any(1))
    middle = (inked[0] + inked[-1] + 1) / 2 if len(inked) else height / 2
    edges = np.array([[(pad + x, middle) for x in glyph[1:3]] for glyph in glyphs], np.float32)
    ink, edges = _bend(rng, ink, edges, size)
    ink, edges = _view(rng, ink, edges, freely=hanzi)
    top, bottom, left, right = _crop(rng, ink)
    crop = with_surroundings(rng, np.ascontiguousarray(ink[top:bottom, left:right]))
    edges = edges[..., 0] - left + crop.left
    image = _coarse(rng, _colour(rng, crop, size, backgrounds), hanzi)
    image = degrade(rng, image, style.strength * rng.uniform(0, 1.4))
    line = at_line_height(image)
    target = line.shape[1]
    spans = np.clip(edges * (target / image.shape[1]), 0, target).astype(np.float32)
    return LineSample(line, "".join(g[0] for g in glyphs), spans)


def _bend(rng: np.random.Generator, ink: np.ndarray, edges: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Some words stand on an arc of a circle, as on badges and round signs: each letter is turned with it.

    A point `along` the line and `below` its middle goes to the angle along / radius at radius - below (arcs that open
    downwards; the others are their mirror images).
    """
    length = float(edges[-1, 1, 0] - edges[0, 0, 0])
    if rng.random() > _BENT or length < size:
        return ink, edges
    # The feet of the letters stay apart, and the arc rises by less than a letter: the crop is 32 pixels high.
    angle = min(rng.uniform(0.2, 1.5), 0.6 * length / size, 7 * size / length)
    radius, up = length / angle, 1.0 if rng.random() < 0.7 else -1.0
    height, width = ink.shape
    x0, y0 = width / 2, float(edges[0, 0, 1])
    half = angle / 2 + size / radius
    reach = (radius + 1.5 * size) * np.sin(half) if half < np.pi / 2 else radius + 1.5 * size
    drop = radius - (radius - 1.5 * size) * np.cos(half)
    shape = int(1.5 * size + drop) + 1, 2 * int(reach) + 2
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x, y = x - shape[1] / 2, radius - (y - 1.5 * size)
    along, below = radius * np.arctan2(x, y), radius - np.hypot(x, y)
    if up < 0:
        below = -below
    bent = cv2.remap(ink, (along + x0).astype(np.float32), (below + y0).astype(np.float32), cv2.INTER_LINEAR)
    points = edges - (x0, y0)
    turned, distance = points[..., 0] / radius, radius - up * points[..., 1]
    edges = np.stack([distance * np.sin(turned) + shape[1] / 2, 1.5 * size + radius - distance * np.cos(turned)], -1)
    if up < 0:
        bent, edges[..., 1] = bent[::-1], shape[0] - 1 - edges[..., 1]
    return np.ascontiguousarray(bent), edges.astype(np.float32)


def _view(rng: np.random.Generator, ink: np.ndarray, edges: np.ndarray, freely: bool) -> tuple[np.ndarray, np.ndarray]:
    """Seen from the side, turned by a few degrees, squeezed or stretched.

    `freely` is for hanzi: what is annotated of a board that hangs aslant is a turned rectangle, in which they lean by
    up to thirty degrees, and shops have them broad or narrow as the board has room.
    """
    height, width = ink.shape
    stretch = np.exp(rng.normal(0, 0.3 if freely and rng.random() < 0.4 else 0.16))
    # Long words turn less: their letters would be low in a crop that holds both ends.
    spread = 3.0 if rng.random() < 0.8 else 9.0
    angle = np.deg2rad(rng.normal(0, spread)) * min(1.0, 2 * height / width)
    slant = np.clip(rng.normal(0, 0.3 if freely and rng.random() < 0.4 else 0.1), -0.7, 0.7)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = np.array([width / 2, height / 2])
    moved = (corners - middle) @ np.array([[stretch, 0], [slant, 1]]) @ turn.T
    if rng.random() < 0.5:  # One end is nearer: its letters are larger.
        moved *= 1 + np.array([1, -1, -1, 1])[:, None] * rng.uniform(-0.12, 0.12)
    moved -= moved.min(0)
    shape = np.ceil(moved.max(0)).astype(int) + 1
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    edges = cv2.perspectiveTransform(edges.reshape(-1, 1, 2).astype(np.float32), matrix).reshape(-1, 2, 2)
    return cv2.warpPerspective(ink, matrix, (int(shape[0]), int(shape[1])), flags=cv2.INTER_LINEAR), edges


def _crop(rng: np.random.Generator, ink: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of a crop about the ink; most are close, some cut a sliver, some leave room."""
    faintest = min(_FAINTEST, int(ink.max()) // 2)
    rows, columns = np.flatnonzero(ink.max(1) > faintest), np.flatnonzero(ink.max(0) > faintest)
    if not len(rows):
        return 0, ink.shape[0], 0, ink.shape[1]
    high = rows[-1] + 1 - rows[0]
    # A dash or a dot: a crop no lower than a letter would be.
    lacking = max(0, ink.shape[0] // 6 - high) / 2
    room = 0.12 if rng.random() < 0.7 else 0.35
    above, below, before, after = rng.uniform(-0.03, room, 4) * high
    top, bottom = rows[0] - above - lacking, rows[-1] + 1 + below + lacking
    left, right = columns[0] - max(before, -1), columns[-1] + 1 + max(after, -1)
    height, width = ink.shape
    return (
        max(0, round(top)),
        min(height, max(round(bottom), round(top) + 4)),
        max(0, round(left)),
        min(width, max(round(right), round(left) + 4)),
    )


def _coarse(rng: np.random.Generator, image: np.ndarray, hanzi: bool) -> np.ndarray:
    """Some signs are far away: of their letters the camera has some ten rows, of hanzi that can be read a few more."""
    height, width = image.shape
    rows = int(rng.integers(12, 19) if hanzi else rng.integers(9, 15))
    if rng.random() > _FAR or rows >= height:
        return image
    small = cv2.resize(image, (max(1, round(width * rows / height)), rows), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _colour(rng: np.random.Generator, crop: SignCrop, size: int, backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """Lettering in a tone or two on plain, shaded or photographed ground; outlines, shadows, hollow letters."""
    ink = crop.ink
    draw = rng.random()
    if draw < 0.35:
        ground = np.full(ink.shape, rng.uniform(0, 255), np.float32)
    else:
        ground = texture(rng, ink.shape, backgrounds if draw < 0.8 else ())
        ground = np.clip((ground - ground.mean()) * rng.uniform(0.5, 1.8) + rng.uniform(20, 235), 0, 255)
    if rng.random() < 0.12:
        ground = _lattice(rng, ground, size)
    level = float(ground.mean())
    least = _LOW_CONTRAST if rng.random() < 0.06 else _LEAST_CONTRAST
    tones = [tone for tone in rng.uniform(0, 255, 12) if abs(tone - level) > least]
    tone = tones[0] if tones else _apart(level, level)
    edge = 255.0 * (rng.random() < 0.5) if rng.random() < 0.5 else rng.uniform(0, 255)
    cover = ink.astype(np.float32) / 255
    if crop.marks.any():
        ground = _paint(
            ground, crop.marks.astype(np.float32) / 255, tone if rng.random() < 0.7 else _apart(edge, level)
        )
    if crop.beyond.any():
        wall = texture(rng, ink.shape, backgrounds if rng.random() < 0.7 else ())
        wall = np.clip((wall - wall.mean()) * rng.uniform(0.3, 1.5) + _apart(rng.uniform(0, 255), level), 0, 255)
        ground = _paint(ground, crop.beyond.astype(np.float32) / 255, wall)
    draw = rng.random()
    if draw < 0.12:  # A shadow beside the letters.
        moved = _moved(cover, complex(*rng.uniform(-0.09, 0.09, 2)) * size)
        ground = _paint(ground, cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.3, 0.06 * size + 0.4)), edge)
    elif draw < 0.17:  # Letters with depth, each of whose edges is seen on one side.
        depth = rng.uniform(0.03, 0.14) * size * np.exp(1j * rng.uniform(0, 2 * np.pi))
        steps = max(2, round(abs(depth)))
        side = np.max([_moved(cover, depth * step / steps) for step in range(1, steps + 1)], 0)
        ground = _paint(ground, side, _apart(edge, tone))
    elif draw < 0.28:  # An outline in another tone.
        thick = 2 * max(1, round(rng.uniform(0.02, 0.07) * size)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thick, thick))
        ground = _paint(ground, cv2.dilate(cover, kernel), _apart(edge, tone))
    elif draw < 0.33:  # Letters cut into the ground or raised from it: seen by their lit and shaded edges.
        depth = rng.uniform(0.02, 0.06) * size * np.exp(1j * rng.uniform(0, 2 * np.pi))
        lit, shaded = (_moved(cover, way * depth) for way in (1, -1))
        ground = ground + (lit - shaded) * rng.uniform(40, 110)
        tone, cover = np.clip(level + rng.uniform(-70, 70), 0, 255), cover * rng.uniform(0.3, 0.9)
    elif draw < 0.38 and size > 28:  # Hollow letters.
        cover = np.clip(2.5 * (cover - cv2.erode(cover, np.ones((3, 3), np.uint8))), 0, 1)
    ink_tone: float | np.ndarray = tone
    if rng.random() < 0.2:  # The light changes over the letters.
        ink_tone = tone + np.linspace(-1, 1, ink.shape[0], dtype=np.float32)[:, None] * rng.uniform(-35, 35)
    return np.clip(_paint(ground, cover, ink_tone), 0, 255).astype(np.uint8)


def _lattice(rng: np.random.Generator, ground: np.ndarray, size: int) -> np.ndarray:
    """`ground` with bars across: shutters, slats, the frame that large letters are mounted on, tiles."""
    ground = ground.copy()
    only = 0 if rng.random() < 0.7 else 1
    for axis in (0, 1) if rng.random() < 0.3 else (only,):
        period = max(3.0, rng.uniform(0.12, 0.8) * size)
        place = np.arange(ground.shape[axis]) / period + rng.random()
        bars = (place % 1.0 < rng.uniform(0.1, 0.6)) * rng.uniform(-90, 90)
        ground += np.expand_dims(bars, 1 - axis)
    return np.clip(ground, 0, 255).astype(np.float32)


def _moved(cover: np.ndarray, offset: complex) -> np.ndarray:
    """`cover` moved by (real, imag) pixels to the right and down."""
    return cv2.warpAffine(cover, np.float32([[1, 0, offset.real], [0, 1, offset.imag]]), cover.shape[::-1])


def _apart(tone: float, other: float) -> float:
    """`tone`, or black or white where it could hardly be told from `other`."""
    if abs(tone - other) > _LEAST_CONTRAST:
        return tone
    return 0.0 if other > 127 else 255.0


def _paint(ground: np.ndarray, cover: np.ndarray, tone: float | np.ndarray) -> np.ndarray:
    return ground * (1 - cover) + tone * cover
