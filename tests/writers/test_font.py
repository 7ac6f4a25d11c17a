"""The font that recognised text is drawn with."""

from PIL import ImageFont

from ctpn_crnn.writers import font as fonts
from ctpn_crnn.writers.font import SHIPPED, drawing_font


class TestFont:
    def test_the_shipped_font_has_chinese_with_ink(self):
        font = ImageFont.truetype(str(SHIPPED), 32)
        assert font.getname()[0] == "CtpnCrnnSans"
        box = bytes(font.getmask("\U0010ffff"))  # what a missing character looks like
        for char in "的一是中国合同发票金额０９Ａｚ，。！？（）《》：；￥…—~@#":
            mask = bytes(font.getmask(char))
            assert any(mask), char
            assert mask != box, char

    def test_it_is_small_and_its_licence_lies_beside_it(self):
        assert SHIPPED.stat().st_size < 700_000
        licence = (SHIPPED.parent / "CtpnCrnnSans-OFL.txt").read_text(encoding="utf-8")
        assert "SIL OPEN FONT LICENSE" in licence
        assert "Adobe" in licence

    def test_without_system_fonts_the_shipped_one_is_used(self, monkeypatch, tmp_path):
        monkeypatch.setattr(fonts, "_font_folders", lambda: [tmp_path, tmp_path / "none"])
        (tmp_path / "simhei.ttf").write_text("no font")
        fonts._chosen.cache_clear()
        fonts.drawing_font.cache_clear()
        try:
            assert drawing_font(20).getname()[0] == "CtpnCrnnSans"
        finally:
            fonts._chosen.cache_clear()
            fonts.drawing_font.cache_clear()
