import numpy as np
import pytest

from ctpn_crnn.synthesis.text.characters import encodable, is_symbol, tempered_frequencies


def test_tempered_frequencies_lie_between_print_and_equality() -> None:
    characters = np.array(["的", "龘", "國"])
    texts = ["的" * 900_000 + "国" * 100_000]
    tempered = tempered_frequencies(characters, texts, [lambda c: c.replace("国", "國")], power=0.5)
    assert tempered.sum() == pytest.approx(1)
    # "國" counts half of what the converted text has (50 000); "龘" never occurs: once in a million.
    expected = np.sqrt([900_000 / 950_000 + 1e-6, 1e-6, 50_000 / 950_000 + 1e-6])
    np.testing.assert_allclose(tempered, expected / expected.sum(), rtol=1e-6)


@pytest.mark.parametrize(
    ("character", "symbol"),
    [("①", True), ("α", True), ("，", True), ("中", False), ("Ａ", False), ("５", False), ("A", False), ("<", False)],
)
def test_symbols_are_neither_ascii_nor_chinese_nor_wide_letters(character, symbol) -> None:
    assert is_symbol(character) == symbol


def test_character_sets_tell_simplified_from_traditional() -> None:
    assert encodable("国", "gb2312") and not encodable("国", "big5")
    assert encodable("國", "big5") and not encodable("國", "gb2312")
    assert encodable("人", "gb2312") and encodable("人", "big5")
