"""Make ctpn_crnn/assets/CtpnCrnnGlyphless.ttf, the font of the invisible text in searchable PDFs.

    python docs/make_glyphless_font.py [OUTPUT]

Glyph n is n twentieths of an em wide and draws nothing: its outline is a single stroke from the lower left corner of
its box to the upper right one and back, which encloses no area. Without an outline, PDFium would give the characters
boxes without height, join lines and drop some of them; with one, the box of a character is the box of its glyph. The
PDF (`ToUnicode`), not the font, tells which character a glyph stands for. Needs fonttools. Every run makes the same
file.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from ctpn_crnn.writers.glyphless_font import ASCENT, DESCENT, EM, FONT_FILE, FONT_NAME, UNIT, WIDEST

LONG_AGO = 3_500_000_000  # seconds since 1904, some time in 2014: a constant keeps the file the same


def build() -> bytes:
    """Return the font, as the bytes of a TrueType file."""
    names = [".notdef", *(f"wide{units}" for units in range(1, WIDEST + 1))]
    builder = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({})
    builder.setupGlyf({name: stroke(units) for units, name in enumerate(names)})
    builder.setupHorizontalMetrics({name: (units * UNIT, 0) for units, name in enumerate(names)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": FONT_NAME, "styleName": "Regular", "psName": FONT_NAME})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost(keepGlyphNames=False)
    builder.updateHead(created=LONG_AGO, modified=LONG_AGO)
    builder.font.recalcTimestamp = False
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def stroke(units: int) -> object:
    """Return an outline without area that spans a box of this width; no outline for glyph 0."""
    pen = TTGlyphPen(None)
    if units:
        pen.moveTo((0, DESCENT))
        pen.lineTo((units * UNIT, ASCENT))
        pen.closePath()
    return pen.glyph()


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else FONT_FILE).write_bytes(build())
