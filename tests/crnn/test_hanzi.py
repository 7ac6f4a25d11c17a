import re

import pytest

from ctpn_crnn.crnn.hanzi import HANZI, has_hanzi, is_hanzi


@pytest.mark.parametrize("character", ["一", "龥", "㐀", "䶵", "国", "國"])
def test_hanzi(character):
    assert is_hanzi(character) and has_hanzi(f"a{character}") and re.fullmatch(f"[{HANZI}]", character)


@pytest.mark.parametrize("other", ["", "a", "。", "ㄅ", "カ", "①", "国家", "䷀"])
def test_what_is_none(other):
    assert not is_hanzi(other) and not re.fullmatch(f"[{HANZI}]", other)
    assert has_hanzi(other) == (other == "国家")
