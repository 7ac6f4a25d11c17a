import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.fonts import Font, FontLibrary


def test_coverage_is_what_the_cmap_and_the_ink_say(shipped_font):
    pytest.importorskip("brotli", reason="fontTools needs brotli to read .woff2")
    from fontTools.ttLib import TTFont

    cmap = TTFont(shipped_font.path).getBestCmap()
    inked = {c for c in shipped_font.characters if c != " "}
    assert all(ord(c) in cmap for c in inked)
    assert {"latin", "simplified"} <= shipped_font.scripts


def test_characters_without_a_glyph_are_not_covered(shipped_font):
    font = Font.open(shipped_font.path, 0, "中文ab\u2003\uffff𪜶ำ ")
    assert font.covers("中文ab ")
    assert not font.covers("\u2003")  # A glyph without ink.
    assert not font.covers("𪜶")


def test_sizes_are_em_sizes_and_cached(shipped_font):
    face = shipped_font.at(40)
    assert isinstance(face, ImageFont.FreeTypeFont) and shipped_font.at(40) is face
    assert face.getlength("中") == pytest.approx(40, abs=1)


def test_pick_covers_the_text_or_fails_clearly(fonts):
    rng = np.random.default_rng(0)
    assert fonts.pick(rng, "发票 2026").covers("发票 2026")
    with pytest.raises(SynthesisError, match="𪜶"):
        fonts.pick(rng, "𪜶")


def test_pick_is_by_family_first(shipped_font):
    many = [Font(shipped_font.path, 0, "Big", f"w{i}", frozenset("ab")) for i in range(30)]
    one = Font(shipped_font.path, 0, "Small", "Regular", frozenset("ab"))
    library = FontLibrary([*many, one])
    rng = np.random.default_rng(1)
    families = [library.pick(rng, "ab").family for _ in range(400)]
    assert 120 < families.count("Small") < 280  # About half, not one of thirty-one.


def test_documents_families_come_more_often_than_handwriting(shipped_font):
    """Weights 8, 1 and .2: the shares are 8, 1 and .2 of 9.2, whatever the region in the family's name."""
    names = ("Liberation Serif", "Some Family", "Zhi Mang Xing")
    library = FontLibrary([Font("none", 0, name, "Regular", frozenset("ab")) for name in names])
    rng = np.random.default_rng(2)
    drawn = [library.pick(rng, "ab").family for _ in range(1000)]
    for name, expected in zip(names, (870, 109, 22)):
        assert drawn.count(name) == pytest.approx(expected, abs=4 * expected**0.5)


def test_faces_of_capitals_do_not_draw_lower_case():
    """They have glyphs for it, but what these show is not what the text says."""
    letters = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-()中")
    font = Font("none", 0, "Bebas Neue", "Bold", letters)
    assert font.covers("EXIT12") and font.covers("中A") and font.covers("12")
    assert not font.covers("Exit") and not font.covers("é")
    assert font.scripts == {"latin"}
    assert Font("none", 0, "Irianis ADF Std", "Bold", letters).covers("Exit")
    assert not Font("none", 0, "Irianis ADF Style Std", "Bold", letters).covers("Exit")


def test_split_keeps_families_whole(shipped_font):
    fonts = [Font(shipped_font.path, 0, f"Family {i}", style, frozenset("a")) for i in range(60) for style in "xy"]
    kept, out = FontLibrary(fonts).split(0.25)
    assert not {f.family for f in kept.fonts} & {f.family for f in out.fonts}
    assert len(kept.fonts) + len(out.fonts) == 120
    assert 8 <= len(out.fonts) <= 60


def test_discovery(tmp_path, shipped_font, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "good.woff2").write_bytes(Path(shipped_font.path).read_bytes())
    (tmp_path / "fonts" / "page.ttf").write_text("<html>not found</html>")
    text = "0123456789.,:;-()ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz中"
    first = FontLibrary.discover([tmp_path / "fonts"], text)
    second = FontLibrary.discover([tmp_path / "fonts"], text)  # From the cache.
    assert [f.characters for f in first.fonts] == [f.characters for f in second.fonts]
    assert set(text) <= first.fonts[0].characters
    assert len(first.fonts) == 1
    with pytest.raises(SynthesisError, match="font"):
        FontLibrary.discover([tmp_path / "cache"], text)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_in_a_terminal_while_faces_are_checked(tmp_path, shipped_font, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shown = []
    for stream in (Terminal(), Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        # Another charset the last time: it has to be checked again.
        FontLibrary.discover([shipped_font.path], "中" if len(shown) < 2 else "文")
        shown.append(stream.getvalue())
    assert "checking fonts" in shown[0] and "1/1" in shown[0]
    assert shown[1] == ""  # All of it is in the cache.
    assert shown[2] == ""  # Not a terminal.
    assert len(list(tmp_path.rglob("*.npy"))) == 2
