"""The font of invisible text."""

from pathlib import Path

import pytest

from ctpn_crnn.writers import glyphless_font
from ctpn_crnn.writers.glyphless_font import GlyphlessFont


def test_codes_run_on_in_order_of_use():
    font = GlyphlessFont()
    assert [font.code(*key) for key in [("a", 10), ("b", 10), ("a", 11), ("a", 10)]] == [1, 2, 3, 1]


def test_when_codes_run_short_characters_still_come_back(monkeypatch):
    monkeypatch.setattr(glyphless_font, "_LAST_CODE", 10)
    monkeypatch.setattr(glyphless_font, "_RESERVED", 4)
    font = GlyphlessFont()
    assert [font.code("a", units) for units in range(10, 16)] == [1, 2, 3, 4, 5, 5]  # the nearest width so far
    assert [font.code(char, 20) for char in "bcdefg"] == [6, 7, 8, 9, 10, 10]  # the last one says U+FFFD
    assert font.code("a", 1) == 1


def test_the_shipped_file_is_what_its_script_makes():
    pytest.importorskip("fontTools")
    script = Path(__file__).parents[2] / "docs" / "make_glyphless_font.py"
    scope = {"__name__": "script"}
    exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), scope)
    assert scope["build"]() == glyphless_font.FONT_FILE.read_bytes()
