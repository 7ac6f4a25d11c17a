"""Pages with little or no text, full of shapes that a detector takes for text."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.synthesis.pages import distractors
from ctpn_crnn.synthesis.pages.backgrounds import ink_color, paper
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.pages.typesetting import Box, Canvas, pick_typeface
from ctpn_crnn.synthesis.text.page_text import PageText


def blank_page(rng: np.random.Generator, kit: PageKit, size: tuple[int, int]) -> Canvas:
    """Draw a photograph, or a sheet with rules, codes, charts and scribbles; a word or two on some."""
    canvas = Canvas(kit.photos.crop(rng, size).copy() if rng.random() < 0.5 else paper(rng, size))
    for _ in range(int(rng.integers(0, 5))):
        _draw_distractor(rng, canvas, kit)
    if rng.random() < 0.35:
        _few_words(rng, canvas, kit)
    return canvas


def _draw_distractor(rng: np.random.Generator, canvas: Canvas, kit: PageKit) -> None:
    box = _box(rng, canvas)
    ink = ink_color(rng, float(canvas.image[::16, ::16].mean()))
    draw = int(rng.integers(7))
    if draw == 0:
        distractors.grid(rng, canvas, box, ink)
    elif draw == 1:
        distractors.chart(rng, canvas, box)
    elif draw == 2:
        distractors.barcode(rng, canvas, (box[0], box[1], box[2], box[1] + 0.3 * (box[2] - box[0])))
    elif draw == 3:
        distractors.matrix_code(rng, canvas, box)
    elif draw == 4:
        distractors.hatching(rng, canvas, box)
    elif draw == 5:
        distractors.strokes(rng, canvas, box, int(rng.integers(2, 25)))
    else:
        distractors.picture(rng, canvas, box, kit.photos)


def _box(rng: np.random.Generator, canvas: Canvas) -> Box:
    width, height = rng.uniform(0.15, 0.9) * canvas.width, rng.uniform(0.08, 0.7) * canvas.height
    x, y = rng.uniform(0, canvas.width - width), rng.uniform(0, canvas.height - height)
    return x, y, x + width, y + height


def _few_words(rng: np.random.Generator, canvas: Canvas, kit: PageKit) -> None:
    text = PageText(kit.corpus, "zh" if rng.random() < 0.6 else "en")
    face = pick_typeface(rng, kit.fonts, min(rng.uniform(10, 36), canvas.width / 8), text.language)
    ink = face.fitted(text.label(rng), 0.8 * canvas.width)
    if ink is None:
        return
    x, baseline = rng.uniform(0.05, 0.6) * canvas.width, rng.uniform(0.1, 0.9) * canvas.height
    x = min(x, canvas.width - ink.right - 2)
    y1, y2 = max(0, round(baseline + ink.em_top)), round(baseline + ink.em_bottom)
    area = canvas.image[y1:y2, max(0, round(x)) : round(x) + ink.right]
    if not area.size:
        return
    # Words on a restless ground would be unreadable, and no detector should learn to find them.
    if area.std() > 25:
        area[:] = np.uint8(area.mean())
    canvas.write(ink, x, baseline, ink_color(rng, float(area.mean())))
