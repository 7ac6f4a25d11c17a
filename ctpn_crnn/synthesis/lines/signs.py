"""Scene text: words as photographs show them, cut out close to their ink."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ctpn_crnn.crnn.chinese_script import has_hanzi
from ctpn_crnn.synthesis.degradation import degrade
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.lines.glyphs import Glyph, draw_glyphs, pick_faces, place_glyphs
from ctpn_crnn.synthesis.lines.line_sample import LineSample, LineStyle, at_line_height, empty_line
from ctpn_crnn.synthesis.lines.sign_colours import paint_sign
from ctpn_crnn.synthesis.lines.sign_surroundings import with_surroundings
from ctpn_crnn.synthesis.lines.sign_views import bend, tilt_and_stretch


def render_sign(
    rng: np.random.Generator,
    fonts: FontLibrary,
    text: str,
    style: LineStyle = LineStyle(),
    backgrounds: Sequence[np.ndarray] = (),
    max_width: int | None = None,
) -> LineSample:
    """Draw scene text and cut it out as it is annotated: close to the ink, whatever its height.

    A word without descenders therefore fills the whole crop, and its letters are larger than those of a document line.

    Args:
        rng: Source of randomness.
        fonts: Faces to draw with.
        text: The text; spaces at its ends are dropped. It is cut at a character where it would exceed `max_width`.
        style: Its `sign_style`, `strength` and `mixed_fonts` are used.
        backgrounds: Grey photographs for the ground.
        max_width: Largest width of the crop in pixels; None for any width.

    Raises:
        SynthesisError: No font covers the text.
    """
    text = text.strip()
    size = int(np.exp(rng.uniform(np.log(16), np.log(64))))
    chinese, latin = pick_faces(rng, fonts, text, style)
    if text.isupper() and rng.random() < style.sign_style.small_capitals:
        first = place_glyphs(rng, text[:1], chinese, latin, size, None)
        rest = place_glyphs(rng, text[1:], chinese, latin, round(size * rng.uniform(0.65, 0.85)), None)
        start = first[0].right
        glyphs = first + [glyph._replace(left=start + glyph.left, right=start + glyph.right) for glyph in rest]
    else:
        glyphs = place_glyphs(rng, text, chinese, latin, size, None, 0.3 if has_hanzi(text) else 0.04)
    while glyphs:
        sample = _render(rng, glyphs, size, style, backgrounds)
        if max_width is None or sample.image.shape[1] <= max_width:
            return sample
        # Keep the share of the characters that fits, and at least one character fewer than now.
        kept = min(len(glyphs) - 1, int(len(glyphs) * max_width / sample.image.shape[1]))
        glyphs = glyphs[:kept]
        while glyphs and glyphs[-1].character == " ":
            glyphs.pop()
    return empty_line()


def _render(
    rng: np.random.Generator, glyphs: Sequence[Glyph], size: int, style: LineStyle, backgrounds: Sequence[np.ndarray]
) -> LineSample:
    signs = style.sign_style
    height, width = 3 * size, round(glyphs[-1].right) + 2 * size
    chinese = any(has_hanzi(glyph.character) for glyph in glyphs)
    # Letters made for signs are heavy, and few of the installed Chinese faces are.
    bold = rng.uniform(0.0, 0.05) if chinese and rng.random() < 0.3 else 0.0
    ink = draw_glyphs(rng, glyphs, (height, width), size, size, bold)
    inked = np.flatnonzero(ink.any(1))
    middle = (inked[0] + inked[-1] + 1) / 2 if len(inked) else height / 2
    edges = np.array([[(size + x, middle) for x in (glyph.left, glyph.right)] for glyph in glyphs], np.float32)
    if rng.random() <= signs.arc and edges[-1, 1, 0] - edges[0, 0, 0] >= size:
        ink, edges = bend(rng, ink, edges, size)
    ink, edges = tilt_and_stretch(rng, ink, edges, freely=chinese)
    top, bottom, left, right = _crop(rng, ink, signs.ink_level)
    crop = with_surroundings(rng, np.ascontiguousarray(ink[top:bottom, left:right]), signs)
    edges = edges[..., 0] - left + crop.left
    image = paint_sign(rng, crop, size, backgrounds, signs)
    image = _seen_from_afar(rng, image, chinese, signs.far)
    image = degrade(rng, image, style.strength * rng.uniform(0, 1.4))
    line = at_line_height(image)
    width = line.shape[1]
    spans = np.clip(edges * (width / image.shape[1]), 0, width).astype(np.float32)
    return LineSample(line, "".join(glyph.character for glyph in glyphs), spans)


def _crop(rng: np.random.Generator, ink: np.ndarray, ink_level: int) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of a crop about the ink; most are close, some cut into it, some leave room."""
    # Hair lines are fainter than the level everywhere.
    level = min(ink_level, int(ink.max()) // 2)
    rows, columns = np.flatnonzero(ink.max(1) > level), np.flatnonzero(ink.max(0) > level)
    if not len(rows):
        return 0, ink.shape[0], 0, ink.shape[1]
    high = rows[-1] + 1 - rows[0]
    # The crop of a dash or a dot is as high as that of a letter.
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


def _seen_from_afar(rng: np.random.Generator, image: np.ndarray, chinese: bool, share: float) -> np.ndarray:
    """Reduce a share of the images to about ten rows, as of a sign far away; Chinese needs a few more to be legible."""
    height, width = image.shape
    rows = int(rng.integers(12, 19) if chinese else rng.integers(9, 15))
    if rng.random() > share or rows >= height:
        return image
    small = cv2.resize(image, (max(1, round(width * rows / height)), rows), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
